"""A fake Platform, and the Studios of its workspace."""

from collections.abc import Iterator

import pytest

from deploy.seqera.studios import Studios
from tests.deploy.seqera.platforms import a_new_platform, door
from tests.fakes.platform import Platform


@pytest.fixture
def a_platform() -> Iterator[Platform]:
    with a_new_platform() as platform:
        yield platform


@pytest.fixture
def studios(a_platform: Platform) -> Studios:
    return Studios(door(a_platform), 71)
