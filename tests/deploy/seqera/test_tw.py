"""What tw is told and what is understood of its answers; finding it; no secret in its arguments."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.process import Answer, Command, Outcome
from deploy.secret import Secret
from deploy.seqera import tw
from deploy.seqera.tw import Missing, Tw
from tests.deploy.wishes import DATA, RUNS, local, plain, secret, wish

PROGRAM = "tw.exe" if os.name == "nt" else "tw"
LABELS = {"team": "research", "studioctl": "mlflow"}


def test_a_create_is_one_line_with_every_value_attached() -> None:
    assert str(tw.add(wish(), LABELS)) == (
        "tw --output=json studios add --name=mlflow '--description=Runs of everybody' "
        "--workspace=71 --compute-env=ce1 --custom-template=ghcr.io/acme/mlflow:1 --cpu=2 "
        "--memory=8192 --gpu=0 --lifespan=0 --mount-data-ids=v1-user-runs "
        "--labels=team=research,studioctl=mlflow --auto-start"
    )


OPTIONS = [
    ({"workspace_id": None}, "--workspace", False),
    ({"lifespan_h": None}, "--lifespan", False),
    ({"lifespan_h": 12}, "--lifespan=12", True),
    ({"spot": None}, "--spot", False),
    ({"spot": True}, "--spot=true", True),
    ({"spot": False}, "--spot=false", True),
    ({"ssh": True}, "--ssh=true", True),
    ({"ssh": False}, "--ssh=false", True),
    ({"private": True}, "--private", True),
    ({"private": False}, "--private", False),
    ({"auto_start": False}, "--auto-start", False),
    ({"mounts": ()}, "--mount-data", False),
    ({"mounts": (RUNS, DATA)}, "--mount-data-ids=v1-user-runs,v1-cloud-data", True),
    ({"description": None}, "--description", False),
    ({"description": ""}, "--description", False),
    ({"description": "@notes"}, "--description=@notes", True),
    ({"memory": 0}, "--memory=0", True),
    ({"environment": {"A": plain("b=c,D=e")}}, "--env=A=b=c,D=e", True),
    ({"environment": {"A": plain("")}}, "--env=A=", True),
]


@pytest.mark.parametrize(("said", "word", "there"), OPTIONS)
def test_each_option_is_there_when_it_says_something(
    said: dict[str, object], word: str, there: bool
) -> None:
    words = tw.add(wish(**said), LABELS).arguments
    assert any(each == word or (not there and each.startswith(word)) for each in words) is there


def test_what_a_shell_would_read_otherwise_is_quoted() -> None:
    line = tw.add(wish(name="it's $HOME; rm", environment={"A": plain("a b")}), LABELS)
    assert "'--name=it'\"'\"'s $HOME; rm'" in str(line)
    assert "'--env=A=a b'" in str(line)


@pytest.mark.parametrize("entry", [secret("hunter2-hunter2"), local("hunter2-hunter2")])
def test_a_secret_and_a_value_of_this_machine_are_written_as_variables(entry: object) -> None:
    line = tw.add(wish(environment={"PGPASSWORD": entry}), LABELS)
    assert '--env=PGPASSWORD="$PGPASSWORD"' in str(line).split()
    assert "hunter2" not in str(line) + repr(line)
    assert "--env=PGPASSWORD=hunter2-hunter2" in line.arguments


def test_a_value_of_this_machine_is_written_as_the_variable_that_has_it() -> None:
    entry = replace(local("hunter2-hunter2"), source="MY_GREETING")
    line = tw.add(wish(environment={"GREETING": entry}), LABELS)
    assert '--env=GREETING="$MY_GREETING"' in str(line).split()


def test_a_start_and_a_stop_name_the_session_by_its_id() -> None:
    start = tw.start(71, "a1b2c3d4", wish(spot=True))
    assert str(start) == ("tw --output=json studios start --id=a1b2c3d4 --workspace=71 --spot=true")
    assert str(tw.stop(None, "a1b2c3d4")) == "tw --output=json studios stop --id=a1b2c3d4"
    assert start.task == "tw studios start"


ANSWERS = [
    (Answer(0, '{"sessionId": "a1"}', ""), "a1", ()),
    # It fails after the document: the Studio is there.
    (Answer(1, '{"sessionId": "a1"}\n', "\n ERROR: no\n\n"), "a1", ("no",)),
    (Answer(1, "", "\n ERROR: one\n\n\n ERROR: two\n\n"), None, ("one", "two")),
    (Answer(2, "", "Unknown option: '--x'\n\nUsage: tw\n  -o\n"), None, ("Unknown option: '--x'",)),
    (Answer(1, "<html>", ""), None, ()),
    (Answer(1, '{"sessionId": 7}', ""), None, ()),
    (Answer(0, "[1]", ""), None, ()),
]


@pytest.mark.parametrize(("answer", "session", "errors"), ANSWERS)
def test_its_answer_is_understood(
    answer: Answer, session: str | None, errors: tuple[str, ...]
) -> None:
    said = tw.understood(answer)
    assert (said.session, said.errors) == (session, errors)


@pytest.fixture
def a_path(tmp_path: Path) -> str:
    """A PATH with something named tw on it."""
    (tmp_path / PROGRAM).write_text("#!/bin/sh\n")
    (tmp_path / PROGRAM).chmod(0o755)
    return str(tmp_path)


VERSIONS = [
    (Outcome(0, "Tower CLI version 0.38.0 (build 4fd9ce1)"), (0, 38, 0)),
    (Outcome(0, "Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nTower CLI version 1.2 (x)"), (1, 2)),
]


@pytest.mark.parametrize(("answer", "version"), VERSIONS)
def test_its_version_is_read(a_path: str, answer: Outcome, version: tuple[int, ...]) -> None:
    found = tw.look({"PATH": a_path}, "https://a", None, lambda *_: answer)
    assert isinstance(found, Tw)
    assert (found.version, found.insecure) == (version, False)


OTHERS = [
    (Outcome(0, "tw 3.1, a window tiler"), "is not Seqera's tw, or does not work"),
    (Outcome(124, "no answer within 10 s"), "no answer within 10 s"),
    (Outcome(1, "Error: no Java"), "does not say its version"),
]


@pytest.mark.parametrize(("answer", "why"), OTHERS)
def test_another_program_of_its_name_does_not_count(a_path: str, answer: Outcome, why: str) -> None:
    found = tw.look({"PATH": a_path}, "https://a", None, lambda *_: answer)
    assert isinstance(found, Missing)
    assert why in found.why


def test_one_that_cannot_be_run_is_missing(a_path: str) -> None:
    Path(a_path, PROGRAM).write_text("#!/no/such/interpreter\n")
    assert "cannot be run" in str(tw.look({"PATH": a_path}, "https://a", None))
    assert tw.look({"PATH": ""}, "https://a", None) == Missing("tw is not installed")
    assert tw.look({}, "https://a", None) == Missing("tw is not installed")


def test_it_gets_the_token_by_environment_and_no_other_secret(a_path: str) -> None:
    seen: list[Command] = []

    def ask(command: Command, _: float) -> Outcome:
        seen.append(command)
        return VERSIONS[0][0]

    env = {
        "PATH": a_path,
        "PGPASSWORD": "hunter2",
        "TOWER_WORKSPACE_ID": "99",
        "TOWER_CLI_OUTPUT_FORMAT": "console",
        "TOWER_ACCESS_TOKEN": "another",
        "LANG": "C",
    }
    found = tw.look(env, "https://api.example.com", Secret("the-token"), ask)
    assert isinstance(found, Tw)
    assert dict(seen[0].env) == {"PATH": a_path, "LANG": "C"}
    assert dict(found.env) == {
        "PATH": a_path,
        "LANG": "C",
        "TOWER_API_ENDPOINT": "https://api.example.com",
        "TOWER_ACCESS_TOKEN": "the-token",
    }
    assert "the-token" not in repr(found)
