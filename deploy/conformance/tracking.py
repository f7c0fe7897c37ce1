"""What a Studio with MLflow's tracking server has to do, asked as browsers and clients ask."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.conformance.asking import Said, Visitor
from deploy.conformance.proxy import Proxy
from deploy.conformance.report import Check, Result
from deploy.conformance.running import NO_READ_ONLY, START_S
from deploy.conformance.session import (
    DataLink,
    Platform,
    Session,
    last_line,
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

READY = Check("ready", "it says that it can write", "See /studio/ready and the log for the store.")
PAGE = Check("page", "MLflow's page is shown at the public host", "Let the proxy's Host in.")
SAVES = Check(
    "saves",
    "a browser can save",
    "MLflow compares Origin with Host. Do not rewrite Host to localhost: every POST of a browser\n"
    "is refused then, although the page loads.",
)
SIBLINGS = Check(
    "siblings",
    "the page of another Studio cannot save",
    "Refuse requests whose Origin is not the Studio's own: siblings share its parent domain and\n"
    "run other people's code. No wildcard origins.",
)
HOSTS = Check(
    "hosts",
    "a host that is not allowed is refused",
    "Honour STUDIO_ALLOWED_HOSTS. An image that rewrites Host lets every name in, which opens the\n"
    "server to DNS rebinding.",
)
VARIABLES = Check(
    "variables",
    "it honours the user's settings",
    "Do not overwrite MLFLOW_BACKEND_STORE_URI and the like in a start script.",
)
PREFIXED = Check(
    "prefix",
    "it works below a path",
    "Serve pages and API below CONNECT_TOOL_PATH_PREFIX, for path-based routing.",
)
ARTIFACTS = Check(
    "artifacts",
    "artifacts pass through the server",
    "Serve artifacts (mlflow-artifacts:/): clients cannot write to the container's disk.",
)
KEPT = Check(
    "kept",
    "a run and its artifact are there on another machine with the same data link",
    "Keep what matters on the data link before the program ends after SIGTERM.",
)
CLONES = Check(
    "clones",
    "two Studios on one data link harm nothing",
    "Never open a database on the data link in place; give each session files of its own.",
)
READ_ONLY = Check(
    "read-only",
    "it says when a data link cannot be written to",
    "Say in /studio/status that runs are kept by the checkpoint only, and why.",
)
SECRETS = Check(
    "secrets",
    "a secret setting is in no log and on no page",
    "Never print the environment or a database URI with its password.",
)
CHECKS = (
    *(READY, PAGE, SAVES, SIBLINGS, ARTIFACTS, KEPT),
    *(HOSTS, VARIABLES, PREFIXED, SECRETS, CLONES, READ_ONLY),
)


@dataclass(frozen=True, slots=True)
class Open:
    """A session that answers, seen by a browser on its own page."""

    session: Session
    browser: Visitor


def run(platform: Platform) -> Iterator[Result]:
    """Run all of it; a session that does not start fails what it was for."""
    link = _link(platform)
    artifact = yield from _first_session(platform, link)
    yield from _other_machine(platform, link, artifact)
    yield from _settings(platform)
    yield from _clones(platform)
    yield from _read_only(platform)


@contextmanager
def _opened(
    platform: Platform,
    env: Mapping[str, str],
    links: Sequence[DataLink] = (),
    *,
    prefix: str = "",
) -> Iterator[Open | str]:
    """Start a session behind the proxy; the reason where it does not answer."""
    session = platform.session({**env, "MLFLOW_DISABLE_TELEMETRY": "true"}, links)
    session.start()
    passed, port = wait_until_it_listens(session, platform.clock, START_S), session.port
    if passed is None or port is None:
        yield f"it did not start; {last_line(session)}"
        return
    with Proxy(port, HOST) as proxy:
        browser = Visitor(proxy, prefix, proxy.origin)
        _wait_until_ready(platform, browser)
        yield Open(session, browser)


def _wait_until_ready(platform: Platform, browser: Visitor, limit_s: float = 60) -> None:
    """Other images have no such page: then the first answer has to do."""
    began = platform.clock.steady()
    while browser.get("/studio/ready").code in (0, 502, 503):
        if platform.clock.steady() - began > limit_s:
            return
        platform.clock.sleep(0.2)


def _first_session(platform: Platform, link: DataLink) -> Generator[Result, None, str]:
    """What a user sees at first; gives the artifact as it could be read back."""
    with _opened(platform, {}, (link,)) as found:
        if isinstance(found, str):
            yield from _all_failed((READY, PAGE, SAVES, SIBLINGS, ARTIFACTS), found)
            return ""
        browser = found.browser
        ready, page = browser.get("/studio/ready"), browser.get("/")
        yield _answered(READY, ready, ready.code == 200)
        yield _answered(PAGE, page, page.code == 200 and "<html" in page.text.lower())
        client, sibling = Visitor(browser.proxy), Visitor(browser.proxy, "", SIBLING)
        _log_run(client, "kept")
        saved = _log_run(browser, "saved")
        yield _answered(SAVES, saved, saved.code == 200)
        foreign = _log_run(sibling, "foreign")
        yield _answered(SIBLINGS, foreign, foreign.code == 403)
        client.ask("PUT", _ARTIFACT, b"kept")
        artifact = client.get(_ARTIFACT)
        yield _answered(ARTIFACTS, artifact, artifact.text == "kept")
        found.session.stop()
        return artifact.text


def _other_machine(platform: Platform, link: DataLink, before: str) -> Iterator[Result]:
    """The link is all that the second machine has of the first, where the artifact was `before`."""
    with _opened(platform, {}, (link,)) as found:
        if isinstance(found, str):
            yield Result(KEPT, "failed", found)
            return
        client = Visitor(found.browser.proxy)
        names = _runs(client)
        artifact = client.get(_ARTIFACT)
        there = "kept" in names and artifact.text == before
        runs = ", ".join(sorted(names)) or "no runs"
        yield _judged(KEPT, there, f"{runs}; the artifact: {artifact}")
        found.session.stop()


def _settings(platform: Platform) -> Iterator[Result]:
    database = f"{platform.scratch}/{DATABASE}"
    env = {
        "STUDIO_ALLOWED_HOSTS": HOST,
        "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{database}",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE": PLANTED,
        "CONNECT_TOOL_PATH_PREFIX": PREFIX,
    }
    with _opened(platform, env, prefix=PREFIX) as found:
        if isinstance(found, str):
            yield from _all_failed((HOSTS, VARIABLES, PREFIXED, SECRETS), found)
            return
        browser = found.browser
        strange = browser.ask("GET", f"{_API}/experiments/get?experiment_id=0", host=STRANGER)
        yield _answered(HOSTS, strange, strange.code in (400, 403, 421))
        saved = _log_run(Visitor(browser.proxy, PREFIX), "elsewhere")
        used = found.session.has(database)
        yield _judged(VARIABLES, used, f"{database} {'is used' if used else 'was not made'}")
        page = browser.get("/")
        works = page.code == 200 and saved.code == 200
        yield _judged(PREFIXED, works, f"page: {page.code}, saving: {saved.code}")
        shown = found.session.log + browser.get("/studio/status").text + page.text
        said = "it is shown" if PLANTED in shown else "a planted one was looked for"
        yield _judged(SECRETS, PLANTED not in shown, said)
        found.session.stop()


def _clones(platform: Platform) -> Iterator[Result]:
    link = _link(platform)
    with _opened(platform, {}, (link,)) as one, _opened(platform, {}, (link,)) as two:
        if isinstance(one, str) or isinstance(two, str):
            yield Result(CLONES, "failed", one if isinstance(one, str) else str(two))
            return
        both = (one, two)
        logged = [_log_run(Visitor(each.browser.proxy), "a-run").code for each in both]
        ended = [each.session.stop() for each in both]
    if logged != [200, 200] or any(each.killed for each in ended):
        codes = ", ".join(str(each.code) for each in ended)
        yield Result(CLONES, "failed", f"logging a run: {logged}; exit codes: {codes}")
        return
    with _opened(platform, {}, (link,)) as third:
        if isinstance(third, str):
            yield Result(CLONES, "failed", third)
            return
        warnings = third.browser.read("/studio/status").get("warnings") or []
        told = any("lineage" in str(line) for line in warnings)
        said = "names the other lineage" if told else "says nothing of the other"
        yield _judged(CLONES, told, f"both served, and the next start {said}")
        third.session.stop()


def _read_only(platform: Platform) -> Iterator[Result]:
    link = platform.link("reference", {"genome.txt": b"ACGT\n"}, writable=False)
    if link is None:
        yield Result(READ_ONLY, "not checked", NO_READ_ONLY)
        return
    with _opened(platform, {}, (link,)) as found:
        if isinstance(found, str):
            yield Result(READ_ONLY, "failed", found)
            return
        kept = str(found.browser.read("/studio/status").get("kept") or "")
        yield _judged(READ_ONLY, "cannot be written" in kept, kept or "it says nothing")
        found.session.stop()


def _link(platform: Platform) -> DataLink:
    link = platform.link("runs", {})
    assert link is not None  # only a read-only one may be impossible
    return link


def _log_run(visitor: Visitor, name: str) -> Said:
    return visitor.post(f"{_API}/runs/create", {"experiment_id": "0", "run_name": name})


def _runs(visitor: Visitor) -> set[str]:
    found = visitor.post(f"{_API}/runs/search", {"experiment_ids": ["0"]}).json()
    return {run["info"]["run_name"] for run in found.get("runs", [])}


def _all_failed(checks: Sequence[Check], why: str) -> Iterator[Result]:
    for check in checks:
        yield Result(check, "failed", why)


def _answered(check: Check, said: Said, holds: bool) -> Result:
    words = str(said.code) if said.code == 200 else str(said)
    return _judged(check, holds, words)


def _judged(check: Check, holds: bool, evidence: str) -> Result:
    return Result(check, "ok" if holds else "failed", evidence)
