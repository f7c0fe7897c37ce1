"""What the fake Platform refuses in a Studio's definition."""

import re
from typing import Any

from tests.fakes.validation import Refusal

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LONGEST_NAME, LONGEST_DESCRIPTION = 80, 2048
NUMBERS = ("cpu", "gpu", "memory", "lifespanHours")


def name(text: Any) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_NAME:
        raise Refusal(400, f"Invalid Studio name: {text}")
    return text


def description(text: Any) -> str | None:
    if text is not None and len(text) > LONGEST_DESCRIPTION:
        raise Refusal(400, "The description is too long")
    return text or None


def configuration(sent: Any) -> dict[str, Any]:
    """Give a configuration as it is kept: without what was null."""
    if not isinstance(sent, dict):
        # Terraform's provider always sends one, since the server takes nothing else.
        raise Refusal(400, "Missing Studio configuration")
    kept = {key: value for key, value in sent.items() if value is not None}
    for key in NUMBERS:
        number = kept.get(key, 0)
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise Refusal(400, f"Invalid value for '{key}': {number}")
    for key, value in (kept.get("environment") or {}).items():
        if not NAME.fullmatch(key) or not isinstance(value, str):
            raise Refusal(400, f"Invalid environment variable name: '{key}'")
    return kept
