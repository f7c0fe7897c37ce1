"""Every route that a server without ASGI loses answers here, on connections that are kept open."""

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.another_process import run_client
from tests.e2e.gateway import A_PROVIDER_ON_LOOPBACK, add_endpoint
from tests.e2e.model_provider import WORDS, providing
from tests.running import Studio, copy_database, running

pytestmark = pytest.mark.mlflow

FILES = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Iterator[Studio]:
    home = copy_database(migrated_database, tmp_path_factory.mktemp("endpoints") / "home")
    with running(home, {**A_PROVIDER_ON_LOOPBACK, "STUDIO_WORKERS": "2"}) as found:
        yield found


@dataclass(frozen=True, slots=True)
class Route:
    """A request, and what only the route's own handler answers to it."""

    path: str
    body: object = None
    code: int = 200
    says: str = ""
    method: str | None = None


ROUTES = {
    "OTLP without an experiment": Route("/v1/traces", b"", 422, "x-mlflow-experiment-id"),
    "job": Route("/ajax-api/3.0/jobs/none", None, 404, "Job with ID none not found"),
    "job search": Route("/ajax-api/3.0/jobs/search", {}, 200, '{"jobs":[]}'),
    "job submission": Route(
        "/ajax-api/3.0/jobs/", {"job_name": "none", "params": {}}, 400, "Invalid job name"
    ),
    "gateway models": Route("/gateway/mlflow/v1/models", None, 200, '"object":"list"'),
    "gateway chat": Route(
        "/gateway/mlflow/v1/chat/completions", {"model": "none", "messages": []}, 404, "none"
    ),
    "gateway endpoint": Route(
        "/gateway/none/mlflow/invocations", {"messages": []}, 404, "GatewayEndpoint"
    ),
    "gateway proxy": Route("/gateway/proxy/none/v1/chat", {}, 404, "GatewayEndpoint"),
    "gateway providers": Route(
        "/ajax-api/3.0/mlflow/gateway/supported-providers", None, 200, "openai"
    ),
    "MCP registry": Route("/api/3.0/mlflow/mcp-servers", None, 200, "{"),
    "MCP registry of the UI": Route("/ajax-api/3.0/mlflow/mcp-servers", None, 200, "{"),
    "assistant's configuration": Route("/ajax-api/3.0/mlflow/assistant/config", None, 200, "{"),
    "assistant's providers": Route("/ajax-api/3.0/mlflow/assistant/providers", None, 200, "{"),
    "server info": Route("/api/3.0/mlflow/server-info", None, 200, '"SqlStore"'),
    "health": Route("/health", None, 200, "OK"),
    "version": Route("/version", None, 200, "3."),
    "interface": Route("/", None, 200, '<div id="root"'),
    "UI telemetry": Route("/ajax-api/3.0/mlflow/ui-telemetry", None, 200, "disable_ui_telemetry"),
    "experiments": Route(
        "/api/2.0/mlflow/experiments/search", {"max_results": 1}, 200, '"Default"'
    ),
    "GraphQL": Route(
        "/graphql",
        {
            "operationName": "MlflowGetExperimentQuery",
            "query": "query MlflowGetExperimentQuery($input: MlflowGetExperimentInput!)"
            "{mlflowGetExperiment(input: $input) {experiment {name}}}",
            "variables": {"input": {"experimentId": "0"}},
        },
        200,
        '"Default"',
    ),
    "metrics, off by default": Route("/metrics", None, 404),
}


@pytest.mark.parametrize("name", ROUTES)
def test_each_route_reaches_its_handler(studio: Studio, name: str) -> None:
    route = ROUTES[name]
    answer = studio.request(route.path, route.body, method=route.method)
    assert answer.code == route.code, answer.text
    assert route.says in answer.text


def test_artifacts_are_put_listed_got_and_deleted_through_the_server(studio: Studio) -> None:
    content = bytes(range(256)) * 4096
    assert studio.request(f"{FILES}/a/model.bin", content, method="PUT").code == 200
    listed = studio.request(f"{FILES}?path=a").json()["files"]
    assert listed == [{"path": "model.bin", "is_dir": False, "file_size": len(content)}]
    assert studio.request(f"{FILES}/a/model.bin").body == content
    assert studio.request(f"{FILES}/a/model.bin", method="DELETE").code == 200
    assert studio.request(f"{FILES}/a/model.bin").code == 404


