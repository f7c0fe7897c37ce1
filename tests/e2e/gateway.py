"""MLflow's gateway in front of a language model's provider that notes what it is asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.running import Answer, Studio

API = "/api/3.0/mlflow/gateway"
# MLflow calls no private address unless it is told to.
A_PROVIDER_ON_LOOPBACK = {
    "MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS": "true",
    "MLFLOW_GATEWAY_API_BASE_ALLOWED_SCHEMES": "http",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that reached the other side."""

    headers: Message
    body: bytes

    @property
    def key(self) -> str:
        return self.headers["Authorization"].removeprefix("Bearer ")

    @property
    def model(self) -> str:
        return str(json.loads(self.body)["model"])


class Listener(ThreadingHTTPServer):
    """Answers every POST as OpenAI's chat would, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Reply)
        self.asked: list[Asked] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Reply(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(Asked(self.headers, body))
        message = {"role": "assistant", "content": "four"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = json.dumps(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1700000000,
                "model": "stand-in",
                "choices": [choice],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[Listener]:
    """A running listener."""
    listener = Listener()
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield listener
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def add_endpoint(studio: Studio, name: str, provider: str, key: str = "sk-none") -> None:
    """Tell MLflow about a model called `<name>-model` at a provider, as endpoint `name`."""
    secret = _post(
        studio,
        "secrets/create",
        secret_name=f"{name}-key",
        secret_value={"api_key": key},
        provider="openai",
        auth_config={"api_base": provider},
    )["secret"]["secret_id"]
    model = _post(
        studio,
        "model-definitions/create",
        name=f"{name}-definition",
        secret_id=secret,
        provider="openai",
        model_name=f"{name}-model",
    )["model_definition"]["model_definition_id"]
    _post(
        studio,
        "endpoints/create",
        name=name,
        model_configs=[{"model_definition_id": model, "linkage_type": "PRIMARY", "weight": 1}],
        usage_tracking=False,
    )


def ask(studio: Studio, name: str) -> Answer:
    """Put one question to an endpoint."""
    question = {"messages": [{"role": "user", "content": "how many?"}]}
    return studio.request(f"/gateway/{name}/mlflow/invocations", question)


def _post(studio: Studio, path: str, **body: object) -> dict[str, dict[str, str]]:
    answer = studio.request(f"{API}/{path}", body)
    assert answer.code == 200, answer.text
    found: dict[str, dict[str, str]] = answer.json()
    return found
