"""Start, stop and the death of each process, with real ones."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running import (
    Studio,
    copy_database,
    descendants,
    is_alive,
    running,
    shared_memory,
    start,
    wait_until,
)

pytestmark = pytest.mark.mlflow
Start = Callable[..., Studio]


def children(studio: Studio) -> list[int]:
    return descendants(studio.process.pid)


def arbiter(studio: Studio) -> int:
    tree = {pid: descendants(pid) for pid in children(studio)}
    return next(pid for pid, below in tree.items() if below)


def workers(studio: Studio) -> list[int]:
    return descendants(arbiter(studio))


def both_workers(studio: Studio) -> list[int]:
    """The first may say that it is ready before gunicorn has started the second."""
    wait_until(lambda: len(workers(studio)) >= 2, 5)
    return workers(studio)


def test_a_fresh_home_serves_24_first_requests_at_once(tmp_path: Path) -> None:
    with running(tmp_path / "home") as studio:
        codes: list[int] = []
        search = {"max_results": 5}
        path = "/api/2.0/mlflow/experiments/search"
        threads = [
            threading.Thread(target=lambda: codes.append(studio.request(path, search).code))
            for _ in range(24)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert codes == [200] * 24


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: Path
) -> Iterator[Studio]:
    """A server for tests that only look."""
    home = copy_database(migrated_database, tmp_path_factory.mktemp("undisturbed") / "home")
    with running(home, {"STUDIO_WORKERS": "2"}) as studio:
        yield studio


def test_only_the_arbiter_and_the_workers_run(undisturbed: Studio) -> None:
    both_workers(undisturbed)
    assert len(children(undisturbed)) == 1 + 2


def test_the_parent_stays_small_and_imports_no_mlflow(undisturbed: Studio) -> None:
    studio = undisturbed
    process = Path("/proc") / str(studio.process.pid)
    rollup = dict(
        line.split(":") for line in (process / "smaps_rollup").read_text().splitlines()[1:]
    )
    assert int(rollup["Pss"].split()[0]) < 20_000
    assert "mlflow/" not in (process / "maps").read_text()


def test_a_second_server_on_the_same_home_is_refused(undisturbed: Studio) -> None:
    second = start(undisturbed.home)
    assert second.wait() == 73
    assert f"process {undisturbed.process.pid}" in second.log
    assert undisturbed.request("/studio/ready").code == 200


def test_sigterm_lets_an_upload_finish_and_ends_everything(start_studio: Start) -> None:
    studio = start_studio()
    pids = children(studio)
    idle = socket.create_connection(("127.0.0.1", studio.port))
    upload = socket.create_connection(("127.0.0.1", studio.port))
    upload.sendall(
        f"PUT /api/2.0/mlflow-artifacts/artifacts/slow.bin HTTP/1.1\r\n"
        f"Host: localhost:{studio.port}\r\nContent-Length: 30\r\n\r\n".encode()
    )
    upload.sendall(b"0123456789")
    started = time.monotonic()
    studio.process.send_signal(signal.SIGTERM)
    studio.wait_for_line("stopping")
    for _ in range(2):
        time.sleep(1)  # the client is slow: that is what is tested
        upload.sendall(b"0123456789")
    answer = upload.recv(4096)
    assert answer.startswith(b"HTTP/1.1 200")
    assert studio.wait() == 0
    assert time.monotonic() - started < 10
    idle.close()
    upload.close()
    wait_until(lambda: not any(map(is_alive, pids)), 5)
    assert (studio.home / "mlruns" / "slow.bin").read_bytes() == b"0123456789" * 3


def test_a_client_that_never_finishes_does_not_hold_up_the_stop(start_studio: Start) -> None:
    studio = start_studio()
    pids = children(studio)
    with socket.create_connection(("127.0.0.1", studio.port)) as upload:
        upload.sendall(
            f"PUT /api/2.0/mlflow-artifacts/artifacts/never.bin HTTP/1.1\r\n"
            f"Host: localhost:{studio.port}\r\nContent-Length: 30\r\n\r\n0123".encode()
        )
        started = time.monotonic()
        assert studio.stop() == 0
        assert time.monotonic() - started < 14
    wait_until(lambda: not any(map(is_alive, pids)), 5)


def test_ctrl_c_in_a_terminal_stops_cleanly(start_studio: Start) -> None:
    studio = start_studio()
    assert studio.stop(signal.SIGINT) == 0
    assert "Traceback" not in studio.log
    assert studio.log.rstrip().endswith("stopped")


def test_a_killed_worker_is_replaced(start_studio: Start) -> None:
    studio = start_studio({"STUDIO_WORKERS": "2"})
    before = both_workers(studio)
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len(set(workers(studio)) - set(before)) == 1, 20)
    assert [studio.request("/version").code for _ in range(5)] == [200] * 5


def test_a_killed_arbiter_is_replaced_and_leaves_no_workers(start_studio: Start) -> None:
    studio = start_studio()
    old_arbiter, old_workers = arbiter(studio), workers(studio)
    os.kill(old_arbiter, signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, old_workers)), 15)
    wait_until(lambda: studio.log.count("is ready: ") == 2, 30)
    assert studio.request("/studio/ready").code == 200
    assert studio.stop() == 0


def test_a_killed_parent_leaves_nothing_behind(start_studio: Start) -> None:
    studio = start_studio()
    pids = children(studio)
    studio.process.kill()
    wait_until(lambda: not any(map(is_alive, pids)), 15)
    with socket.socket() as port:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port.bind(("127.0.0.1", studio.port))


def test_nothing_is_written_outside_the_home(tmp_path: Path, home: Path) -> None:
    user, temporary, cwd = tmp_path / "user", tmp_path / "tmp", tmp_path / "cwd"
    for folder in (user, temporary, cwd):
        folder.mkdir()
    shared = shared_memory()
    env = {"HOME": str(user), "TMPDIR": str(temporary), "XDG_RUNTIME_DIR": str(user)}
    studio = start(home, env, cwd=cwd)
    studio.wait_ready()
    assert studio.request("/api/2.0/mlflow/runs/create", {"experiment_id": "0"}).code == 200
    assert studio.request("/ajax-api/3.0/mlflow/assistant/config").code == 200
    assert studio.stop() == 0
    assert [path for folder in (user, temporary, cwd) for path in folder.rglob("*")] == []
    assert shared_memory() <= shared
