"""The measurements, each of one running server from outside."""

import hashlib
import os
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection

from bench import generator, processes
from bench.figures import percentile
from bench.servers import HEALTH, Server

_BLOCK = 1 << 20
_SETTLED_FOR_S = 10
_PROBE_EVERY_S = 0.02
_SAMPLE_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Scale:
    """How long and how much; `quick` only shows that everything works."""

    seconds: float = 10
    settle_s: float = 90
    artifact_mb: int = 300
    commits_s: float = 60
    common_mb: int = 100
    large_mb: int = 1000

    @classmethod
    def quick(cls) -> "Scale":
        return cls(seconds=2, settle_s=0, artifact_mb=30, commits_s=4, common_mb=10, large_mb=30)


def memory(server: Server, scale: Scale) -> dict[str, float]:
    """Memory when nothing has changed for ten seconds: the same processes, size and no work.

    Stock's job consumers go on loading for a long while after the first answer.
    """
    deadline = time.monotonic() + scale.settle_s
    samples: list[tuple[int, float, float]] = []
    while True:
        pids = server.pids
        sizes = processes.memory(pids)
        samples.append((len(sizes), sum(sizes.values()), processes.cpu_s(pids)))
        if time.monotonic() >= deadline or _settled(samples[-_SETTLED_FOR_S - 1 :]):
            count, size, _ = samples[-1]
            return {"memory_mb": size, "processes": count}
        time.sleep(1)


def _settled(samples: list[tuple[int, float, float]]) -> bool:
    if len(samples) <= _SETTLED_FOR_S:
        return False
    counts, sizes, cpu = zip(*samples, strict=True)
    still = max(sizes) - min(sizes) < 0.01 * max(sizes)
    return len(set(counts)) == 1 and still and cpu[-1] - cpu[0] < 0.05 * _SETTLED_FOR_S


def load(server: Server, scale: Scale) -> dict[str, float]:
    """16 clients that log and search; also how much the rest of the machine was in the way."""
    pids = server.pids
    before = _cpu_elsewhere_s(pids), time.monotonic()
    found = generator.result(generator.start("mixed", server.port, scale.seconds))
    elsewhere = (_cpu_elsewhere_s(pids) - before[0]) / (time.monotonic() - before[1])
    for error in found["errors"][:3]:
        print(f"  {server.name}: {error}")
    log, search = found["ms"]["log"], found["ms"]["search"]
    return {
        "requests_s": (len(log) + len(search)) / found["seconds"],
        "p95_ms": percentile(log + search, 95),
        "log_p50_ms": percentile(log, 50),
        "log_p95_ms": percentile(log, 95),
        "search_p50_ms": percentile(search, 50),
        "search_p95_ms": percentile(search, 95),
        "slowest_ms": max(log + search),
        "errors": len(found["errors"]),
        "elsewhere": elsewhere,
    }


def _cpu_elsewhere_s(pids: list[int]) -> float:
    """Processor time of whatever is neither the server nor the load, whose process has ended."""
    ended = os.times()
    own = ended.children_user + ended.children_system
    return processes.machine_cpu_s() - processes.cpu_s(pids) - own


def page(server: Server, _scale: Scale) -> dict[str, float]:
    """The UI's shell, main script and style, as a browser gets them."""
    paths = ["/", *_main_files(server.port)]
    return {"page_kb": sum(_bytes_on_the_wire(server.port, path) for path in paths) / 1000}


def script(server: Server, scale: Scale) -> dict[str, float]:
    """How often the main script can be fetched."""
    main = next(path for path in _main_files(server.port) if path.endswith(".js"))
    seconds = max(1, scale.seconds / 3)
    found = generator.result(generator.start("script", server.port, seconds, main))
    return {"script_s": found["requests"] / found["seconds"]}


def health(server: Server, scale: Scale) -> dict[str, float]:
    """New connections that ask for the health page while 8 slow uploads are under way."""
    seconds = max(2, scale.seconds)
    uploads = generator.start("uploads", server.port, seconds)
    times = []
    time.sleep(1)  # until they are under way
    until = time.monotonic() + seconds - 1
    while time.monotonic() < until:
        began = time.perf_counter()
        code, _ = _get(server.port, HEALTH[server.name])
        times.append((time.perf_counter() - began) * 1000)
        assert code == 200
        time.sleep(_PROBE_EVERY_S)
    codes = generator.result(uploads)["codes"]
    if set(codes) != {200}:
        raise SystemExit(f"error: slow uploads were answered {codes} by {server.name}")
    return {"health_p99_ms": percentile(times, 99)}


def artifact(server: Server, scale: Scale) -> dict[str, float]:
    """One large file up and down again, and how much any process grew meanwhile."""
    path = "/api/2.0/mlflow-artifacts/artifacts/bench/large.bin"
    digest = hashlib.sha256()
    for block in _blocks(scale.artifact_mb):
        digest.update(block)
    with _Growth(server) as growth:
        began = time.perf_counter()
        connection = HTTPConnection("127.0.0.1", server.port, timeout=120)
        length = {"Content-Length": str(scale.artifact_mb * _BLOCK)}
        connection.request("PUT", path, _blocks(scale.artifact_mb), length)
        answer = connection.getresponse()
        answer.read()
        uploaded = time.perf_counter()
        if answer.status != 200:
            raise SystemExit(f"error: the upload was answered {answer.status} by {server.name}")
        received = hashlib.sha256()
        connection.request("GET", path)
        answer = connection.getresponse()
        while block := answer.read(_BLOCK):
            received.update(block)
        downloaded = time.perf_counter()
        connection.close()
    if received.digest() != digest.digest():
        raise SystemExit(f"error: {server.name} gave back other bytes than it was sent")
    return {
        "upload_s": uploaded - began,
        "download_s": downloaded - uploaded,
        "growth_mb": growth.largest_mb,
    }


class _Growth:
    """Samples the memory of a server's processes in the background."""

    def __init__(self, server: Server) -> None:
        self._before = processes.memory(server.pids)
        self._peak = dict(self._before)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "_Growth":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_SAMPLE_EVERY_S):
            for pid, size in processes.memory(self._before).items():
                self._peak[pid] = max(self._peak[pid], size)

    @property
    def largest_mb(self) -> float:
        return max(self._peak[pid] - self._before[pid] for pid in self._before)


def _blocks(count: int) -> Iterator[bytes]:
    """Megabytes that neither compress nor repeat."""
    block = random.Random(1).randbytes(_BLOCK - 8)
    for number in range(count):
        yield number.to_bytes(8, "big") + block


def _main_files(port: int) -> list[str]:
    """The main script and style that the UI's shell names, as absolute paths."""
    _, shell = _get(port, "/")
    names = re.findall(r'(?:src|href)="\.?/?([^"]*/main\.[^"]+\.(?:js|css))"', shell.decode())
    return [f"/{name}" for name in names]


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def _bytes_on_the_wire(port: int, path: str) -> int:
    request = (
        f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n"
        f"Accept-Encoding: {generator.ACCEPT_ENCODING}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request.encode())
        answer = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"error: {path} was answered {answer[:40]!r}")
    return len(answer)


OF_A_RUNNING_SERVER: dict[str, Callable[[Server, Scale], dict[str, float]]] = {
    "memory": memory,
    "page": page,
    "script": script,
    "load": load,
    "health": health,
    "artifact": artifact,
}
