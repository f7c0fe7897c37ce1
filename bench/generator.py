"""The load, in a process of its own: `python -m bench.generator KIND PORT SECONDS [PATH]`.

`mixed` are clients that log and search, `script` fetches one file again and again, `uploads` are
slow uploads. What happened is printed as one JSON document.
"""

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

CLIENTS = 16
METRICS = 10
RUNS = 60
FOUND = 50
SHARE_OF_LOGGING = 0.8
UPLOADS = 8
FETCHERS = 2
ACCEPT_ENCODING = "gzip, deflate, br"
_API = "/api/2.0/mlflow/"
_JSON = {"Content-Type": "application/json"}
_DRIP = 16 * 1024
_DRIPS_PER_S = 10


def start(kind: str, port: int, seconds: float, path: str = "") -> subprocess.Popen[str]:
    """Start a load; `result` waits for it."""
    command = [sys.executable, "-m", "bench.generator", kind, str(port), str(seconds), path]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def result(load: subprocess.Popen[str]) -> dict[str, Any]:
    """What a load printed."""
    output, _ = load.communicate()
    if load.returncode:
        raise SystemExit("error: the load generator failed")
    document: dict[str, Any] = json.loads(output)
    return document


def mixed(port: int, seconds: float, _path: str) -> dict[str, Any]:
    """16 clients on keep-alive connections: 4 of 5 requests log 10 metrics, the others search.

    Each client logs to a run of its own, and searches return 50 of the 60 runs.
    """
    setup = HTTPConnection("127.0.0.1", port, timeout=60)
    created = _post(setup, "experiments/create", {"name": f"bench-{time.time_ns()}"})
    experiment = created["experiment_id"]
    runs = [_create_run(setup, experiment) for _ in range(RUNS)]
    setup.close()
    answers: dict[str, list[float]] = {"log": [], "search": []}
    errors: list[str] = []
    started = threading.Barrier(CLIENTS + 1)

    def client(number: int) -> None:
        chance = random.Random(number)
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        step = 0
        started.wait()
        until = time.perf_counter() + seconds
        while (now := time.perf_counter()) < until:
            logs = chance.random() < SHARE_OF_LOGGING
            try:
                if logs:
                    step += 1
                    _post(connection, "runs/log-batch", _batch(runs[number], step))
                else:
                    found = _post(connection, "runs/search", _search(experiment))
                    assert len(found["runs"]) == FOUND
            except Exception as exc:  # every failure counts, whatever it is
                errors.append(repr(exc))
                connection.close()
                continue
            answers["log" if logs else "search"].append((time.perf_counter() - now) * 1000)
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    started.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return {"seconds": time.perf_counter() - began, "ms": answers, "errors": errors}


def script(port: int, seconds: float, path: str) -> dict[str, Any]:
    """Two browsers that fetch one file, compressed if they can have it so."""
    counts = [0] * FETCHERS

    def fetcher(number: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        buffer = bytearray(1 << 20)
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            connection.request("GET", path, headers={"Accept-Encoding": ACCEPT_ENCODING})
            answer = connection.getresponse()
            while answer.readinto(buffer):
                pass
            assert answer.status == 200
            counts[number] += 1
        connection.close()

    began = time.perf_counter()
    _together(fetcher, FETCHERS)
    return {"requests": sum(counts), "seconds": time.perf_counter() - began}


def uploads(port: int, seconds: float, _path: str) -> dict[str, Any]:
    """8 uploads that trickle in for the whole time."""
    codes = [0] * UPLOADS

    def upload(number: int) -> None:
        drips = max(1, int(seconds * _DRIPS_PER_S))
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        path = f"/api/2.0/mlflow-artifacts/artifacts/bench/slow-{number}"
        connection.putrequest("PUT", path)
        connection.putheader("Content-Length", str(drips * _DRIP))
        connection.endheaders()
        for _ in range(drips):
            connection.send(bytes(_DRIP))
            time.sleep(1 / _DRIPS_PER_S)
        codes[number] = connection.getresponse().status
        connection.close()

    _together(upload, UPLOADS)
    return {"codes": codes}


def _together(work: Callable[[int], None], count: int) -> None:
    """Do it so many times at once; what goes wrong in one of them ends the load."""
    with ThreadPoolExecutor(count) as threads:
        list(threads.map(work, range(count)))


def _post(connection: HTTPConnection, name: str, body: object) -> Any:
    connection.request("POST", _API + name, json.dumps(body), _JSON)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{name}: {answer.status} {content[:200]!r}")
    return json.loads(content)


def _create_run(connection: HTTPConnection, experiment: str) -> str:
    now = time.time_ns() // 1_000_000
    created = _post(connection, "runs/create", {"experiment_id": experiment, "start_time": now})
    run: str = created["run"]["info"]["run_id"]
    _post(connection, "runs/log-batch", {**_batch(run, 0), "params": _params()})
    return run


def _params() -> list[dict[str, str]]:
    return [{"key": f"param-{number}", "value": str(number)} for number in range(5)]


def _batch(run: str, step: int) -> dict[str, Any]:
    now = time.time_ns() // 1_000_000
    return {
        "run_id": run,
        "metrics": [
            {"key": f"metric-{number}", "value": step / 7, "timestamp": now, "step": step}
            for number in range(METRICS)
        ],
    }


def _search(experiment: str) -> dict[str, Any]:
    return {"experiment_ids": [experiment], "max_results": FOUND}


KINDS = {"mixed": mixed, "script": script, "uploads": uploads}

if __name__ == "__main__":
    kind, port, seconds, path = sys.argv[1:]
    json.dump(KINDS[kind](int(port), float(seconds), path), sys.stdout)
