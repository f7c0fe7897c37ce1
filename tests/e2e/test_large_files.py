"""Large and slow transfers: they arrive whole, memory stays flat, and nobody else has to wait."""

import contextlib
import hashlib
import http.client
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.session import SHAPES, proxied
from tests.running import Studio, descendants

pytestmark = pytest.mark.mlflow
Start = Callable[..., Studio]
Connect = Callable[[], http.client.HTTPConnection]

MIB = 1 << 20
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
SLOW_UPLOADS = 8
SLOW_S = 8


class Content:
    """Bytes of a size that no memory has to hold; `sha256` is of all that was read."""

    def __init__(self, mebibytes: int) -> None:
        self.size = mebibytes * MIB
        self.digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for number in range(self.size // MIB):
            block = hashlib.sha256(number.to_bytes(4, "big")).digest() * (MIB // 32)
            self.digest.update(block)
            yield block

    @property
    def sha256(self) -> str:
        return self.digest.hexdigest()


def send(connect: Connect, path: str, content: Content) -> int:
    with contextlib.closing(connect()) as connection:
        connection.request("PUT", path, content, {"Content-Length": str(content.size)})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def fetch(connect: Connect, path: str) -> str:
    """The hash of what comes back."""
    digest = hashlib.sha256()
    with contextlib.closing(connect()) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        while block := answer.read(MIB):
            digest.update(block)
    return digest.hexdigest()


def directly(studio: Studio) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", studio.port, timeout=60)


def memory_mb(studio: Studio, field: str) -> float:
    """The largest process of the server: VmRSS is what it has now, VmHWM what it ever had."""
    found = []
    for pid in descendants(studio.process.pid):
        lines = (Path("/proc") / str(pid) / "status").read_text().splitlines()
        found.append(next(int(line.split()[1]) for line in lines if line.startswith(field)))
    return max(found) / 1024


def warm_up(connect: Connect, path: str) -> None:
    """Let the server load what its first transfer needs."""
    content = Content(2)
    assert send(connect, f"{path}.small", content) == 200
    assert fetch(connect, f"{path}.small") == content.sha256


def test_300_mb_pass_through_whole_and_leave_memory_flat(start_studio: Start) -> None:
    studio = start_studio({"STUDIO_WORKERS": "1"})
    path = f"{ARTIFACTS}/reads.bam"

    def connect() -> http.client.HTTPConnection:
        return directly(studio)

    warm_up(connect, path)
    before = memory_mb(studio, "VmRSS")
    content = Content(300)
    assert send(connect, path, content) == 200
    assert fetch(connect, path) == content.sha256
    assert memory_mb(studio, "VmHWM") - before < 50
    shutil.rmtree(studio.home / "mlruns")  # pytest would keep it for three runs


@pytest.mark.caddy
@pytest.mark.parametrize("shape", ["own host", "prefix stripped"])
def test_100_mb_pass_through_the_proxy(shape: str, tmp_path: Path, migrated_database: Path) -> None:
    with proxied(tmp_path, migrated_database, SHAPES[shape]) as door:
        path = f"{door.prefix}{ARTIFACTS}/reads.bam"
        content = Content(100)
        assert send(door.connect, path, content) == 200
        assert fetch(door.connect, path) == content.sha256
        shutil.rmtree(tmp_path / "home" / "mlruns")  # pytest would keep it for three runs


def test_slow_uploads_make_nobody_wait(start_studio: Start) -> None:
    studio = start_studio({"STUDIO_WORKERS": "1"})
    answers: list[str] = []
    uploads = [
        threading.Thread(target=lambda n=number: answers.append(upload_slowly(studio, n)))
        for number in range(SLOW_UPLOADS)
    ]
    for thread in uploads:
        thread.start()
    waited = []
    while any(thread.is_alive() for thread in uploads):
        asked = time.monotonic()
        assert studio.request("/studio/health").code == 200
        waited.append(time.monotonic() - asked)
        time.sleep(0.02)
    for thread in uploads:
        thread.join()
    assert [answer.split()[1] for answer in answers] == ["200"] * SLOW_UPLOADS
    assert len(waited) > 20
    assert max(waited) < 4


def upload_slowly(studio: Studio, number: int) -> str:
    """Send a megabyte in twenty pieces; the first line of the answer."""
    piece = b"x" * (MIB // 20)
    head = (
        f"PUT {ARTIFACTS}/slow-{number}.bin HTTP/1.1\r\nHost: localhost:{studio.port}\r\n"
        f"Content-Length: {len(piece) * 20}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", studio.port), timeout=60) as connection:
        connection.sendall(head.encode())
        for _ in range(20):
            connection.sendall(piece)
            time.sleep(SLOW_S / 20)  # the client is slow: that is what is tested
        with connection.makefile() as answer:
            return answer.readline()
