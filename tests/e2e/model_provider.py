"""A language model's provider on loopback, speaking OpenAI's protocol, that says a word at a time.

Each further word waits until `go_on` is called: a client that sees the first one before that proves
that nothing on the way holds the stream back.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = ("four", "variants", "found")
_LONGEST_S = 60


class Provider(ThreadingHTTPServer):
    """Answers every POST with the words, as server-sent events."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.permits = threading.Semaphore(1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def go_on(self) -> None:
        """Let one more word out."""
        self.permits.release()


class _Answer(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for word in WORDS:
            if not self.server.permits.acquire(timeout=_LONGEST_S):
                return
            self._send(json.dumps(_chunk(word)))
        self._send("[DONE]")

    def _send(self, data: str) -> None:
        self.wfile.write(f"data: {data}\n\n".encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _chunk(word: str) -> dict[str, object]:
    choice = {"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "stand-in",
        "choices": [choice],
    }


@contextmanager
def providing() -> Iterator[Provider]:
    """A running provider."""
    provider = Provider()
    thread = threading.Thread(target=provider.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        provider.shutdown()
        thread.join()
        provider.server_close()
