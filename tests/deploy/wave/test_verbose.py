"""What --verbose adds, for somebody who looks for a fault: each request, and nothing secret."""

import re

import pytest

from deploy import ui
from tests.deploy.wave.conftest import Studioctl
from tests.fakes.server import BEFORE

DETAIL = re.compile(r"· (\w+) (\S+): (.*) \(\d+\.\d s\)")


def details(stderr: str) -> list[tuple[str, ...]]:
    return [m.groups() for m in map(DETAIL.fullmatch, stderr.splitlines()) if m]


@pytest.mark.parametrize("words", [("-v", "build"), ("build", "--verbose")], ids=" ".join)
def test_every_request_is_said_wherever_the_option_stands(
    studioctl: Studioctl, words: tuple[str, ...]
) -> None:
    studioctl.wave.fail("POST /v1alpha2/container", BEFORE)
    done = studioctl(*words, "--wave", "--context", str(studioctl.context))
    said = details(done.stderr)
    assert done.stdout == f"{done.reference}\n"
    assert len(said) == len(studioctl.wave.calls)
    first, second, *_ = said
    assert first[:2] == second[:2] == ("POST", f"{studioctl.wave.url}/v1alpha2/container")
    assert (first[2], second[2]) == ("the connection was lost", "200")


def test_an_address_is_said_without_its_query(studioctl: Studioctl) -> None:
    done = studioctl.freeze("-v", "-w", "Acme/ml")
    assert [call for call in studioctl.platform.calls if "workspaceId" in call.query]
    assert ("GET", f"{studioctl.platform.endpoint}/credentials", "200") in details(done.stderr)


def test_without_it_none_is_said(studioctl: Studioctl) -> None:
    studioctl.build("-v")
    assert not ui.is_verbose()
    assert details(studioctl.build("--dry-run").stderr) == []
