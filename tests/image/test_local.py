"""The image run by hand: without Connect, with a data link, and by MLflow's own command."""

from pathlib import Path

import pytest

from tests.image.containers import PYTHON, SESSION, SESSION_HOST, ask, docker, running, volume
from tests.running import wait_until

pytestmark = [
    pytest.mark.docker,
    pytest.mark.mlflow,
    pytest.mark.slow,
    pytest.mark.timeout(1300),
]

WITHOUT_CONNECT = (f"--entrypoint={PYTHON}",)
STUDIO = ("-m", "studio")


def experiment(url: str, name: str) -> int:
    """Whether the server knows the experiment, as an HTTP status."""
    return ask(url, f"/api/2.0/mlflow/experiments/get-by-name?experiment_name={name}").code


def test_only_this_machine_may_ask_when_there_is_no_session(image: str) -> None:
    with running(image, *STUDIO, options=WITHOUT_CONNECT) as container:
        container.wait_ready()
        assert ask(container.url, "/", host=f"localhost:{container.port}").code == 200
        assert ask(container.url, "/", host=SESSION_HOST).code == 403
        # As process 1 the supervisor gets the signal itself, and reaps what others leave.
        assert container.stop() == 0, container.log


def test_artifacts_and_records_land_on_the_data_link(image: str, tmp_path: Path) -> None:
    link = f"--volume={tmp_path}:/workspace/data/team"
    with running(image, *STUDIO, options=(*WITHOUT_CONNECT, link)) as container:
        container.wait_ready()
        ask(container.url, "/api/2.0/mlflow/experiments/create", {"name": "published"})
        path = "/api/2.0/mlflow-artifacts/artifacts/probe/hello.txt"
        assert ask(container.url, path, b"hello", method="PUT").code == 200
        assert container.stop() == 0, container.log
    stored = [p for p in tmp_path.rglob("hello.txt") if p.read_bytes() == b"hello"]
    assert len(stored) == 1
    # Another machine: nothing is left but the link.
    with running(image, *STUDIO, options=(*WITHOUT_CONNECT, link)) as container:
        container.wait_ready()
        assert experiment(container.url, "published") == 200
        assert ask(container.url, path).body == b"hello"
    docker("run", "--rm", f"--volume={tmp_path}:/link", "--entrypoint=chown", image, "-R",
           f"{tmp_path.stat().st_uid}", "/link")  # fmt: skip


def test_a_volume_for_the_home_outlives_the_container(image: str) -> None:
    with volume() as name:
        options = (*WITHOUT_CONNECT, f"--volume={name}:/var/lib/mlflow-studio")
        with running(image, *STUDIO, options=options) as container:
            container.wait_ready()
            ask(container.url, "/api/2.0/mlflow/experiments/create", {"name": "kept"})
            assert container.stop() == 0, container.log
        with running(image, *STUDIO, options=options) as container:
            container.wait_ready()
            assert experiment(container.url, "kept") == 200


def test_mlflows_own_command_serves_the_same_application(image: str) -> None:
    where = ("--host=0.0.0.0", "--port=8080", "--backend-store-uri=sqlite:////tmp/mlflow.db")
    command = ("-m", "mlflow", "server", "--app-name=mlflow-studio", "--workers=1", *where)
    env = {**SESSION, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with running(image, *command, env=env, options=WITHOUT_CONNECT) as container:

        def healthy() -> bool:
            try:
                return ask(container.url, "/studio/health", host=SESSION_HOST).code == 200
            except OSError:
                return False

        wait_until(healthy, 90, lambda: container.log)
        assert ask(container.url, "/", host=SESSION_HOST).code == 200
        assert ask(container.url, "/ajax-api/3.0/jobs/search", {}, host=SESSION_HOST).code == 200
