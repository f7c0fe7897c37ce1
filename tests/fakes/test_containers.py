"""Studios of the fake Platform as containers: environment, mounts, memory, stop and disk."""

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.wait import Clock
from tests.fakes.asking import Client
from tests.fakes.clock import FakeClock
from tests.fakes.containers import DockerSessions
from tests.fakes.platform import Platform, Started, Stopping
from tests.image.containers import docker
from tests.running import wait_until

pytestmark = pytest.mark.docker

BASE = os.environ.get("BASE_IMAGE", "python:3.13.15-slim-trixie")
# Tells how it was started, writes where it may, and says goodbye on SIGTERM.
SERVER = """\
import http.server, json, os, pathlib, signal, sys
disk = pathlib.Path("/on-the-disk")
found = disk.read_text() if disk.exists() else ""
disk.write_text("left by a session")
def written(link):
    try:
        pathlib.Path("/workspace/data", link, "new").write_text("hello")
        return True
    except OSError:
        return False
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        links = sorted(os.listdir("/workspace/data"))
        told = {"env": dict(os.environ), "disk": found, "links": {x: written(x) for x in links}}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())
def leave(*_):
    print("goodbye", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
if "FAIL" in os.environ:
    sys.exit("it was told to fail")
http.server.HTTPServer(("", int(os.environ["CONNECT_TOOL_PORT"])), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def an_image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("image")
    (folder / "server.py").write_text(SERVER)
    (folder / "Dockerfile").write_text(
        f'FROM {BASE}\nCOPY server.py /\nCMD ["python3", "/server.py"]\n'
    )
    tag = f"mlflow-studio-test:{uuid.uuid4().hex[:12]}"
    docker("build", "--tag", tag, str(folder), env={"DOCKER_BUILDKIT": "0"})
    yield tag
    docker("image", "rm", "--force", tag)


@pytest.fixture
def sessions() -> Iterator[DockerSessions]:
    with DockerSessions(environment={"A": "of the environment", "B": "kept"}) as sessions:
        yield sessions


@pytest.fixture
def client(sessions: DockerSessions) -> Iterator[Client]:
    """A client of a Platform in real time."""
    with Platform(Clock(), runner=sessions) as platform:
        platform.lives.usual_start = Started(starting_s=0)
        platform.lives.usual_stop = Stopping(0)
        platform.add_compute_env("aws-eu", forge={"allowBuckets": ["s3://mine"]})
        yield Client(platform, FakeClock())


def reached(client: Client, id_: str, status: str) -> None:
    wait_until(lambda: client.status(id_) == status, 60, lambda: client.get(f"/studios/{id_}"))


def told(client: Client, id_: str) -> Any:
    return requests.get(client.platform.studios[id_].url, timeout=30).json()


def started(client: Client, image: str, **configuration: Any) -> str:
    return client.created(dataStudioToolUrl=image, configuration=configuration)


def test_a_session_has_the_studios_environment_and_its_links(
    client: Client, sessions: DockerSessions, an_image: str, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("mine", "others")]
    for folder in folders:
        folder.mkdir()
    mounts = [
        {"dataLinkId": client.platform.add_link(each.name, f"s3://{each.name}", folder=each).id}
        for each in folders
    ]
    id_ = started(
        client, an_image, memory=256, environment={"A": "of the Studio"}, mountDataV2=mounts
    )
    assert client.status(id_) == "starting"
    reached(client, id_, "running")
    seen = told(client, id_)
    assert {"A": "of the Studio", "B": "kept"}.items() <= seen["env"].items()
    assert seen["env"]["CONNECT_TOOL_PORT"] == "8080"
    assert seen["links"] == {"mine": True, "others": False}
    assert (folders[0] / "new").read_text() == "hello"
    container = sessions.running[id_].id
    assert json.loads(docker("inspect", "--format={{.HostConfig.Memory}}", container)) == 256 << 20

    client("PUT", f"/studios/{id_}/stop")
    reached(client, id_, "stopped")
    assert "goodbye" in sessions.logs[id_]
    assert sessions.running == {}
    client("PUT", f"/studios/{id_}/start", {})
    reached(client, id_, "running")
    assert told(client, id_)["disk"] == ""


def test_the_disk_can_be_kept_as_a_checkpoint(
    client: Client, sessions: DockerSessions, an_image: str, tmp_path: Path
) -> None:
    sessions.keeps_disk = True
    link = client.platform.add_link("runs", "s3://mine", folder=tmp_path)
    id_ = started(client, an_image, mountData=[link.id])
    reached(client, id_, "running")
    client("PUT", f"/studios/{id_}/stop")
    reached(client, id_, "stopped")
    client("PUT", f"/studios/{id_}/start", {})
    reached(client, id_, "running")
    assert told(client, id_)["disk"] == "left by a session"


def test_a_session_that_ends_at_once_is_errored(
    client: Client, sessions: DockerSessions, an_image: str
) -> None:
    id_ = started(client, an_image, environment={"FAIL": "yes"})
    reached(client, id_, "errored")
    assert "told to fail" in sessions.logs[id_]
    assert client.get(f"/studios/{id_}")["statusInfo"]["message"] == (
        "Essential container in task exited"
    )


def test_an_image_that_is_not_there_is_errored(client: Client) -> None:
    id_ = started(client, "127.0.0.1:1/no/such:image")
    reached(client, id_, "errored")
