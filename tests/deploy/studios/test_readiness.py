"""Ask a Studio whether it can do its work; what stands before it may not let anybody ask."""

import json
from collections.abc import Iterator

import pytest

from deploy.seqera.models import Studio
from deploy.studios import readiness
from deploy.studios.readiness import Readiness
from deploy.web import Patience, Web
from tests.fakes.clock import FakeClock
from tests.fakes.server import BEFORE, HALF, Call, Reply, Server

OK = {"ready": True, "database": "ok", "artifacts": "ok", "checked_at": 1.0}
FULL = {"ready": False, "database": "disk is full hunter2-hunter2", "artifacts": "not served"}


class Behind(Server):
    """What stands behind a Studio's address."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock
        self.reply = Reply.exactly(OK)

    def now(self) -> float:
        return self.clock.now()

    def answer(self, call: Call) -> Reply:
        return self.reply


@pytest.fixture
def a_clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def behind(a_clock: FakeClock) -> Iterator[Behind]:
    with Behind(a_clock) as server:
        yield server


def ask(behind: Behind, url: str | None = None, limit_s: float = 60) -> Readiness:
    def reach(base: str) -> Web:
        patience = Patience(connect_s=5, read_s=5)
        env = {"DB_PASSWORD": "hunter2-hunter2"}
        return Web(base, env, clock=behind.clock.clock, patience=patience)

    studio = Studio("a", "mlflow", url=behind.url if url is None else url)
    return readiness.ready(studio, reach, behind.clock.clock, limit_s)


def test_a_studio_that_says_so_is_ready(behind: Behind) -> None:
    assert ask(behind) == Readiness("ready")
    (call,) = behind.calls
    assert str(call) == "GET /studio/ready"
    assert "Authorization" not in call.headers


def test_an_address_below_a_path_is_asked_there(behind: Behind) -> None:
    ask(behind, f"{behind.url}/_studio/a1/")
    assert str(behind.calls[0]) == "GET /_studio/a1/studio/ready"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(302, headers={"Location": "https://login.example.com/"}),
        Reply(307, headers={"Location": "/login"}),
        Reply.page(200),
        Reply.page(401),
        Reply(403),
        Reply(200, b"[]"),
    ],
    ids=["elsewhere", "here", "a page", "401", "403", "something else"],
)
def test_a_login_is_no_answer_of_the_studio(behind: Behind, reply: Reply) -> None:
    behind.reply = reply
    assert ask(behind) == readiness.LOGIN
    assert behind.clock.passed == 0
    assert len(behind.calls) == 1


def test_another_kind_of_studio_is_not_asked(behind: Behind) -> None:
    behind.reply = Reply.page(404)
    assert str(ask(behind)).startswith("not checked (it has no page /studio/ready")


def test_one_that_gets_ready_is_waited_for(behind: Behind) -> None:
    behind.reply = Reply(503, json.dumps(FULL).encode())

    def mend() -> None:
        behind.reply = Reply.exactly(OK)

    behind.clock.at(20, mend)
    assert ask(behind).state == "ready"


def test_one_that_never_gets_ready_says_why_without_secrets(
    behind: Behind, capsys: pytest.CaptureFixture[str]
) -> None:
    behind.reply = Reply(503, json.dumps(FULL).encode())
    found = ask(behind)
    assert found == Readiness("not ready", "database: disk is full ***")
    assert 60 <= behind.clock.passed < 75
    said = capsys.readouterr().err
    assert said.count("disk is full") == 1
    assert "hunter2" not in said


@pytest.mark.parametrize("what", [BEFORE, HALF, *map(Reply.page, (429, 502, 503))], ids=str)
def test_a_proxy_that_does_not_know_it_yet_is_asked_again(
    behind: Behind, what: str | Reply
) -> None:
    behind.fail("GET", what, times=3)
    assert ask(behind) == Readiness("ready")


def test_one_whose_proxy_never_finds_it_is_not_ready(behind: Behind) -> None:
    behind.reply = Reply.page(502)
    assert ask(behind) == Readiness("not ready", "what stands before it answers 502")


def test_one_that_cannot_be_reached_from_here_is_not_checked(behind: Behind) -> None:
    found = ask(behind, "http://127.0.0.1:9")
    assert found.state == "not checked"
    assert "cannot be reached from here" in found.why
    assert behind.clock.passed < 60


@pytest.mark.parametrize("url", ["", "ssh://a1.example.com", "nonsense"])
def test_without_an_address_there_is_nothing_to_ask(behind: Behind, url: str) -> None:
    assert ask(behind, url) == Readiness("not checked", "the Platform gave no address")
