"""Reserve the port before anything slow happens, and name who has it if it is taken."""

import contextlib
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

from studio.errors import HOST_UNUSABLE, StartRefused

_LINUX: bool = sys.platform == "linux"


def reserve(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen yet: connections are refused until the server is loaded.

    Port 0 takes any free one. Raises `StartRefused` 73 naming the holder of a taken port.
    """
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind((host, port))
        _ensure_nobody_listens(host, reserved.getsockname()[1])
    except OSError as exc:
        reserved.close()
        raise StartRefused(HOST_UNUSABLE, _explanation(host, port, exc)) from exc
    return reserved


def _ensure_nobody_listens(host: str, port: int) -> None:
    """With SO_REUSEADDR macOS lets a wildcard and a specific address share a port."""
    if _LINUX:
        return
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1" if host == "0.0.0.0" else host, port)) == 0:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _explanation(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EACCES:
        return f"port {port} may not be used by this user; choose one from 1024 up (STUDIO_PORT)"
    if error.errno != errno.EADDRINUSE:
        return f"port {port} on {host} cannot be used: {error.strerror}"
    holder = _holder(port)
    text = f"port {port} is taken{f' by {holder}' if holder else ''}."
    if sys.platform == "darwin" and port in (5000, 7000):
        text += (
            "\nOn macOS the AirPlay Receiver listens there: switch it off in System Settings "
            "(General, AirDrop & Handoff), or choose another port."
        )
    return (
        f"{text}\nChoose another one: STUDIO_PORT, `studioctl up --port` or `make run PORT=5001`."
    )


def _holder(port: int) -> str:
    return _holder_from_proc(port) if _LINUX else _holder_from_lsof(port)


def _holder_from_proc(port: int) -> str:
    inodes = _listening_inodes(port)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # another user's process, or one that just ended
            if _open_sockets(entry / "fd") & inodes:
                return f"{(entry / 'comm').read_text().strip()} (process {entry.name})"
    return "another user's process" if inodes else ""


def _open_sockets(descriptors: Path) -> set[str]:
    found = set()
    for descriptor in descriptors.iterdir():
        with contextlib.suppress(OSError):
            found.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
    return found


def _listening_inodes(port: int) -> set[str]:
    """/proc/net/tcp: the second field is the local address, the fourth the state (0A: listen)."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes


def _holder_from_lsof(port: int) -> str:
    command = ["lsof", "-nP", "-Fpc", f"-iTCP:{port}", "-sTCP:LISTEN"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = {line[0]: line[1:] for line in answer.stdout.splitlines() if line}
    return f"{found['c']} (process {found['p']})" if {"c", "p"} <= found.keys() else ""
