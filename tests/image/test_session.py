"""The image in a session: behind its entrypoint, with everything MLflow serves."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.image.containers import SESSION, SESSION_HOST, Container, ask, docker, running
from tests.running import CLEAN, wait_until

pytestmark = [
    pytest.mark.docker,
    pytest.mark.mlflow,
    pytest.mark.slow,
    pytest.mark.timeout(1300),
]

HERE = Path(__file__).parent
AJAX = "/ajax-api/3.0/mlflow"


def client(program: str, server: str, limit_s: float = 240) -> Any:
    """Run one of the clients beside this file as a process of its own; its last line is JSON."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(HERE / program), server],
        env={**CLEAN, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=HERE,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# Facts of MLflow 3.17 served by ASGI; with plain WSGI most of these are 404 without a body in JSON.
ROUTES = [
    ("GET", "/", None, 200, "<html"),
    ("GET", "/health", None, 200, "OK"),
    ("GET", "/version", None, 200, "3.17"),
    ("GET", "/studio/health", None, 200, "ok"),
    ("GET", "/studio/status", None, 200, "mlflow-studio"),
    ("GET", "/api/3.0/mlflow/server-info", None, 200, "gateway"),
    ("POST", "/api/2.0/mlflow/experiments/search", {"max_results": 5}, 200, "Default"),
    ("POST", "/ajax-api/2.0/mlflow/runs/search", {"experiment_ids": ["0"]}, 200, "{"),
    ("POST", "/graphql", {"query": "{__typename}"}, 200, "Query"),
    ("POST", "/v1/traces", b"", 422, "x-mlflow-experiment-id"),
    ("POST", "/ajax-api/3.0/jobs/search", {}, 200, "jobs"),
    ("GET", "/ajax-api/3.0/jobs/none", None, 404, "not found"),
    ("POST", "/ajax-api/3.0/jobs/", {"job_name": "none", "params": {}}, 400, "Invalid job name"),
    ("GET", "/gateway/mlflow/v1/models", None, 200, '"object":"list"'),
    ("POST", "/gateway/none/mlflow/invocations", {}, 404, "GatewayEndpoint not found"),
    ("POST", "/gateway/mlflow/v1/chat/completions", {}, 400, "model"),
    ("POST", "/gateway/openai/v1/chat/completions", {}, 400, "model"),
    ("POST", "/gateway/proxy/none/x", {}, 404, "GatewayEndpoint not found"),
    ("GET", f"{AJAX}/gateway/supported-providers", None, 200, "openai"),
    ("GET", f"{AJAX}/assistant/config", None, 200, "providers"),
    ("GET", f"{AJAX}/assistant/providers", None, 200, "{"),
    ("GET", "/api/3.0/mlflow/mcp-servers", None, 200, "mcp_servers"),
    ("GET", f"{AJAX}/mcp-servers", None, 200, "mcp_servers"),
    ("GET", f"{AJAX}/ui-telemetry", None, 200, "disable_ui_telemetry"),
    ("GET", "/get-artifact?path=x&run_uuid=none", None, 404, "not found"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "text"), ROUTES, ids=[f"{r[0]} {r[1]}" for r in ROUTES]
)
def test_every_route_of_mlflow_answers(
    method: str, path: str, body: object, code: int, text: str, session: Container
) -> None:
    answer = ask(session.url, path, body, method=method, host=SESSION_HOST)
    assert answer.code == code, answer.text
    assert text in answer.text


def test_artifacts_pass_through_the_server(session: Container) -> None:
    path = "/api/2.0/mlflow-artifacts/artifacts/probe/hello.txt"
    assert ask(session.url, path, b"hello", method="PUT", host=SESSION_HOST).code == 200
    assert ask(session.url, path, host=SESSION_HOST).body == b"hello"


def test_a_folder_is_no_place_for_the_artifacts_of_clients_elsewhere(session: Container) -> None:
    path = "/api/2.0/mlflow/experiments/create"
    body = {"name": "on my disk", "artifact_location": "/home/me/runs"}
    refused = ask(session.url, path, body, host=SESSION_HOST)
    assert (refused.code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "Leave it out" in refused.text


def test_a_background_job_does_its_work(session: Container) -> None:
    job = client("client_scores.py", session.url)
    assert job["status"] == "SUCCEEDED", job
    assert "exceeds the maximum (10 chars)" in json.dumps(job["result"])


def test_a_client_logs_a_model_and_loads_it_again(session: Container) -> None:
    model = client("client_models.py", session.url)
    assert model["artifacts"].startswith("mlflow-artifacts:/")
    assert model["same"]


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"STUDIO_PORT": "9092", "STUDIO_ALLOWED_HOSTS": "studio.example.com"},
        {
            "CONNECT_TOOL_PORT": "9091",
            "CONNECT_TOOL_PATH_PREFIX": "/_studio/a1b2c3d4",
            "http_proxy": "http://192.0.2.1:1",
        },
    ],
    ids=lambda env: " ".join(name.lower() for name in env) or "nothing set",
)
def test_the_health_check_finds_the_server(env: dict[str, str], image: str) -> None:
    check = json.loads(docker("inspect", "--format={{json .Config.Healthcheck.Test}}", image))[1:]
    without_connect = (f"--entrypoint={check[0]}",)
    with running(image, "-m", "studio", env=env, options=without_connect) as container:
        wait_until(lambda: "is ready: " in container.log, 90, lambda: container.log)
        container.run(*check)


def test_the_health_check_notices_that_there_is_no_server(image: str) -> None:
    check = json.loads(docker("inspect", "--format={{json .Config.Healthcheck.Test}}", image))[1:]
    refused = pytest.raises(AssertionError, match="Connection refused")
    with running(image, "600", options=("--entrypoint=sleep",)) as container, refused:
        container.run(*check)


def test_docker_sees_that_it_is_healthy(session: Container) -> None:
    # Docker's first look comes after 30 s, so this is one of the last to ask.
    wait_until(lambda: session.state()["Health"]["Status"] == "healthy", 60)


def test_the_log_names_no_missing_package(session: Container) -> None:
    assert "ModuleNotFoundError" not in session.log
    assert "ImportError" not in session.log


def test_a_stopped_session_ends_in_order_and_keeps_its_runs(
    image: str, connect_options: list[str]
) -> None:
    with running(image, env=SESSION, options=connect_options) as container:
        container.wait_ready()
        # The entrypoint is process 1 and the supervisor its child, as on the Platform.
        first = container.run("cat", "/proc/1/cmdline").replace("\0", " ")
        assert "connect-client --entrypoint" in first
        created = ask(container.url, "/api/2.0/mlflow/experiments/create", {"name": "kept"})
        assert created.code == 200
        began = time.monotonic()
        assert container.stop() == 0, container.log
        assert time.monotonic() - began < 20
        docker("start", container.id)
        container.wait_ready()
        found = ask(container.url, "/api/2.0/mlflow/experiments/get-by-name?experiment_name=kept")
        assert found.json()["experiment"]["experiment_id"] == created.json()["experiment_id"]


def test_the_port_of_the_platform_is_used(image: str, connect_options: list[str]) -> None:
    options = [*connect_options, "--publish=127.0.0.1::9091"]
    with running(image, env={"CONNECT_TOOL_PORT": "9091"}, options=options) as container:
        wait_until(lambda: "is ready: " in container.log, 90, lambda: container.log)
        probe = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9091').status)"
        assert container.run("python", "-c", probe) == "200"
