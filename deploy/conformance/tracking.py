"""Ask a Studio with MLflow's tracking server for what it promises, as browsers and clients do."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.conformance import promises
from deploy.conformance.asking import Said, Visitor
from deploy.conformance.proxy import Proxy
from deploy.conformance.report import Check, Result, judged, not_checked
from deploy.conformance.running import NO_READ_ONLY
from deploy.conformance.session import (
    DataLink,
    Platform,
    Session,
    last_words,
    wait_until_it_listens,
)

HOST = "a1b2c3d4.connect.example.com"
SIBLING = "https://a9f8e7d6.connect.example.com"
STRANGER = "studio.attacker.example"
PREFIX = "/_studio/a1b2c3d4"
PLANTED = "planted-4f1c-secret"
DATABASE = "studioctl-verify.db"
_API = "/api/2.0/mlflow"
_ARTIFACT = "/api/2.0/mlflow-artifacts/artifacts/studioctl/verify.txt"
_READY_S = 60
_REFUSED = (400, 401, 403, 421)


@dataclass(frozen=True, slots=True)
class Open:
    """A session that answers, seen by a browser on its own page."""

    session: Session
    browser: Visitor

    @property
    def client(self) -> Visitor:
        """A program at the same address: it sends no Origin."""
        return Visitor(self.browser.proxy, self.browser.prefix)


def run(platform: Platform) -> Iterator[Result]:
    """Run all of it; a session that does not start fails the first check that it was for."""
    link = platform.link("runs")
    artifact = yield from _first_session(platform, link)
    yield from _other_machine(platform, link, artifact)
    yield from _settings(platform)
    yield from _read_only(platform)


@contextmanager
def _opened(
    platform: Platform,
    env: Mapping[str, str],
    links: Sequence[DataLink] = (),
    *,
    prefix: str = "",
) -> Iterator[Open | str]:
    """Start a session behind the proxy, for as long as it is asked; the reason where it ends."""
    session = platform.session({**env, "MLFLOW_DISABLE_TELEMETRY": "true"}, links)
    session.start()
    try:
        passed, port = wait_until_it_listens(session, platform), session.port
        if passed is None or port is None:
            yield f"it did not start; {last_words(session)}"
            return
        with Proxy(port, HOST) as proxy:
            browser = Visitor(proxy, prefix, proxy.origin)
            _wait_until_ready(platform, session, browser)
            yield Open(session, browser)
    finally:
        session.kill()


def _wait_until_ready(platform: Platform, session: Session, browser: Visitor) -> None:
    """Other images have no such page: then the first answer has to do."""
    began = platform.clock.steady()
    while browser.get("/studio/ready").code in (0, 502, 503) and session.running:
        if platform.clock.steady() - began > _READY_S:
            return
        platform.clock.sleep(0.2)


def _first_session(platform: Platform, link: DataLink) -> Generator[Result, None, str]:
    """What a user sees at first; gives the artifact as it could be read back."""
    with _opened(platform, {}, (link,)) as found:
        if isinstance(found, str):
            yield from _none_of(promises.AT_FIRST, found)
            return ""
        browser, client = found.browser, found.client
        ready, page = browser.get("/studio/ready"), browser.get("/")
        yield _answered(promises.READY, ready, ready.code == 200)
        yield _answered(promises.PAGE, page, page.code == 200 and "<html" in page.text.lower())
        _log_run(client, "kept")
        saved = _log_run(browser, "saved")
        yield _answered(promises.SAVES, saved, saved.code == 200)
        foreign = _log_run(Visitor(browser.proxy, origin=SIBLING), "foreign")
        yield _answered(promises.SIBLINGS, foreign, foreign.code in _REFUSED)
        client.ask("PUT", _ARTIFACT, b"kept")
        artifact = client.get(_ARTIFACT)
        yield _answered(promises.ARTIFACTS, artifact, artifact.text == "kept")
        found.session.stop()
        return artifact.text


def _other_machine(platform: Platform, link: DataLink, before: str) -> Iterator[Result]:
    """The link is all that the second machine has of the first, where the artifact was `before`."""
    with _opened(platform, {}, (link,)) as found:
        if isinstance(found, str):
            yield from _none_of((promises.KEPT, promises.CLONES), found)
            return
        names, artifact = _runs(found.client), found.client.get(_ARTIFACT)
        same = artifact.text == before
        runs = f"runs: {', '.join(sorted(names)) or 'none'}"
        evidence = f"{runs}; artifact: {'the same' if same else artifact}"
        yield judged(promises.KEPT, "kept" in names and same, evidence)
        trouble = _beside_a_clone(platform, link, found)
    yield judged(promises.CLONES, False, trouble) if trouble else _after_the_clone(platform, link)


def _beside_a_clone(platform: Platform, link: DataLink, first: Open) -> str:
    """Use both at once, and stop both; what went wrong, if anything."""
    with _opened(platform, {}, (link,)) as second:
        if isinstance(second, str):
            return second
        logged = [_log_run(each.client, "a-run").code for each in (first, second)]
        ended = [each.session.stop() for each in (first, second)]
    if logged == [200, 200] and not any(each.killed for each in ended):
        return ""
    codes = ", ".join(str(each.code) for each in ended)
    return f"logging a run in each: {logged[0]}, {logged[1]}; exit codes: {codes}"


def _after_the_clone(platform: Platform, link: DataLink) -> Result:
    with _opened(platform, {}, (link,)) as third:
        if isinstance(third, str):
            return judged(promises.CLONES, False, third)
        told = bool(third.browser.read("/studio/status").get("forks"))
        said = "names the other one's state" if told else "says nothing of the other"
        return judged(promises.CLONES, told, f"both served, and the next start {said}")


def _settings(platform: Platform) -> Iterator[Result]:
    """What a user has set is honoured, and kept for itself where it is secret."""
    database = f"{platform.scratch}/{DATABASE}"
    env = {
        "STUDIO_ALLOWED_HOSTS": HOST,
        "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{database}",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE": PLANTED,
        "CONNECT_TOOL_PATH_PREFIX": PREFIX,
    }
    with _opened(platform, env, prefix=PREFIX) as found:
        if isinstance(found, str):
            yield from _none_of(promises.WITH_SETTINGS, found)
            return
        browser = found.browser
        saved, page = _log_run(found.client, "elsewhere"), browser.get("/")
        used = found.session.has(database)
        words = f"{database} {'is used' if used else 'was not made'}"
        yield judged(promises.VARIABLES, used, words)
        # A host is refused whatever the path, so it is asked for where every image has its API.
        with Proxy(found.session.port or 0, HOST, strips=PREFIX) as proxy:
            client = Visitor(proxy, PREFIX)
            stripped = _log_run(client, "stripped")
            strange = client.ask("GET", f"{_API}/experiments/get?experiment_id=0", host=STRANGER)
        yield _answered(promises.HOSTS, strange, strange.code in _REFUSED)
        codes = (page.code, saved.code, stripped.code)
        words = "page: {}, saving: {}; with the path taken away: {}".format(*codes)
        yield judged(promises.PREFIX, codes == (200, 200, 200), words)
        shown = found.session.log + browser.get("/studio/status").text + page.text
        where = "it was found" if PLANTED in shown else "a planted one was looked for"
        yield judged(promises.SECRETS, PLANTED not in shown, where)


def _read_only(platform: Platform) -> Iterator[Result]:
    link = platform.read_only_link("reference", {"genome.txt": b"ACGT\n"})
    if link is None:
        yield from not_checked((promises.READ_ONLY,), NO_READ_ONLY)
        return
    with _opened(platform, {}, (link,)) as found:
        if isinstance(found, str):
            yield judged(promises.READ_ONLY, False, found)
            return
        status = found.browser.read("/studio/status")
        keeping = status.get("keeping")
        warned = isinstance(keeping, dict) and keeping.get("level") in ("warning", "error")
        yield judged(promises.READ_ONLY, warned, str(status.get("kept") or "it says nothing"))


def _log_run(visitor: Visitor, name: str) -> Said:
    return visitor.post(f"{_API}/runs/create", {"experiment_id": "0", "run_name": name})


def _runs(visitor: Visitor) -> set[str]:
    found = visitor.post(f"{_API}/runs/search", {"experiment_ids": ["0"]}).json()
    return {run["info"]["run_name"] for run in found.get("runs", [])}


def _none_of(checks: Sequence[Check], why: str) -> Iterator[Result]:
    yield judged(checks[0], False, why)
    yield from not_checked(checks[1:], f"see {checks[0].name}")


def _answered(check: Check, said: Said, holds: bool) -> Result:
    return judged(check, holds, str(said.code) if said.code == 200 else str(said))
