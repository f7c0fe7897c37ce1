"""What holds for all tests: markers say what a test needs, and CI allows no skipped test."""

import os
import signal
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from tests import needs

NOTHING_MAY_BE_SKIPPED = bool(os.environ.get("CI_REQUIRE"))

# How long an example takes says something about the machine, and nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_configure() -> None:
    """Hear Ctrl-C even where a shell has started the tests in the background, which ignores it.

    SIGTERM, as of a cancelled job, is heard the same way: what was started for a test is ended.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose marker names something that is not on this machine."""
    for marker, reason in needs.BY_MARKER.items():
        if item.get_closest_marker(marker) and (why := reason()):
            pytest.skip(why)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of a tool that nobody can be asked to have, where it is not there."""
    lacking = [marker for marker, reason in needs.WHERE_THERE_IS_ONE.items() if reason()]
    left_out = [item for item in items if any(map(item.get_closest_marker, lacking))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not any(map(item.get_closest_marker, lacking))]


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if NOTHING_MAY_BE_SKIPPED and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: nothing may be skipped here (CI_REQUIRE). {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failure where everything has to run."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Do the same for a whole file that skips itself while it is imported."""
    report = yield
    _refuse_skip(report)
    return report
