"""studioctl doctor: what is well, what is wrong and how to mend it; quick, and without secrets."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from deploy.cli.world import World
from deploy.doctor import Subject, examine
from deploy.doctor.examination import Check
from deploy.errors import InvalidSetting
from deploy.preflight.findings import ok
from deploy.web import Patience
from tests.deploy.calling import ROOT, studioctl
from tests.deploy.docker.fake_engine import FakeEngine, running
from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.server import SLOW, Reply
from tests.fakes.tw.installed import NEWEST, OLDER, install
from tests.fakes.wave import Wave

PLANTED = "planted-secret-51c4e0"


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def checks(self) -> dict[str, dict[str, Any]]:
        return {each["check"]: each for each in json.loads(self.out)["checks"]}

    @property
    def levels(self) -> dict[str, str]:
        return {name: each["level"] for name, each in self.checks.items()}


@dataclass
class Ward:
    """A machine on which all is well, until a test makes it ill."""

    platform: Platform
    wave: Wave
    engine: FakeEngine
    clock: FakeClock
    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    patience: Patience = field(default_factory=lambda: Patience(connect_s=2, read_s=2, answer_s=5))

    def profile(self, text: str) -> None:
        (self.folder / "studio.yaml").write_text(text)

    def tw(self, version: str | None) -> None:
        self.env["PATH"] = str(install(self.folder / version, version).folder) if version else ""

    def __call__(self, *arguments: str, **env: str) -> Ended:
        world = World(self.clock.clock, self.patience)
        given = {**self.env, **env}
        result = CliRunner().invoke(app, ["doctor", *arguments], env=given, obj=world)
        return Ended(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def ward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ward]:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    clock = FakeClock()
    with Platform(clock) as platform, Wave(clock) as wave, running(FakeEngine()) as engine:
        env = {
            "HOME": str(tmp_path),
            "TOWER_ACCESS_TOKEN": TOKEN,
            "TOWER_API_ENDPOINT": platform.url,
            "WAVE_ENDPOINT": wave.url,
            "DOCKER_HOST": engine.address,
            "DB_PASSWORD": PLANTED,
        }
        found = Ward(platform, wave, engine, clock, tmp_path, env)
        found.profile("name: mlflow\nworkspace: Acme/ml\n")
        found.tw(NEWEST)
        yield found


def test_where_all_is_well_every_line_has_its_mark(ward: Ward) -> None:
    ended = ward()
    assert (ended.code, ended.err) == (0, "")
    # The only note: the fake engine has no docker command beside it.
    assert [line for line in ended.out.splitlines() if line[0] not in "✓ "] == [
        "!  buildkit   there is no docker buildx: build --docker uses the engine's old builder"
    ]
    for words in (
        "✓  profile    studio.yaml is valid",
        f"✓  Platform   {ward.platform.url}/api answers, version 26.2.0; its API is 1.200.0",
        "✓  clock      this machine and the Platform agree on the time",
        "✓  token      it is accepted, and belongs to ada",
        "✓  role       ada has the role",
        f"✓  wave       {ward.wave.url} answers, version",
        "✓  tw         0.38.0 at ",
        "✓  docker     Docker 20.10 (amd64) at tcp://127.0.0.1:",
    ):
        assert words in ended.out


def test_the_versions_name_the_context_by_its_digest(ward: Ward) -> None:
    text = ward("--json").checks["studioctl"]["text"]
    assert "MLflow 3.17.2, context sha256:" in text
    assert "Python 3." in text


def test_nothing_is_changed(ward: Ward) -> None:
    before = sorted(ward.folder.rglob("*"))
    ward("--json")
    assert ward.platform.writes() == []
    assert all(call.method == "GET" for call in ward.wave.calls)
    log = ward.folder / NEWEST / "tw.log"
    assert sorted(ward.folder.rglob("*")) == sorted([*before, log])


def _no_token(ward: Ward) -> None:
    del ward.env["TOWER_ACCESS_TOKEN"]


def _odd_token(ward: Ward) -> None:
    ward.env["TOWER_ACCESS_TOKEN"] = "two words"


def _old_token(ward: Ward) -> None:
    ward.platform.tokens.clear()


def _no_platform(ward: Ward) -> None:
    ward.env["TOWER_API_ENDPOINT"] = ward.wave.url


def _odd_endpoint(ward: Ward) -> None:
    ward.env["TOWER_API_ENDPOINT"] = "http://seqera.example.com"


def _launcher(ward: Ward) -> None:
    ward.platform.workspaces[0].roles = ["launch"]


def _no_workspace(ward: Ward) -> None:
    ward.profile("workspace: Acme/none\n")


def _slow_platform(ward: Ward) -> None:
    ward.patience = Patience(connect_s=2, read_s=1, answer_s=5)
    ward.platform.fail("GET /api/user-info", SLOW)


def _ill_platform(ward: Ward) -> None:
    ward.platform.fail("GET /api/user-info", Reply.page(503), times=9)


def _wave_is_away(ward: Ward) -> None:
    ward.wave.fail("GET /service-info", Reply.page(503), times=9)


def _wrong_profile(ward: Ward) -> None:
    ward.profile("nam: x\n")


NEEDED: dict[str, tuple[Callable[[Ward], None], str, str, int]] = {
    "no token": (_no_token, "token", "there is no TOWER_ACCESS_TOKEN", 4),
    "no token at all": (_odd_token, "token", "is not a token", 4),
    "an expired token": (_old_token, "token", "does not accept the token", 4),
    "another server": (_no_platform, "Platform", "there is no Seqera Platform at", 3),
    "an odd address": (_odd_endpoint, "Platform", "has to start with https://", 3),
    "a low role": (_launcher, "role", "has the role launch in Acme/ml, which cannot change", 3),
    "an unknown workspace": (_no_workspace, "workspace", "'Acme/none' is not among those", 3),
    "no answer": (_slow_platform, "token", "no answer within 1 s", 6),
    "trouble": (_ill_platform, "token", "was answered with 503", 6),
    "no Wave": (_wave_is_away, "wave", "was answered with 503", 6),
    "a wrong profile": (_wrong_profile, "profile", "unknown key", 3),
}


@pytest.mark.parametrize(("make_ill", "check", "said", "code"), NEEDED.values(), ids=NEEDED)
def test_what_is_needed_and_fails_is_named_with_its_exit_code(
    ward: Ward, make_ill: Callable[[Ward], None], check: str, said: str, code: int
) -> None:
    make_ill(ward)
    ended = ward("--json")
    assert ended.code == code
    assert [name for name, level in ended.levels.items() if level == "error"] == [check]
    assert said in ended.checks[check]["text"]
    assert json.loads(ended.out)["ok"] is False


def test_several_failures_of_different_kinds_end_with_1(ward: Ward) -> None:
    _wrong_profile(ward)
    _no_token(ward)
    assert ward().code == 1


def _no_tw(ward: Ward) -> None:
    ward.tw(None)


def _older_tw(ward: Ward) -> None:
    ward.tw(OLDER)


def _no_docker(ward: Ward) -> None:
    ward.env["DOCKER_HOST"] = "tcp://127.0.0.1:9"


def _no_profile(ward: Ward) -> None:
    (ward.folder / "studio.yaml").unlink()


def _fast_clock(ward: Ward) -> None:
    ward.platform.clock = replace(ward.clock, passed=-600.0)


def _wave_is_not_needed(ward: Ward) -> None:
    _wave_is_away(ward)
    ward.profile("workspace: Acme/ml\nimage:\n  reference: a.io/b:1\n")


NOTES: dict[str, tuple[Callable[[Ward], None], str, str]] = {
    "no tw": (_no_tw, "tw", "tw is not installed; studioctl uses the Platform's API"),
    "an older tw": (_older_tw, "tw", "which has no --env, --ssh and --spot"),
    "no engine": (_no_docker, "docker", "no Docker engine answers at tcp://127.0.0.1:9"),
    "no profile": (_no_profile, "profile", "there is no studio.yaml here"),
    "a fast clock": (_fast_clock, "clock", "the clock of this machine is 10 min ahead of"),
    "a Wave that the profile does without": (_wave_is_not_needed, "wave", "does without it"),
}


@pytest.mark.parametrize(("make_odd", "check", "said"), NOTES.values(), ids=NOTES)
def test_what_is_missing_but_not_needed_is_a_note(
    ward: Ward, make_odd: Callable[[Ward], None], check: str, said: str
) -> None:
    make_odd(ward)
    ended = ward("--json")
    assert ended.code == 0
    assert ended.levels[check] == "warning"
    assert said in ended.checks[check]["text"]


def test_every_failure_and_note_says_what_to_do(ward: Ward) -> None:
    for act in (_no_token, _no_tw, _no_profile, _wave_is_away):
        act(ward)
    found = ward("--json").checks
    assert all(each["remedy"] for each in found.values() if each["level"] != "ok")


def test_no_secret_is_shown(ward: Ward) -> None:
    ward.env["DOCKER_HOST"] = f"tcp://me:{PLANTED}@127.0.0.1:9"
    ward.profile(f"environment:\n  A: {PLANTED}\n  B: postgresql://u:{PLANTED}@db/x\n")
    ward.platform.fail("GET /api/user-info", Reply.error(400, f"bad {TOKEN}"), times=9)
    ward.wave.fail("GET /service-info", Reply.error(400, f"bad {PLANTED}"), times=9)
    for arguments in ((), ("--json",)):
        ended = ward(*arguments)
        assert ended.code != 0
        assert "bad ***" in ended.out
        assert TOKEN not in ended.out + ended.err
        assert PLANTED not in ended.out + ended.err


def test_a_check_that_does_not_end_is_left_behind(ward: Ward) -> None:
    never = threading.Event()

    def slow(_: Subject) -> Iterator[Any]:
        yield ok("slow", "it began")
        never.wait(60)

    for needed, level in ((True, "error"), (False, "warning")):
        found = examine(Subject(ward.env), [Check("slow", slow, needed)], limit_s=0.4)
        assert [(each.level, each.text) for each in found[1:]] == [
            ("ok", "it began"),
            (level, "no answer within 0 s"),
        ]
    never.set()


def test_an_expected_failure_of_a_check_is_a_finding_and_a_bug_is_not(ward: Ward) -> None:
    def failing(_: Subject) -> Iterator[Any]:
        raise InvalidSetting("x", "it went wrong")

    def buggy(_: Subject) -> Iterator[Any]:
        raise ZeroDivisionError

    for needed, level in ((True, "error"), (False, "warning")):
        _, found = examine(Subject(ward.env), [Check("x", failing, needed)])
        assert (found.level, found.text) == (level, "x: it went wrong")
        assert found.exit_code == InvalidSetting.exit_code
    with pytest.raises(ZeroDivisionError):
        examine(Subject(ward.env), [Check("x", buggy)])


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", "✓  "), ("ascii", "ok    ")])
def test_a_terminal_without_the_marks_gets_words(
    ward: Ward, encoding: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = studioctl(
        "doctor", cwd=ward.folder, path=ward.env["PATH"], **_others(ward), PYTHONIOENCODING=encoding
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{mark}token" in done.stdout


# Runs the command, and prints what its threads import.
IMPORTS = """
import sys, threading
def heard(event, arguments):
    if event == "import" and threading.current_thread() is not threading.main_thread():
        imported.add(arguments[0])
imported = set()
sys.addaudithook(heard)
from deploy.cli import app
try:
    app(["doctor"])
finally:
    print(*sorted(imported), file=sys.stderr)
"""


@pytest.mark.parametrize("ill", [None, _no_platform, _ill_platform, _wave_is_away, _no_docker])
def test_no_check_imports_a_package_while_others_run(
    ward: Ward, ill: Callable[[Ward], None] | None
) -> None:
    if ill:
        ill(ward)
    env = {**ward.env, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], env=env, capture_output=True, text=True, check=False
    )
    assert "docker" in done.stdout
    # What is at work in Python itself imports single modules, of which none waits for another.
    own = sys.stdlib_module_names
    assert [name for name in done.stderr.split() if name.partition(".")[0] not in own] == []


def _others(ward: Ward) -> dict[str, str]:
    return {name: value for name, value in ward.env.items() if name != "PATH"}
