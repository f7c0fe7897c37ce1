"""Processes as the kernel sees them: who belongs to a server, how much memory and time they use."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

MARK = "BENCH_SERVER"


def marked(name: str) -> list[int]:
    """The processes that have `BENCH_SERVER=<name>` in the environment they were started with.

    Every child inherits it, also those that have lost their parent since.
    """
    wanted = f"{MARK}={name}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def pss_mb(pid: int) -> float:
    """A process's memory; what it shares is counted in proportion. 0 for one that has ended."""
    with contextlib.suppress(OSError):
        for line in (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def peak_mb(pid: int) -> float:
    """The most memory that a process has had resident, mapped files included; 0 once it ended."""
    with contextlib.suppress(OSError):
        for line in (Path("/proc") / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def memory(pids: Iterable[int]) -> Mapping[int, float]:
    """Megabytes by process, without those that have ended."""
    return {pid: size for pid in pids if (size := pss_mb(pid))}


def cpu_s(pids: Iterable[int]) -> float:
    """The processor time that all of them have used so far."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def machine_cpu_s() -> float:
    """The processor time that everything on this machine has used so far."""
    user, nice, system, _idle, _iowait, irq, softirq, *_ = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    )
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def end(name: str, limit_s: float = 10) -> None:
    """Kill what is left of a server, by process id, and wait until it has gone."""
    deadline = time.monotonic() + limit_s
    while (left := marked(name)) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
