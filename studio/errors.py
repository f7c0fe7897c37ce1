"""What can end the runtime, each with the exit code that the documentation promises."""

import re
import signal

from studio import uris

STOPPED = 0
SETTING_INVALID = 64
DATABASE_UNREACHABLE = 69
HOST_UNUSABLE = 73
CONFLICT_REFUSED = 75
AUTHENTICATION_FAILED = 77
DATA_UNUSABLE = 78


class StartRefused(Exception):
    """The server does not start; nothing was changed. The text is for a tired person."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(uris.redact(text))
        self.code = code


def ended(code: int) -> str:
    """How a process ended, by the return code that `subprocess` gives.

    >>> ended(3), ended(-9)
    ('exit code 3', 'signal SIGKILL')
    """
    if code >= 0:
        return f"exit code {code}"
    names = {number.value: number.name for number in signal.Signals}
    return f"signal {names.get(-code, -code)}"


def one_line(error: BaseException) -> str:
    """The first line of an error's text, without passwords."""
    text = re.split(r"[\r\n]", str(error).strip(), maxsplit=1)[0]
    return uris.redact(text) or type(error).__name__
