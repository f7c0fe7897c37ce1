"""The container's entry, `python -m studio`: settings, storage, supervision, and nothing else."""

import contextlib
import os
import signal
import sys
import time
from types import FrameType

from studio import __version__, alarms, announce
from studio.data_files import wait_for_files
from studio.errors import SETTING_INVALID, StartRefused
from studio.prepare import Launch, prepare
from studio.settings import InvalidSettings, Settings, inside_image, read, resolve_files
from studio.supervisor import Supervisor


def main() -> int:
    """Run the server until it is told to stop; the exit codes are those of `studio.errors`."""
    # As process 1 a signal without a handler is ignored, and the Platform would wait for 30 s.
    signal.signal(signal.SIGTERM, _leave)
    try:
        env = dict(os.environ)
        in_image = inside_image()
        log(f"MLflow Studio {__version__} starts")
        wait_for_files(env, log)
        env = resolve_files(env)
        settings = read(env, in_image=in_image)
        launch = prepare(settings, env, log)
    except InvalidSettings as exc:
        for problem in exc.problems:
            log(f"error: {problem}")
        return SETTING_INVALID
    except StartRefused as exc:
        if str(exc):
            log(f"error: {exc}")
        return exc.code
    except KeyboardInterrupt:
        return 0
    _announce(launch, settings)
    alarms.watch(settings.home, log)
    return Supervisor(launch.children, log).run()


def _announce(launch: Launch, settings: Settings) -> None:
    address = f"http://localhost:{launch.port}{settings.prefix}/"
    if settings.in_session:
        address = f"port {launch.port}, at the address that the Platform shows for this Studio"
    launch.children[0].on_start = announce.when_ready(launch.port, address, log)


def log(text: str) -> None:
    """Print to stderr, with the time where nobody is watching."""
    stamp = "" if sys.stderr.isatty() else time.strftime("%Y-%m-%dT%H:%M:%SZ ", time.gmtime())
    with contextlib.suppress(OSError):  # a closed terminal must not end the server in its own way
        print(f"{stamp}{text}", file=sys.stderr, flush=True)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
