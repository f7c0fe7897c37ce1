"""The HTTP door, call by call, against a real server."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.errors import AnswerLost, InvalidSetting, RequestRefused, TurnedAway, Unreachable
from deploy.secret import Secret
from deploy.wait import Clock
from deploy.web import Patience, Web
from tests.fakes.authority import certify
from tests.fakes.clock import FakeClock
from tests.fakes.server import AFTER, BEFORE, HALF, SLOW, Call, Reply, Server

PASSWORD = "proxy-password-planted"


class Echo(Server):
    """Answers with what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()

    def now(self) -> float:
        return self.clock.now()

    def answer(self, call: Call) -> Reply:
        return Reply.of({"path": call.path, "headers": dict(call.headers)})


@pytest.fixture
def a_server() -> Iterator[Echo]:
    with Echo() as server:
        yield server


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name)


def a_web(server: Echo, **more: object) -> Web:
    given = {"clock": server.clock.clock, "patience": Patience(read_s=5), **more}
    return Web(server.url, {}, **given)  # type: ignore[arg-type]


def waits(what: str | Reply) -> dict[str, Patience]:
    """A short patience, but only for what uses it up."""
    return {"patience": Patience(read_s=0.8)} if what == SLOW else {}


@pytest.mark.parametrize("what", [BEFORE, AFTER, HALF, SLOW, Reply(503), Reply(429)], ids=str)
def test_what_passes_is_waited_out(a_server: Echo, what: str | Reply) -> None:
    a_server.fail("GET /x", what, times=3)
    assert a_web(a_server, **waits(what)).get("/x").document()["path"] == "/x"
    assert len(a_server.calls) == 4


@pytest.mark.parametrize("what", [BEFORE, AFTER, HALF, SLOW, Reply(503)], ids=str)
def test_who_does_not_want_to_repeat_gets_the_failure(a_server: Echo, what: str | Reply) -> None:
    a_server.fail("POST /x", what, times=3)
    with pytest.raises((RequestRefused, Unreachable)):
        a_web(a_server, **waits(what)).call("POST", "/x", body=b"{}", repeat=False)
    assert len(a_server.calls) == 1


def test_pauses_differ_between_clients(a_server: Echo) -> None:
    for chance in (0.0, 0.999):
        a_server.fail("GET", Reply(502), times=3)
        a_web(a_server, chance=lambda chance=chance: chance).get("/x")
    low, high = a_server.clock.slept[:3], a_server.clock.slept[3:]
    assert low == [1, 2, 4]
    assert high == pytest.approx([1.25, 2.5, 5], rel=0.01)


def test_what_was_said_is_a_status_a_line_and_an_id_but_no_header(a_server: Echo) -> None:
    reply = Reply.error(422, "not\nlike that", X_Request_Id="r-77", Set_Cookie="session=planted")
    a_server.fail("GET", reply)
    with pytest.raises(RequestRefused) as caught:
        a_web(a_server).get("/x?a=b")
    assert str(caught.value) == (
        f"GET {a_server.url}/x?a=b was answered with 422: not like that\n"
        "The server knows this request as r-77."
    )


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (Reply(404), "Not Found (an empty answer)"),
        (Reply(499), "an empty answer"),
        (Reply(400, b"plain\ntext", "text/plain"), "plain"),
        (Reply(400, b"\xff\xfe\x1b[2J", "text/plain"), "\ufffd\ufffd [2J"),
        (Reply(400, b'{"errors":[{"code":"X","message":"deep"}]}'), "deep"),
        (Reply(400, b'{"errors":[]}'), '{"errors":[]}'),
        (Reply(400, b"[" * 100_000), "[" * 299 + "…"),
        (Reply(400, b"<html>"), "an HTML page"),
    ],
)
def test_every_body_becomes_one_line(a_server: Echo, reply: Reply, line: str) -> None:
    a_server.fail("GET", reply)
    with pytest.raises(RequestRefused) as caught:
        a_web(a_server).get("/x")
    assert caught.value.line == line


@pytest.mark.parametrize("host", ["registry..example.com", f"{'a' * 64}.example.com"])
def test_a_host_that_can_be_none_is_told_and_not_asked_again(host: str) -> None:
    with pytest.raises(Unreachable, match="no name of a host") as caught:
        Web(f"https://{host}", {}).get("/x")
    assert (caught.value.passing, caught.value.sent) == (False, False)


def test_a_secret_that_comes_back_is_masked(a_server: Echo) -> None:
    a_server.fail("GET", Reply.error(400, "no: planted-token"))
    with pytest.raises(RequestRefused) as caught:
        a_web(a_server, secrets=(Secret("planted-token"),)).get("/x")
    assert caught.value.line == "no: ***"


def test_a_bearer_is_sent_and_not_shown(a_server: Echo) -> None:
    web = a_web(a_server, bearer=Secret("planted-token"))
    assert web.get("/x").document()["headers"]["Authorization"] == "Bearer planted-token"
    assert "planted-token" not in repr(web)


def test_a_type_is_told_of_what_is_sent_and_of_nothing_else(a_server: Echo) -> None:
    web = a_web(a_server)
    assert "Content-Type" not in web.get("/x").document()["headers"]
    sent = web.post("/x", {}).document()["headers"]
    assert sent["Content-Type"] == "application/json"


