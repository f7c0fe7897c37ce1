"""The supervisor with small children of its own: scripts that note what happens to them."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running import descendants, is_alive, wait_until

RUN = """
import sys
from studio import supervisor
from studio.server import Command
from studio.supervisor import Child, Supervisor

supervisor.FINAL_PUBLISH_S, supervisor._GRACE_S = {final_s}, 0.1
supervisor._BACKOFF_S = (0.1, 0.2, 0.3)
children = {children}
code = Supervisor(children, lambda line: print(line, flush=True)).run()
sys.exit(code)
"""


MISSING = "# a program that is not there"

Supervise = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Supervise]:
    started: list[subprocess.Popen[bytes]] = []

    def start(final_s: float = 8, /, **scripts: str) -> subprocess.Popen[bytes]:
        listed = []
        for name, script in scripts.items():
            file = tmp_path / f"{name}.py"
            file.write_text("import os, signal, sys, time\n" + textwrap.dedent(script))
            program = "/missing" if script == MISSING else sys.executable
            argv = (program, str(file), str(tmp_path))
            vital = name == "server"
            env = dict(os.environ)
            command = f"Command({name!r}, {argv!r}, {env!r})"
            once = f"Command({name!r}, {(*argv, 'once')!r}, {env!r})"
            final = once if name == "publisher" else None
            brief = name == "lookout"
            listed.append(f"Child({command}, vital={vital}, brief={brief}, final={final})")
        code = RUN.format(final_s=final_s, children=f"[{', '.join(listed)}]")
        output = (tmp_path / "log").open("wb")
        process = subprocess.Popen([sys.executable, "-c", code], stdout=output, stderr=output)
        output.close()
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            for pid in [*descendants(process.pid), process.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait(10)


# It waits for the signal, and is not interrupted by it: an exception in a finalizer would be lost.
NOTES_ITS_END = """
    name = os.path.basename(__file__)[:-3]
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    with open(sys.argv[1] + "/" + name + ".up", "a") as ready:
        ready.write("x")
    signal.sigwait({signal.SIGTERM})
    with open(sys.argv[1] + "/ends", "a") as notes:
        notes.write(name + "\\n")
