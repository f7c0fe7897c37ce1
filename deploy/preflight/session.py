"""Check what a profile asks of the session: its lifespan, environment, name and labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from deploy.planning.desired import LABEL, LONGEST_LABEL, OURS, is_ours, revealed
from deploy.preflight.findings import Finding, error, ok, warning
from deploy.secret import Secret
from deploy.seqera import members
from deploy.seqera.models import ComputeEnv, Studio

if TYPE_CHECKING:
    from deploy.profile.loading import Variable

LIFESPAN, ENVIRONMENT, NAME, LABELS = "lifespan", "environment", "name", "labels"
# What the Platform takes where neither the Studio nor the workspace says anything.
USUAL_LIFESPAN_H = 8
UNLIMITED = 0
REFRESH = "FUSION_REFRESH_TIMEOUT"
SHORTEST_REFRESH_S = 120


def effective_lifespan_h(workspace_h: int | None, studio_h: int | None) -> int:
    """Give the hours after which a session is stopped, 0 for never: the workspace decides first.

    >>> effective_lifespan_h(24, 0), effective_lifespan_h(None, 0), effective_lifespan_h(None, None)
    (24, 0, 8)
    """
    if workspace_h is not None:
        return workspace_h
    return USUAL_LIFESPAN_H if studio_h is None else studio_h


def lifespan(workspace_h: int | None, studio_h: int | None) -> Finding:
    """Tell when the Platform will stop the server; what a profile asks for may not count."""
    hours = effective_lifespan_h(workspace_h, studio_h)
    if hours == UNLIMITED:
        return ok(LIFESPAN, "unlimited")
    ends = f"the Platform will stop the server after {hours} h"
    if workspace_h is None and studio_h is None:
        return warning(
            LIFESPAN,
            f"{ends}, which is usual where nothing else is said",
            "For a server that stays, set session.lifespan: unlimited in the profile.",
        )
    if workspace_h is None or workspace_h == studio_h:
        return warning(LIFESPAN, f"{ends}, as the profile says")
    return warning(
        LIFESPAN,
        f"{ends}: the workspace's own setting comes before the profile's",
        "An admin of the workspace can change it: Settings, Studios, lifespan.",
    )


def environment(variables: Mapping[str, Variable], env: ComputeEnv | None) -> list[Finding]:
    """Name the secrets that will be visible, and see what comes from the compute environment.

    A session inherits the variables of its compute environment, which the profile's reader cannot
    know.
    """
    findings = [
        warning(
            ENVIRONMENT,
            f"{name} holds a secret, and everybody in the workspace can read it (visible: true)",
        )
        for name, variable in variables.items()
        if isinstance(variable.value, Secret)
    ]
    own = variables.get(REFRESH)
    refresh = revealed(own) if own else _inherited(env).get(REFRESH)
    if refresh is not None and not _long_enough(refresh):
        source = "the profile" if own or env is None else f'the compute environment "{env.name}"'
        findings.append(
            error(
                ENVIRONMENT,
                f"{REFRESH} is below {SHORTEST_REFRESH_S} s, with which data is lost; it comes from"
                f" {source}",
                f'Set {REFRESH}: "{SHORTEST_REFRESH_S}" or more in the profile.',
            )
        )
    return findings


def name(wanted: str, studios: Iterable[Studio]) -> list[Finding]:
    """Tell whether the name belongs to a Studio that somebody else has made."""
    for studio in studios:
        if studio.name == wanted and studio.label(OURS) is None:
            who = f" by {studio.creator}" if studio.creator else ""
            return [
                warning(
                    NAME,
                    f'the Studio "{wanted}" was made{who} without studioctl, which adopts it',
                    "If another one is meant, choose another name in the profile.",
                )
            ]
    return []


def _inherited(env: ComputeEnv | None) -> dict[str, str]:
    rows = members.rows(env.config, "environment") if env else ()
    return {
        members.key(row, "name"): members.key(row, "value")
        for row in rows
        if members.flag(row, "head") is not False
    }


def _long_enough(seconds: str) -> bool:
    plain = seconds.isascii() and seconds.isdecimal()
    return plain and int(seconds) >= SHORTEST_REFRESH_S


def labels(given: Mapping[str, str]) -> list[Finding]:
    """Name the labels that the Platform would refuse, half-way through a deploy, and ours.

    What a Platform fills in itself, `${…}`, is left to it.
    """
    refused = [
        error(
            LABELS,
            f'the Platform does not take "{word}" in a label',
            f"Write 2 to {LONGEST_LABEL} letters and digits, with - or _ between them, and\n"
            "neither aws nor user at the beginning.",
        )
        for pair in given.items()
        for word in pair
        if "${" not in word and not LABEL.fullmatch(word)
    ]
    ours = [
        error(LABELS, f'"{name}" is a label of studioctl\'s own', "Choose another name for it.")
        for name in given
        if is_ours(name)
    ]
    return [*refused, *ours]
