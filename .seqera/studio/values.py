"""Turn the text of one variable into its value; a `ValueError` says what was expected."""

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from studio import uris
from studio.snapshots.layout import State


def database(text: str) -> uris.Database:
    """A relative SQLite path counts from where the server was started, as with `mlflow server`."""
    found = uris.database(text)
    if found.path is None or Path(found.path).is_absolute():
        return found
    path = Path(found.path).absolute()
    return replace(found, uri=uris.of_file(path), path=str(path))


def integer(low: int, high: int) -> Callable[[str], int]:
    """A whole number within limits, both included."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(text)

    return parse


def seconds(low: float, high: float) -> Callable[[str], float]:
    """A number of seconds within limits, with or without its unit."""

    def parse(text: str) -> float:
        try:
            value = float(text.removesuffix("s"))
        except ValueError:
            value = low - 1
        if not low <= value <= high:  # False for NaN too
            raise ValueError(f"expected seconds from {low:g} to {high:g}")
        return value

    return parse


def boolean(text: str) -> bool:
    """`true` or `1`, `false` or `0`."""
    if text.lower() not in {"true", "false", "1", "0"}:
        raise ValueError("expected true or false")
    return text.lower() in {"true", "1"}


def choice(*words: str, fold: Callable[[str], str] = str.lower) -> Callable[[str], str]:
    """One of the words, whatever its case."""

    def parse(text: str) -> str:
        if fold(text) not in words:
            raise ValueError(f"expected {' or '.join(words)}")
        return fold(text)

    return parse


def folder(text: str) -> Path:
    """An absolute path; a relative one counts from the working directory."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as exc:  # ~somebody
        raise ValueError("there is no such user, or nobody knows their home folder") from exc


def readable_file(text: str) -> Path:
    """The absolute path of a file that can be read."""
    try:
        with Path(text).open("rb"):
            return Path(text).absolute()
    except FileNotFoundError as exc:
        raise ValueError("there is no such file") from exc
    except OSError as exc:
        raise ValueError(f"the file cannot be read: {exc.strerror}") from exc


def webhook_key(text: str) -> str:
    """MLflow makes a cipher of it while it is imported, and a worker that cannot would crash."""
    try:
        fits = len(base64.b64decode(text, altchars=b"-_", validate=True)) == 32
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("expected 32 bytes in URL-safe base64, as `Fernet.generate_key()` gives")
    return text


def link_name(text: str) -> str:
    """The name of a data link."""
    if "/" in text or text in {".", ".."}:
        raise ValueError("expected the name of a data link, not a path")
    return text


def state(text: str) -> str:
    """A published state, as `<session>/<number>`."""
    try:
        return str(State.parse(text))
    except ValueError as exc:
        raise ValueError(
            "expected <session>/<number>, as the log and /studio/status print it"
        ) from exc