"""


def up(tmp_path: Path, name: str) -> int:
    file = tmp_path / f"{name}.up"
    return len(file.read_text()) if file.exists() else 0


def log(tmp_path: Path) -> str:
    return (tmp_path / "log").read_text()


def test_the_server_ends_before_the_publisher(tmp_path: Path, supervise: Supervise) -> None:
    process = supervise(publisher=NOTES_ITS_END, server=NOTES_ITS_END)
    wait_until(lambda: up(tmp_path, "server") and up(tmp_path, "publisher"), 10)
    process.terminate()
    assert process.wait(10) == 0
    assert (tmp_path / "ends").read_text().split() == ["server", "publisher"]


def test_a_closed_terminal_is_nothing_to_a_server_that_nohup_has_started(
    tmp_path: Path, supervise: Supervise
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = supervise(server=NOTES_ITS_END)
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_until(lambda: up(tmp_path, "server"), 10)
    status = Path(f"/proc/{process.pid}/status").read_text()
    (ignored,) = re.findall(r"^SigIgn:\s*(\w+)$", status, re.MULTILINE)
    assert int(ignored, 16) >> signal.SIGHUP - 1 & 1


def test_a_dead_child_is_started_again_and_it_is_said(tmp_path: Path, supervise: Supervise) -> None:
    process = supervise(server=NOTES_ITS_END, publisher=NOTES_ITS_END)
    wait_until(lambda: up(tmp_path, "publisher"), 10)
    victim = next(
        pid
        for pid in descendants(process.pid)
        if "publisher" in Path(f"/proc/{pid}/cmdline").read_text()
    )
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: up(tmp_path, "publisher") == 2, 10)
    assert "the publisher ended unexpectedly (signal SIGKILL)" in log(tmp_path)
    assert up(tmp_path, "server") == 1


def test_a_server_that_keeps_failing_ends_everything(tmp_path: Path, supervise: Supervise) -> None:
    process = supervise(server="sys.exit(3)", publisher=NOTES_ITS_END)
    assert process.wait(30) == 1
    assert "failed 5 times in a row; giving up" in log(tmp_path)
    assert log(tmp_path).count("exit code 3") == 4
    assert (tmp_path / "ends").read_text().split() == ["publisher"]


def test_a_publisher_that_keeps_failing_does_not_take_the_server_down(
    tmp_path: Path,
    supervise: Supervise,
) -> None:
    process = supervise(server=NOTES_ITS_END, publisher="sys.exit(1)")
    wait_until(lambda: log(tmp_path).count("the publisher ended") >= 3, 20)
    assert process.poll() is None


def test_what_ignores_the_signal_is_killed_with_all_of_its_group(
    tmp_path: Path, supervise: Supervise
) -> None:
    deaf = """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = os.fork()
        open(sys.argv[1] + "/server.up", "a").write("x")
        while True:
            time.sleep(60)
    """
    process = supervise(server=deaf)
    wait_until(lambda: up(tmp_path, "server") == 2, 10)
    pids = descendants(process.pid)
    assert len(pids) == 2
    began = time.monotonic()
    process.terminate()
    wait_until(lambda: "stopping" in log(tmp_path), 10)
    # Signals that come together are one stop; a later one cuts the wait short.
    wait_until(lambda: process.poll() is not None or process.terminate(), 8)
    assert process.returncode == 0
    assert time.monotonic() - began > 0.9
    wait_until(lambda: not any(map(is_alive, pids)), 5)
    assert "did not end in time; it is killed" in log(tmp_path)


def test_orphans_of_a_child_are_reaped(tmp_path: Path, supervise: Supervise) -> None:
    forks = """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(0.2)
            os._exit(0)
        os.wait()
        open(sys.argv[1] + "/server.up", "a").write("x")
        while True:
            time.sleep(60)
    """
    process = supervise(server=forks)
    wait_until(lambda: up(tmp_path, "server"), 10)
    wait_until(lambda: len(descendants(process.pid)) == 1, 10)


def test_a_child_that_ties_its_life_to_ours_dies_with_us(
    tmp_path: Path, supervise: Supervise
) -> None:
    tied = "from studio.lifetime import die_with_parent\ndie_with_parent()\n" + textwrap.dedent(
        NOTES_ITS_END
    )
    process = supervise(server=tied)
    wait_until(lambda: up(tmp_path, "server"), 10)
    (pid,) = descendants(process.pid)
    process.kill()
    process.wait(10)
    wait_until(lambda: not is_alive(pid), 5)


def test_what_a_dead_publisher_left_is_published_at_the_stop(
    tmp_path: Path, supervise: Supervise
) -> None:
    fails_while_running = """
        if "once" in sys.argv:
            open(sys.argv[1] + "/ends", "a").write("published once\\n")
            sys.exit(0)
        sys.exit(1)
    """
    process = supervise(server=NOTES_ITS_END, publisher=fails_while_running)
    wait_until(lambda: log(tmp_path).count("the publisher ended") >= 3, 20)
    wait_until(lambda: up(tmp_path, "server"), 10)
    process.terminate()
    assert process.wait(15) == 0
    assert (tmp_path / "ends").read_text().split("\n") == ["server", "published once", ""]


def test_a_publisher_that_is_too_young_to_listen_is_replaced_at_the_stop(
    tmp_path: Path,
    supervise: Supervise,
) -> None:
    young = """
        if "once" in sys.argv:
            open(sys.argv[1] + "/ends", "a").write("published once\\n")
            sys.exit(0)
        open(sys.argv[1] + "/publisher.up", "a").write("x")
        time.sleep(60)
    """
    process = supervise(server=NOTES_ITS_END, publisher=young)
    wait_until(lambda: up(tmp_path, "server") and up(tmp_path, "publisher"), 10)
    process.terminate()
    assert process.wait(10) == 0
    assert (tmp_path / "ends").read_text().split("\n") == ["server", "published once", ""]
    assert "NOT published" not in log(tmp_path)


def test_a_last_publish_that_fails_is_said(tmp_path: Path, supervise: Supervise) -> None:
    process = supervise(server=NOTES_ITS_END, publisher="sys.exit(3)")
    wait_until(lambda: up(tmp_path, "server") and "the publisher ended" in log(tmp_path), 10)
    process.terminate()
    assert process.wait(10) == 0
    said = "the publisher ended unexpectedly (exit code 3); the newest changes are NOT published"
    assert said in log(tmp_path)


def test_a_child_that_cannot_be_started_does_not_take_the_others_down(
    tmp_path: Path,
    supervise: Supervise,
) -> None:
    process = supervise(lookout=MISSING, server=NOTES_ITS_END, publisher=MISSING)
    wait_until(lambda: log(tmp_path).count("the publisher could not be started") >= 3, 20)
    assert "could not be started (No such file or directory); it starts again in" in log(tmp_path)
    assert log(tmp_path).count("the lookout could not be started") == 1
    wait_until(lambda: up(tmp_path, "server") == 1, 10)
    process.terminate()
    assert process.wait(10) == 0
    assert "(No such file or directory); the newest changes are NOT published" in log(tmp_path)


DEAF = """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(sys.argv[1] + "/" + os.path.basename(__file__)[:-3] + ".up", "a").write("x")
    while True:
        time.sleep(60)
"""


def test_a_publisher_that_does_not_end_is_said_to_have_left_something(
    tmp_path: Path,
    supervise: Supervise,
) -> None:
    process = supervise(0.5, server=NOTES_ITS_END, publisher=DEAF)
    wait_until(lambda: up(tmp_path, "server") and up(tmp_path, "publisher"), 10)
    process.terminate()
    assert process.wait(10) == 0
    said = "the publisher did not end in time; it is killed; the newest changes are NOT published"
    assert said in log(tmp_path)
    assert log(tmp_path).rstrip().endswith("stopped")


@pytest.mark.parametrize(("code", "said"), [(0, False), (3, True)])
def test_a_brief_child_is_not_started_again(
    tmp_path: Path,
    supervise: Supervise,
    code: int,
    said: bool,
) -> None:
    brief = f"""
        open(sys.argv[1] + "/lookout.up", "a").write("x")
        sys.exit({code})
    """
    process = supervise(server=NOTES_ITS_END, lookout=brief)
    wait_until(lambda: up(tmp_path, "lookout") and up(tmp_path, "server"), 10)
    wait_until(lambda: len(descendants(process.pid)) == 1, 10)
    # A stop between its end and this line would keep the line back.
    wait_until(lambda: not said or "the lookout ended" in log(tmp_path), 10)
    process.terminate()
    assert process.wait(10) == 0
    assert up(tmp_path, "lookout") == 1
    assert ("the lookout ended unexpectedly (exit code 3)" in log(tmp_path)) is said
    assert "starts again" not in log(tmp_path)


def test_a_brief_child_does_not_hold_up_the_stop(tmp_path: Path, supervise: Supervise) -> None:
    process = supervise(server=NOTES_ITS_END, lookout=DEAF)
    wait_until(lambda: up(tmp_path, "lookout") and up(tmp_path, "server"), 10)
    pids = descendants(process.pid)
    process.terminate()
    assert process.wait(5) == 0
    assert "did not end in time" not in log(tmp_path)
    wait_until(lambda: not any(map(is_alive, pids)), 5)
