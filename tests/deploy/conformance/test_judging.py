"""Which images are run, which are not, and what is said where nothing can be judged."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deploy import image_labels
from deploy.cli import app
from deploy.conformance import image, promises, reach, running
from deploy.launch import free_port
from tests.deploy.docker.fake_engine import FakeEngine
from tests.deploy.docker.fake_engine import running as engine_running

CONFIG: dict[str, Any] = {
    "Labels": {"io.seqera.connect.version": "0.12"},
    "Entrypoint": ["/usr/bin/connect-client", "--entrypoint"],
    "Cmd": ["python", "-m", "studio"],
}


@pytest.fixture
def an_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeEngine]:
    """An engine with one image, `a:1`, which the command finds by the environment."""
    engine = FakeEngine(images={"a:1": "sha256:" + "1" * 64}, image_config=CONFIG)
    with engine_running(engine):
        monkeypatch.setenv("DOCKER_HOST", engine.address)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("DOCKER_CONFIG", raising=False)
        yield engine


def verify(*words: str) -> Result:
    return CliRunner().invoke(app, ["verify", *words])


def verdicts(answer: Result) -> dict[str, str]:
    return {check["check"]: check["verdict"] for check in json.loads(answer.stdout)["checks"]}


def wrote(engine: FakeEngine) -> list[str]:
    return [call for call in engine.calls if not call.startswith("GET")]


@pytest.mark.parametrize(
    ("architecture", "config", "failed"),
    [("arm64", CONFIG, "architecture"), ("amd64", {**CONFIG, "Cmd": None}, "entrypoint")],
)
@pytest.mark.parametrize("mlflow", [True, False])
def test_an_image_that_cannot_be_run_here_is_judged_by_what_can_be_seen(
    an_engine: FakeEngine, architecture: str, config: dict[str, Any], failed: str, mlflow: bool
) -> None:
    an_engine.image_architecture, an_engine.image_config = architecture, config
    answer = verify("a:1", "--json", "--mlflow" if mlflow else "--any")
    assert answer.exit_code == 1
    run = (*running.CHECKS, *(promises.CHECKS if mlflow else ()))
    assert verdicts(answer) == {
        **{check.name: "ok" for check in image.CHECKS},
        **{check.name: "not checked" for check in run},
        failed: "failed",
    }
    assert wrote(an_engine) == []


@pytest.mark.parametrize(("title", "asked"), [("MLflow Studio", True), ("Other", False)])
def test_the_label_of_an_image_says_whether_it_has_mlflow(
    an_engine: FakeEngine, title: str, asked: bool
) -> None:
    an_engine.image_architecture = "arm64"
    labels = {**CONFIG["Labels"], image_labels.TITLE: title}
    an_engine.image_config = {**CONFIG, "Labels": labels}
    assert ("ready" in verdicts(verify("a:1", "--json"))) == asked


def test_an_image_that_cannot_be_pulled_is_said(an_engine: FakeEngine) -> None:
    an_engine.pulling = [{"status": "Pulling"}, {"error": "manifest unknown"}]
    answer = verify("b:2")
    assert answer.exit_code == 3
    assert "b:2: it cannot be pulled: manifest unknown" in answer.stderr
    assert wrote(an_engine) == ["POST /images/create"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://127.0.0.1:1", "no Docker engine answers"),
        ("unix:///no/such.sock", "no Docker engine answers"),
    ],
)
def test_without_an_engine_nothing_can_be_judged(
    address: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    answer = verify("a:1")
    assert answer.exit_code == 4
    assert said in answer.stderr
    assert answer.stdout == ""


class EngineElsewhere(FakeEngine):
    """It runs any container, and says that its port is open; nobody here listens to that."""

    opened = 0

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        if "/containers/" not in path:
            return super().answer(method, path, query, body)
        self.calls.append(f"{method} {path.partition('/containers')[2]}")
        if path.endswith("/create"):
            self.opened = free_port()
            return 201, {"Id": "c1"}
        ports = {"8765/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(self.opened)}]}
        return 200, {"State": {"Running": True}, "NetworkSettings": {"Ports": ports}}


def test_an_engine_whose_ports_are_open_elsewhere_is_said_before_any_check(
    an_engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that has its own engine's socket: the image is not to blame."""
    monkeypatch.setattr(reach, "_PATIENCE_S", 0)
    elsewhere = EngineElsewhere(images=an_engine.images, image_config=CONFIG)
    with engine_running(elsewhere):
        monkeypatch.setenv("DOCKER_HOST", elsewhere.address)
        answer = verify("a:1")
    assert answer.exit_code == 4
    assert answer.stdout == ""
    assert "docker run --network=host" in answer.stderr
    assert wrote(elsewhere) == ["POST /create", "POST /c1/start", "POST /c1/kill", "DELETE /c1"]


@pytest.mark.parametrize("words", [(), ("a:1", "--local")])
def test_one_thing_is_judged_at_a_time(words: tuple[str, ...]) -> None:
    answer = verify(*words)
    assert answer.exit_code == 2
    assert "name an image or give --local, not both" in answer.stderr
