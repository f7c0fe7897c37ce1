"""`mlflow server --app-name mlflow-studio` is the measure: same environment, same answers.

What differs is listed here, each with its reason; anything else is a change in MLflow or in ours.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.running import (
    CLEAN,
    Answer,
    Studio,
    copy_database,
    descendants,
    free_port,
    running,
    wait_until,
)

pytestmark = pytest.mark.mlflow

ONLY_OURS = {
    "_STUDIO_SOCKET": "the supervisor has bound the port already and hands it over",
    "_STUDIO_WORKER_COUNT": "how many workers gunicorn's configuration shall start",
    "TMPDIR": "temporary files stay in the home, where the next start removes them",
}
ONLY_MLFLOWS = {
    "MLFLOW_SERVER_SECRETS_CACHE_TTL": "the default of the option, which is the code's default too",
    "MLFLOW_SERVER_SECRETS_CACHE_MAX_SIZE": "the default of the option, and of the code",
    "MLFLOW_SERVER_X_FRAME_OPTIONS": "the default of the option, which here nobody has chosen",
}
DIFFERENT = {"_MLFLOW_SERVER_BOOT_ID": "a random name for each start"}
HEADERS_OF_MLFLOWS_ALONE = {
    "server": "uvicorn names itself unless it is told not to",
    "x-frame-options": "MLflow's command always sets the option; ours leaves it to the list of "
    "frame ancestors, which an old header cannot express",
}
NOT_COMPARED = {"date", "content-length", "transfer-encoding", "connection"}


@dataclass(frozen=True, slots=True)
class Pair:
    """Our server, and MLflow's own with the same application, on equal databases."""

    ours: Studio
    theirs: Studio


@contextlib.contextmanager
def mlflow_server(home: Path, user: Path) -> Iterator[Studio]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--app-name", "mlflow-studio"),
        *("--workers", "1", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{home}/mlflow.db"),
        *("--artifacts-destination", f"{home}/mlruns"),
    ]
    env = {
        **CLEAN,
        "HOME": str(user),
        "STUDIO_HOME": str(home),
        "STUDIO_PORT": str(port),
        "STUDIO_DATA_DIR": str(home / "none"),
        "STUDIO_WORKERS": "1",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    (home / "mlruns").mkdir()
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            command, env=env, cwd=home.parent, stdout=log, stderr=log, text=True,
            start_new_session=True,
        )  # fmt: skip
    server = Studio(home, process, port=port)
    try:
        wait_until(lambda: _answers(server), 90, (home / "log").read_text)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(server: Studio) -> bool:
    try:
        return server.request("/health").code == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("oracle")
    homes = [copy_database(migrated_database, folder / name) for name in ("ours", "theirs")]
    user = folder / "user"
    user.mkdir()
    env = {"HOME": str(user), "STUDIO_WORKERS": "1"}
    with running(homes[0], env) as ours, mlflow_server(homes[1], user) as theirs:
        yield Pair(ours, theirs)


def environment(server: Studio) -> dict[str, str]:
    """That of the process which serves the requests, with places and ports by their roles."""
    pids = [server.process.pid, *descendants(server.process.pid)]
    commands = {p: (Path("/proc") / str(p) / "cmdline").read_text().split("\0") for p in pids}
    worker = max(p for p, words in commands.items() if "gunicorn" in words or "uvicorn" in words)
    text = (Path("/proc") / str(worker) / "environ").read_text()
    values = dict(item.split("=", 1) for item in text.split("\0") if item)
    port = values["STUDIO_PORT"]
    assert port in ("0", str(server.port))
    values["STUDIO_PORT"] = "PORT"
    return {name: value.replace(str(server.home), "HOME") for name, value in values.items()}


def test_the_workers_get_the_environment_that_mlflow_gives_its_own(pair: Pair) -> None:
    ours, theirs = environment(pair.ours), environment(pair.theirs)
    assert ours.keys() - theirs.keys() == ONLY_OURS.keys()
    assert theirs.keys() - ours.keys() == ONLY_MLFLOWS.keys()
    shared = ours.keys() & theirs.keys()
    assert {name for name in shared if ours[name] != theirs[name]} == DIFFERENT.keys()
    private = {name for name in shared if name.startswith("_MLFLOW")}
    assert len(private) >= 8  # it is MLflow's names that are compared


