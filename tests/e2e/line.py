"""A line between a client and a server that adds delay, counts bytes, and can be cut."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_CHUNK = 1 << 16


class Line:
    """Passes TCP connections on to a port of this machine."""

    def __init__(self, target: int, delay_s: float) -> None:
        self.delay_s = delay_s
        self.sent = 0
        self._target = target
        self._cut = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Drop every connection, and refuse new ones until `mend`."""
        self._cut.set()
        with self._lock:
            dropped, self._open = self._open, set()
        for end in dropped:
            _drop(end)

    def mend(self) -> None:
        """Let connections through again."""
        self._cut.clear()

    def close(self) -> None:
        self.cut()
        _drop(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        if self._cut.is_set():
            return _drop(client)
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=10)
        except OSError:
            return _drop(client)
        server.settimeout(None)
        with self._lock:
            was_cut = self._cut.is_set()  # while we were connecting
            if not was_cut:
                self._open |= {client, server}
        if was_cut:
            _drop(server)
            return _drop(client)
        threading.Thread(target=self._pass_on, args=(server, client), daemon=True).start()
        self._pass_on(client, server)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        """What the client sends is delayed: a request is one chunk or begins with one."""
        with contextlib.suppress(OSError):  # the line is cut, or an end has left
            upward = source.getpeername()[1] != self._target
            while data := source.recv(_CHUNK):
                if upward:
                    self.sent += len(data)
                    time.sleep(self.delay_s)
                target.sendall(data)
        for end in (source, target):
            with self._lock:
                self._open.discard(end)
            _drop(end)


def _drop(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def to(port: int, delay_s: float = 0.025) -> Iterator[Line]:
    """A line to a server on this machine."""
    line = Line(port, delay_s)
    try:
        yield line
    finally:
        line.close()
