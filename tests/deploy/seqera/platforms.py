"""A fake Platform on a clock that does not wait, and the HTTP door to it."""

from collections.abc import Iterator
from contextlib import contextmanager

from deploy.secret import Secret
from deploy.web import Patience, Web
from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN, Platform


@contextmanager
def a_new_platform() -> Iterator[Platform]:
    with Platform(FakeClock()) as platform:
        yield platform


def door(platform: Platform, token: str | None = TOKEN, read_s: float = 10) -> Web:
    """Reach a Platform's API, as who has this token; a busy machine may need a while to answer."""
    clock = platform.clock
    assert isinstance(clock, FakeClock)
    return Web(
        platform.endpoint,
        {},
        bearer=Secret(token) if token else None,
        clock=clock.clock,
        patience=Patience(connect_s=10, read_s=read_s),
    )