PAGE = {"Origin": "http://localhost:PORT", "Accept-Encoding": "gzip"}
EVIL = {"Origin": "https://evil.example.org"}
SEARCH = ("/api/2.0/mlflow/experiments/search", {"max_results": 9})
CORPUS: dict[str, tuple[str, object, str | None, dict[str, str]]] = {
    "page": ("/", None, None, {}),
    "page, as a browser": ("/", None, None, PAGE),
    "health": ("/health", None, None, {}),
    "health, head": ("/health", None, "HEAD", {}),
    "version": ("/version", None, None, {"Host": "evil.example.org"}),
    "no such page": ("/nowhere", None, None, {}),
    "another host": ("/", None, None, {"Host": "evil.example.org"}),
    "a malformed host": ("/", None, None, {"Host": "a b"}),
    "search": (*SEARCH, None, {}),
    "search by our page": (*SEARCH, None, PAGE),
    "search by another page": (*SEARCH, None, EVIL),
    "search with a bad body": (SEARCH[0], b"{", None, {}),
    "preflight": (SEARCH[0], None, "OPTIONS", {**EVIL, "Access-Control-Request-Method": "POST"}),
    "create": ("/api/2.0/mlflow/experiments/create", {"name": "new"}, None, {}),
    "create again": ("/api/2.0/mlflow/experiments/create", {"name": "new"}, None, {}),
    "run": ("/api/2.0/mlflow/runs/create", {"experiment_id": "0", "run_name": "one"}, None, {}),
    "runs": ("/ajax-api/2.0/mlflow/runs/search", {"experiment_ids": ["0"]}, None, PAGE),
    "missing run": ("/api/2.0/mlflow/runs/get?run_id=none", None, None, {}),
    "server info": ("/api/3.0/mlflow/server-info", None, None, {}),
    "OTLP": ("/v1/traces", b"", None, {}),
    "OTLP by another page": ("/v1/traces", b"", None, EVIL),
    "GraphQL by another page": ("/graphql", {}, None, EVIL),
    "jobs": ("/ajax-api/3.0/jobs/search", {}, None, {}),
    "gateway": ("/gateway/mlflow/v1/models", None, None, {}),
    "MCP": ("/api/3.0/mlflow/mcp-servers", None, None, {}),
    "artifact in": ("/api/2.0/mlflow-artifacts/artifacts/a.txt", b"content", "PUT", {}),
    "artifact out": ("/api/2.0/mlflow-artifacts/artifacts/a.txt", None, None, {}),
    "artifacts": ("/api/2.0/mlflow-artifacts/artifacts?path=", None, None, {}),
    "path out of the folder": (
        "/api/2.0/mlflow-artifacts/artifacts/..%2f..%2fmlflow.db", None, None, {},
    ),
    "assistant from afar": (
        "/ajax-api/3.0/mlflow/assistant/config", b"{}", "PUT", {"X-Forwarded-For": "203.0.113.7"},
    ),
    "our health": ("/studio/health", None, None, {}),
    "our readiness": ("/studio/ready", None, None, {}),
    "metrics": ("/metrics", None, None, {}),
}  # fmt: skip


def ask(server: Studio, name: str) -> Answer:
    path, body, method, headers = CORPUS[name]
    given = {key: value.replace("PORT", str(server.port)) for key, value in headers.items()}
    return server.request(path, body, method=method, headers=given)


def plain(server: Studio, text: str) -> str:
    """A body or a header without what is different at every start."""
    for value, role in ((str(server.home), "HOME"), (str(server.port), "PORT")):
        text = text.replace(value, role)
    text = re.sub(r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27}", "ID", text)
    return re.sub(r"\b1[0-9]{9}(\.[0-9]+|[0-9]{3})", "TIME", text)


def headers(server: Studio, answer: Answer) -> list[tuple[str, str]]:
    found = []
    for name, value in answer.headers.items():
        name, value = name.lower(), plain(server, value)
        if name == "allow":  # a set, in any order
            value = ", ".join(sorted(value.split(", ")))
        if name.endswith("-duration-ms"):
            value = "TIME"
        if name not in NOT_COMPARED:
            found.append((name, value))
    return sorted(found)


# In this order, as some of them change what the next ones find.
@pytest.mark.parametrize("name", CORPUS)
def test_a_request_gets_the_same_answer(pair: Pair, name: str) -> None:
    ours, theirs = ask(pair.ours, name), ask(pair.theirs, name)
    assert ours.code == theirs.code
    bodies = [
        plain(server, answer.body.decode("latin-1"))
        for server, answer in ((pair.ours, ours), (pair.theirs, theirs))
    ]
    assert bodies[0] == bodies[1]
    expected = [
        header
        for header in headers(pair.theirs, theirs)
        if header[0] not in HEADERS_OF_MLFLOWS_ALONE
    ]
    assert headers(pair.ours, ours) == expected


def test_each_listed_header_is_really_one_of_mlflows_alone(pair: Pair) -> None:
    found = {name.lower() for name in ask(pair.theirs, "page").headers}
    assert found >= HEADERS_OF_MLFLOWS_ALONE.keys()
    own = {name.lower() for name in ask(pair.ours, "page").headers}
    assert not own & HEADERS_OF_MLFLOWS_ALONE.keys()
