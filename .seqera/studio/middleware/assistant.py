"""Close MLflow's coding assistant to everybody but the person at this machine.

It runs shell commands and writes files on the server for any client with a loopback address.
"""

import re
from urllib.parse import unquote

from studio.middleware.refusal import Refusal

# The interface asks for these two on every page; without a local client they hold nothing private.
_OPEN = frozenset(f"/ajax-api/3.0/mlflow/assistant/{name}" for name in ("config", "providers"))
_ASSISTANT = re.compile(r"(^|/)(ajax-api|api)/[^/]*/mlflow/assistant(/|$)")


def judge(method: str, path: str) -> Refusal | None:
    """Refuse whatever could be read as the assistant's path.

    MLflow's router compares exactly; this is wider on purpose, since a router that folds case,
    slashes or escapes in a later release must not reopen it.
    """
    if method == "GET" and path in _OPEN:
        return None
    if _ASSISTANT.search(_plain(path)):
        return Refusal(403, "The assistant is only for the person at the machine that runs MLflow.")
    return None


def _plain(path: str) -> str:
    """The path in lower case, unescaped, with dots and repeated slashes resolved."""
    for _ in range(4):  # a limit, as each round costs as much as the path is long
        path = unquote(path)
    segments: list[str] = []
    for segment in path.lower().replace("\\", "/").split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return "/".join(segments)
