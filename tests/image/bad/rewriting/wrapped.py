"""MLflow's application, told that every request is for localhost."""

from collections.abc import Callable
from typing import Any

from mlflow.server.fastapi_app import app as mlflow_app


async def app(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    """Replace the Host header, as a proxy's client is a stranger to MLflow."""
    if scope["type"] == "http":
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        scope = {**scope, "headers": [*others, (b"host", b"localhost:8080")]}
    await mlflow_app(scope, receive, send)