def test_a_model_is_registered_and_given_an_alias(studio: Studio) -> None:
    models = "/api/2.0/mlflow/registered-models"
    assert studio.request(f"{models}/create", {"name": "caller"}).code == 200
    run = studio.request("/api/2.0/mlflow/runs/create", {"experiment_id": "0"}).json()["run"]
    source = f"{run['info']['artifact_uri']}/model"
    version = {"name": "caller", "source": source, "run_id": run["info"]["run_id"]}
    created = studio.request("/api/2.0/mlflow/model-versions/create", version)
    assert created.code == 200, created.text
    assert created.json()["model_version"]["version"] == "1"
    alias = {"name": "caller", "alias": "best", "version": "1"}
    assert studio.request(f"{models}/alias", alias).code == 200
    found = studio.request(f"{models}/alias?name=caller&alias=best").json()
    assert found["model_version"]["source"] == source


def test_a_trace_of_opentelemetrys_own_exporter_is_kept(studio: Studio, tmp_path: Path) -> None:
    found = run_client("otlp.py", tmp_path, studio.url)
    assert found == {"spans": ["align reads", "sort"], "sample": "NA12878"}


def test_events_of_a_stream_are_not_held_back(studio: Studio) -> None:
    with providing() as provider, contextlib.closing(connect(studio)) as connection:
        add_endpoint(studio, "counter", provider.url)
        question = {"messages": [{"role": "user", "content": "how many?"}], "stream": True}
        answer = ask(connection, "POST", "/gateway/counter/mlflow/invocations", question)
        assert answer.headers.get_content_type() == "text/event-stream"
        for word in WORDS:
            while word not in (line := answer.readline().decode()):
                assert line, f"the stream ended before {word!r}"
            provider.go_on()  # the next word is not even sent before this one has arrived
        answer.read()


def connect(studio: Studio) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", studio.port, timeout=30)


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: object = None
) -> http.client.HTTPResponse:
    data = None if body is None else json.dumps(body)
    connection.request(method, path, data, {"Content-Type": "application/json"})
    return connection.getresponse()


SEARCH = ("POST", "/api/2.0/mlflow/experiments/search", {"max_results": 5})


@pytest.mark.parametrize("request_", [("GET", "/version", None), ("GET", "/health", None), SEARCH])
def test_three_requests_in_a_row_are_answered_on_one_connection(
    studio: Studio, request_: tuple[str, str, object]
) -> None:
    with contextlib.closing(connect(studio)) as connection:
        own = set()
        for _ in range(3):
            began = time.monotonic()
            answer = ask(connection, *request_)
            assert (answer.status, bool(answer.read())) == (200, True)
            assert time.monotonic() - began < 2
            assert connection.sock is not None
            own.add(connection.sock.getsockname())
        assert len(own) == 1  # it never had to connect anew


def test_sixteen_clients_on_kept_connections_see_no_error(studio: Studio) -> None:
    end = time.monotonic() + 5
    codes: list[int] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            with contextlib.closing(connect(studio)) as connection:
                while time.monotonic() < end:
                    answer = ask(connection, *SEARCH)
                    answer.read()
                    codes.append(answer.status)
        except (OSError, http.client.HTTPException) as exc:
            errors.append(exc)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert set(codes) == {200}
    assert len(codes) > 16


def test_an_idle_connection_stays_open_past_uvicorns_five_seconds(studio: Studio) -> None:
    with contextlib.closing(connect(studio)) as connection:
        assert ask(connection, "GET", "/version").read()
        assert connection.sock is not None
        connection.sock.settimeout(7)
        with pytest.raises(TimeoutError):
            connection.sock.recv(1)  # a server that closes would give an empty answer here
        own = connection.sock.getsockname()
        assert ask(connection, "GET", "/version").read()
        assert connection.sock.getsockname() == own


def test_a_cookie_of_forty_kilobytes_is_accepted(studio: Studio) -> None:
    cookie = {"Cookie": f"session={'x' * 40_000}"}
    assert studio.request("/", headers=cookie).code == 200
    assert studio.request(*SEARCH[1:], headers=cookie).code == 200
