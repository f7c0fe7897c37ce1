"""The gunicorn worker: uvicorn's, that also ends when its arbiter is gone."""

import os
import signal
from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker

from studio import lifetime
from studio.middleware.protocol import WholeTargetProtocol
from studio.server import DRAIN_S


class StudioWorker(UvicornWorker):  # type: ignore[misc]  # uvicorn-worker ships no types
    """uvicorn under gunicorn. Forwarded headers are read by the access layer, not by uvicorn.

    uvicorn-worker 0.4 never compares its parent's process id, so a killed arbiter would leave
    workers that go on answering and writing (gunicorn's own worker classes do compare it).
    """

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "auto",
        "http": WholeTargetProtocol,
        "ws": "none",
        "lifespan": "on",
        "server_header": False,
        "date_header": True,
        "proxy_headers": False,
        "access_log": False,
        "timeout_graceful_shutdown": DRAIN_S - 1,
    }

    def init_process(self) -> None:
        lifetime.die_with_parent(self.ppid)
        super().init_process()

    async def callback_notify(self) -> None:
        await super().callback_notify()
        if os.getppid() != self.ppid:
            os.kill(os.getpid(), signal.SIGTERM)
