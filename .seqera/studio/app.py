"""The application that the workers serve: MLflow, inside our layers.

Outermost first: access policy, the Studio's own pages, precompressed static files, compression of
JSON, and MLflow's FastAPI application with its own security checks on. `mlflow server --app-name
mlflow-studio` serves the same application (entry point group `mlflow.app`).
"""

import os
import sqlite3
import warnings
from typing import Any

from studio import assets, uris
from studio.middleware.access import guard
from studio.middleware.asgi import App, Receive, Scope, Send
from studio.middleware.compress import CompressMiddleware
from studio.middleware.policy import Policy, mlflow_allowed_hosts
from studio.middleware.static import StaticMiddleware
from studio.routes import StudioRoutes
from studio.settings import inside_image, read

# SQLite has one writer: more threads than this only wait for each other (p95 889 -> 228 ms).
_SQLITE_THREADS = 2


def create_app() -> App:
    """Build the application from the environment; MLflow reads its own names at import."""
    settings = read(os.environ, in_image=inside_image(), launched=False)
    policy = Policy(
        mode=settings.access_mode,
        port=settings.port,
        hosts=settings.hosts,
        origins=settings.origins,
        frame_ancestors=settings.frame_ancestors,
        frame_options=settings.frame_options,
    )
    os.environ["MLFLOW_SERVER_ALLOWED_HOSTS"] = mlflow_allowed_hosts(policy)
    with warnings.catch_warnings():
        # MLflow 3.17 imports a deprecated module of Starlette; a user can do nothing about it.
        warnings.filterwarnings("ignore", message="starlette.middleware.wsgi is deprecated")
        from mlflow.server.fastapi_app import app as mlflow_app
    from mlflow.version import VERSION

    _listen_to_sqlite()
    app: App = CompressMiddleware(mlflow_app)
    bundle = assets.load(assets.default_directory(), VERSION)
    if bundle:
        app = StaticMiddleware(app, bundle)
    app = StudioRoutes(app, settings, VERSION)
    return _Threads(guard(app, policy, settings.prefix))


class _Threads:
    """Limit the threads that serve MLflow's synchronous routes, once the event loop runs."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" and _uses_sqlite():
            import anyio.to_thread

            anyio.to_thread.current_default_thread_limiter().total_tokens = _SQLITE_THREADS
        await self.app(scope, receive, send)


def _uses_sqlite() -> bool:
    return uris.database(os.environ["_MLFLOW_SERVER_FILE_STORE"]).is_sqlite


def _listen_to_sqlite() -> None:
    """Let an acknowledged run survive a power cut: every commit is synced, whatever the default."""
    from sqlalchemy import Engine, event

    @event.listens_for(Engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = FULL")
