"""Say why a Studio does not run, and what can be done about it: in sentences, from its description.

The words of the Platform are passed on, never interpreted: what decides is its codes.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.seqera.models import Studio

# The values of DataStudioStopReason in the Platform's OpenAPI description, release 1.187.
_STOP_REASONS = {
    "CREDITS_RUN_OUT": (
        "The organisation has no credits left for its sessions. Add credits, or use a compute\n"
        "environment in an account of your own."
    ),
    "LIFESPAN_EXPIRED": (
        "Its lifespan ended. For a server set session.lifespan: unlimited in the profile, and\n"
        "look at the workspace's own limit, which comes first."
    ),
    "SPOT_RECLAMATION": (
        "The cloud provider took the spot instance back. Start it again, or set\n"
        "session.spot: false in the profile."
    ),
    "NO_STATS_AVAIL": (
        "The Platform got no word from the session any more and gave it up. Its machine may have\n"
        "run out of memory or disk: give it more in the profile, and start it again."
    ),
}


def stop_reason(code: str | None) -> str:
    """Give the reason of a stop as a sentence with a remedy; nothing where none was given.

    >>> stop_reason("SOMETHING_NEW"), stop_reason(None)
    ('The Platform calls the reason SOMETHING_NEW.', '')
    """
    if not code:
        return ""
    return _STOP_REASONS.get(code, f"The Platform calls the reason {code}.")


def failure(studio: Studio) -> tuple[str, ...]:
    """Give all that is known about why a Studio ended, one fact a line, the most telling first."""
    lines = [plain(studio.message)] if studio.message else []
    lines += stop_reason(studio.stop_reason).splitlines()
    for step in studio.progress:
        if step.status == "errored":
            lines.append(f"The step that failed: {plain(step.message)}")
        if step.status == "errored" or step.warnings:
            lines += [f"  {plain(warning)}" for warning in step.warnings]
    if studio.build_url:
        lines.append(f"The build of its image: {studio.build_url}")
    return tuple(lines)


def command(verb: str, name: str | None, workspace_id: int | None, meaning: str = "") -> str:
    """Write a command for the shell of whoever reads it, with what it is for.

    >>> command("rollback", "my Studio", 71, "back to the old one")
    "studioctl rollback 'my Studio' -w 71  # back to the old one"
    """
    words = ["studioctl", verb, *([name] if name else [])]
    words += [] if workspace_id is None else ["-w", str(workspace_id)]
    return shlex.join(words) + (f"  # {meaning}" if meaning else "")


def plain(text: str) -> str:
    """Take out what could move the cursor of a terminal, and join the lines."""
    joined = " ".join(text.split())
    return "".join(c for c in joined if c.isprintable())
