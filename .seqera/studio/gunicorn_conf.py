"""gunicorn's settings (its configuration file format: module-level names).

The supervisor hands over a bound socket; preloading makes the start independent of the number of
workers. Keep-alive must outlast that of a pooling proxy, else a request meets a closing connection.
"""

import gc
import os
import tempfile
from pathlib import Path
from typing import Any

from studio import lifetime
from studio.server import DRAIN_S

lifetime.die_with_parent()
# MLflow's imports make hardly any garbage: looking for it would take a third of the start.
gc.disable()

bind = f"fd://{os.environ['_STUDIO_SOCKET']}"
workers = int(os.environ["_STUDIO_WORKER_COUNT"])
worker_class = "studio.worker.StudioWorker"
preload_app = True
timeout = 120
graceful_timeout = DRAIN_S
keepalive = 75
# A heartbeat file on a slow disk could stall a worker; memory is where it belongs.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir()
# By default gunicorn opens a control socket in HOME, which may be read-only or a mount.
control_socket_disable = True
loglevel = "warning"
# gunicorn puts this folder on the module path; the user's working directory must not be there.
chdir = str(Path(os.environ["STUDIO_HOME"]) / "run")


def when_ready(server: Any) -> None:
    """Freeze what was imported, so that the workers' garbage collector leaves it shared."""
    gc.freeze()
    gc.enable()
