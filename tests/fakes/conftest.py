"""A Platform with a compute environment, a client of it, and a tw that knows where it is."""

from collections.abc import Iterator

import pytest

from tests.fakes.asking import Client
from tests.fakes.clock import FakeClock
from tests.fakes.platform import Platform
from tests.fakes.tw.in_process import Tw


@pytest.fixture
def a_clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def a_platform(a_clock: FakeClock) -> Iterator[Platform]:
    with Platform(a_clock) as platform:
        platform.add_compute_env("aws-eu")
        yield platform


@pytest.fixture
def client(a_platform: Platform, a_clock: FakeClock) -> Client:
    return Client(a_platform, a_clock)


@pytest.fixture
def tw(a_platform: Platform, a_clock: FakeClock) -> Tw:
    return Tw(a_platform, a_clock)