def test_passwords_of_netrc_are_not_sent(
    a_server: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("default login ada password planted\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    assert "Authorization" not in a_web(a_server).get("/x").document()["headers"]


def test_a_proxy_is_used_except_for_this_machine(
    a_server: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", a_server.url)
    with Echo() as other:
        assert a_web(other).get("/x").document()["path"] == "/x"
    assert a_server.calls == []
    far = Web("http://wave.example.com", {}, clock=a_server.clock.clock)
    assert far.get("/x").document()["headers"]["Host"] == "wave.example.com"


def test_a_proxy_that_is_not_there_is_told_without_its_password(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://ada:{PASSWORD}@127.0.0.1:{free_port}")
    said: list[str] = []
    clock = FakeClock()
    web = Web("https://wave.example.com", {}, clock=clock.clock, explain=said.append)
    with pytest.raises(Unreachable) as caught:
        web.get("/x")
    assert "the proxy (HTTPS_PROXY) does not let us through" in str(caught.value)
    assert PASSWORD not in str(caught.value) + "".join(said)
    assert caught.value.__cause__ is None


def test_a_name_that_nobody_knows_is_told() -> None:
    web = Web("https://nowhere.invalid", {}, patience=Patience(lost_s=0))
    with pytest.raises(Unreachable, match=r"name server|unreachable|name resolution"):
        web.get("/x")


def test_an_answer_without_end_is_left(a_server: Echo) -> None:
    """Each byte comes in time, and the answer never: only a limit for the whole helps."""
    clock = FakeClock()
    ticking = iter(range(10**6))

    def steady() -> float:
        return float(next(ticking)) * 100

    web = Web(
        a_server.url,
        {},
        clock=Clock(clock.now, steady, clock.sleep),
        patience=Patience(answer_s=50),
    )
    with pytest.raises(Unreachable, match="did not come to an end"):
        web.get("/x")


def test_a_bundle_that_is_not_there_is_no_traceback(a_server: Echo) -> None:
    web = Web("https://127.0.0.1:1", {"REQUESTS_CA_BUNDLE": "/no/such/file"})
    with pytest.raises(InvalidSetting, match="REQUESTS_CA_BUNDLE"):
        web.get("/x")


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_certificate_authority_of_ones_own_is_trusted_by_the_usual_variables(
    name: str, tmp_path: Path
) -> None:
    bundle, chain = certify(tmp_path)
    server = Echo()
    server.encrypt(chain)
    with server:
        base = server.url.replace("http:", "https:")
        assert Web(base, {name: str(bundle)}).get("/x").document()["path"] == "/x"
        said: list[str] = []
        with pytest.raises(Unreachable, match="set REQUESTS_CA_BUNDLE"):
            Web(base, {}, explain=said.append).get("/x")
    assert said == []


def test_two_threads_do_not_share_a_connection(a_server: Echo) -> None:
    found: list[str] = []

    def ask(path: str) -> None:
        found.append(a_web(a_server).get(path).document()["path"])

    threads = [threading.Thread(target=ask, args=(f"/{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(found) == ["/0", "/1", "/2", "/3"]


@pytest.mark.parametrize("what", [BEFORE, AFTER, HALF, SLOW, Reply(500), Reply(503)], ids=str)
def test_a_change_whose_answer_is_lost_is_not_sent_again(a_server: Echo, what: str | Reply) -> None:
    a_server.fail("PUT /x", what, times=3)
    with pytest.raises(AnswerLost):
        a_web(a_server, **waits(what)).write("PUT", "/x", {})
    assert len(a_server.calls) == 1


def test_a_change_that_was_turned_away_is_sent_again_unless_once(a_server: Echo) -> None:
    a_server.fail("PUT /x", Reply.error(429, "later", Retry_After="9"), times=2)
    web = a_web(a_server, patience=Patience())
    assert web.write("PUT", "/x", {}).status == 200
    assert sum(a_server.clock.slept) >= 18
    a_server.fail("PUT /x", Reply.error(429, "later", Retry_After="9"))
    with pytest.raises(TurnedAway) as caught:
        web.write("PUT", "/x", {}, once=True)
    assert caught.value.again_after_s >= 9
    assert len(a_server.calls) == 4


def test_a_change_that_is_refused_keeps_its_reason(a_server: Echo) -> None:
    a_server.fail("PUT /x", Reply.error(409, "there is one"))
    with pytest.raises(RequestRefused) as caught:
        a_web(a_server, patience=Patience()).write("PUT", "/x", {})
    assert caught.value.status == 409


@pytest.mark.parametrize(
    "base", ["https://127.0.0.1:1", "https://nowhere.invalid"], ids=["nobody", "no name"]
)
def test_what_never_left_was_not_done(base: str) -> None:
    web = Web(base, {}, patience=Patience(lost_s=0))
    with pytest.raises(TurnedAway) as caught:
        web.write("POST", "/x", {}, once=True)
    assert caught.value.passing


def test_a_server_whose_certificate_is_not_trusted_was_sent_nothing(tmp_path: Path) -> None:
    _, chain = certify(tmp_path)
    server = Echo()
    server.encrypt(chain)
    with server:
        web = Web(server.url.replace("http:", "https:"), {}, patience=Patience(lost_s=0))
        with pytest.raises(TurnedAway) as caught:
            web.write("POST", "/x", {})
    assert not caught.value.passing
    assert server.calls == []


def test_headers_of_a_caller_win_and_are_not_shown(a_server: Echo) -> None:
    web = a_web(a_server, headers={"Accept": "x/y", "Authorization": "Basic planted"})
    sent = web.get("/x").document()["headers"]
    assert (sent["Accept"], sent["Authorization"]) == ("x/y", "Basic planted")
    assert "planted" not in repr(web)
