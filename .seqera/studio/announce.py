"""Ask the started server whether it is ready, and print what it says of itself."""

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from studio import status

_ASK_EVERY_S = 0.05
_SAY_EVERY_S = 30.0
Log = Callable[[str], None]


def when_ready(port: int, address: str, log: Log) -> Callable[[], None]:
    """What to call at each start of the server: once it is ready, its account of itself is printed.

    A server that falls before it is ready is started again: whoever waits then waits for that one.
    """
    waiting = threading.Lock()

    def wait() -> None:
        try:
            _print(port, address, log)
        finally:
            waiting.release()

    def started() -> None:
        if waiting.acquire(blocking=False):
            threading.Thread(target=wait, daemon=True).start()

    return started


def _print(port: int, address: str, log: Log) -> None:
    started = said = time.monotonic()
    while True:
        code, answer = ask(port, "/studio/ready")
        if code == 200:
            break
        now = time.monotonic()
        if now - said >= _SAY_EVERY_S:
            said = now
            log(f"not ready after {now - started:.0f} s: {_reason(code, answer)}")
        time.sleep(_ASK_EVERY_S if code is None else 1)
    code, document = ask(port, "/studio/status")
    if code == 200:
        for line in (*status.start_lines(document), *document["warnings"]):
            log(line)
    log(f"MLflow Studio is ready: {address}")


def _reason(code: int | None, answer: dict[str, Any]) -> str:
    if code is None:
        return "the server is still loading"
    stores = (
        f"{name}: {answer[name]}" for name in ("database", "artifacts") if answer.get(name) != "ok"
    )
    return "; ".join(stores) or f"it answers {code}"


def ask(port: int, path: str, limit_s: float = 30.0) -> tuple[int | None, dict[str, Any]]:
    """GET one of our own JSON pages; (None, {}) while nobody listens.

    By hand, because `http.client` would make this small process a third larger.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=limit_s) as connection:
            connection.sendall(request.encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), json.loads(body)
    except (OSError, ValueError, IndexError):
        return None, {}
