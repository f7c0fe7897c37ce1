"""The application that the workers serve: MLflow, inside our layers.

Outermost first: access policy, the Studio's own pages, precompressed static files, compression of
JSON, and MLflow's FastAPI application with its own security checks on. `mlflow server --app-name
mlflow-studio` serves the same application (entry point group `mlflow.app`).
"""

import logging
import os
import sqlite3
import warnings
from typing import Any

from studio import assets, locations, uris
from studio.middleware import bridge
from studio.middleware.access import guard
from studio.middleware.asgi import App
from studio.middleware.bridge import WSGI, Bridge
from studio.middleware.compress import CompressMiddleware
from studio.middleware.policy import Policy, mlflow_allowed_hosts
from studio.middleware.static import StaticMiddleware
from studio.middleware.turns import Turns
from studio.routes import StudioRoutes
from studio.settings import inside_image, read

log = logging.getLogger(__name__)
_THREADS = 40  # as many as MLflow's own bridge has


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
        from mlflow.server import handlers
        from mlflow.server.fastapi_app import app as mlflow_app
    from mlflow.version import VERSION

    _listen_to_sqlite()
    if not bridge.replace(mlflow_app, _bridge):
        log.warning("MLflow %s keeps its own WSGI bridge", VERSION)
    if settings.in_image and settings.serve_artifacts and not locations.refuse_folders(handlers):
        log.warning("MLflow %s accepts folders as artifact locations", VERSION)
    app: App = CompressMiddleware(mlflow_app)
    bundle = assets.load(mlflow_version=VERSION)
    if bundle:
        app = StaticMiddleware(app, bundle)
    app = StudioRoutes(app, settings, VERSION)
    return guard(app, policy, settings.prefix)


def _bridge(flask: WSGI) -> App:
    """SQLite has one writer: threads side by side only wait for each other and for Python."""
    return Bridge(flask, _THREADS, Turns(1).turn) if _uses_sqlite() else Bridge(flask, _THREADS)


def _uses_sqlite() -> bool:
    return uris.database(os.environ["_MLFLOW_SERVER_FILE_STORE"]).is_sqlite


def _listen_to_sqlite() -> None:
    """Let an acknowledged run survive a power cut: every commit is synced, whatever the default."""
    from sqlalchemy import Engine, event

    @event.listens_for(Engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = FULL")
