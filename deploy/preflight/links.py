"""Check the data links: each is exactly one, it works, and it can be written where it must be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deploy.nearby import near
from deploy.preflight.buckets import bucket, writable
from deploy.preflight.findings import Finding, error, ok, warning
from deploy.seqera.links import Found, Wish
from deploy.seqera.models import ComputeEnv, Link

CHECK = "data links"
VALID = "VALID"
NAMES = {"name": "of the name", "id": "with the id", "uri": "for"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A data link that a profile names, and whether it must be writable."""

    wish: Wish
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """The data links that were found, those that must be writable, and what is wrong."""

    links: tuple[Link, ...] = ()
    writable: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()


def settled(wanted: Sequence[Wanted], found: Found, env: ComputeEnv | None) -> Settled:
    """Choose one data link for each wish; without a compute environment none is asked about."""
    links: dict[str, Link] = {}
    findings: list[Finding] = []
    must: set[str] = set()
    for want, matches in zip(wanted, found.matches, strict=True):
        link, wrong = _one(want.wish, matches, found.known)
        findings += wrong
        if link is None:
            continue
        if link.id in links:
            findings.append(error(CHECK, f'"{link.name}" ({link.id}) is in the profile twice'))
            continue
        links[link.id] = link
        if want.writable:
            must.add(link.id)
            findings += _writable(link, env) if env else []
    findings += _same_names(links.values())
    if links and not any(finding.level == "error" for finding in findings):
        names = ", ".join(f'"{link.name}" ({link.uri})' for link in links.values())
        findings.insert(0, ok(CHECK, names))
    return Settled(tuple(links.values()), frozenset(must), tuple(findings))


def _one(
    wish: Wish, matches: Sequence[Link], known: Sequence[Link]
) -> tuple[Link | None, list[Finding]]:
    """Choose among those that a wish meets: one that can be used before one that cannot."""
    what = f'{NAMES[wish.kind]} "{wish.text}"'
    usable = [link for link in matches if link.status in (VALID, None)]
    # People hide what they do not mean.
    shown = [link for link in usable if not link.hidden]
    left = shown or usable or list(matches)
    if len(left) > 1:
        listed = ", ".join(f"{link.id} ({link.uri})" for link in left)
        return None, [
            error(
                CHECK,
                f"there are {len(left)} {what}: {listed}",
                "Name one by its id in the profile: {id: " + left[0].id + "}",
            )
        ]
    if not left:
        names = [str(getattr(link, wish.kind)) for link in known]
        return None, [
            error(
                CHECK,
                f"there is none {what} in this workspace{near(wish.text, names)}",
                "Add it in the Platform under Data Explorer, or correct data-links in the profile.",
            )
        ]
    link = left[0]
    if link.status not in (VALID, None):
        said = f": {link.message}" if link.message else ""
        return None, [
            error(
                CHECK,
                f'"{link.name}" ({link.id}) is {link.status}{said}',
                "Look at its credentials in the Platform under Data Explorer.",
            )
        ]
    return link, []


def _writable(link: Link, env: ComputeEnv) -> list[Finding]:
    can = writable(link, env)
    if can is None:
        return [
            warning(
                CHECK,
                f'whether "{link.name}" ({link.uri}) can be written from "{env.name}" cannot be'
                " told beforehand",
                "The Studio says what it finds: studioctl status, and its page /studio/status.",
            )
        ]
    if not can:
        return [
            error(
                CHECK,
                f'"{link.name}" ({link.uri}) would be read-only: its bucket is not among the'
                f' allowed buckets of "{env.name}"',
                f"Add {bucket(link.uri)} to the allowed S3 buckets of a compute environment, or\n"
                "choose a data link in one of those.",
            )
        ]
    return []


def _same_names(links: Iterable[Link]) -> list[Finding]:
    """A data link is mounted below its name, so two of one name would meet."""
    seen: dict[str, Link] = {}
    findings: list[Finding] = []
    for link in links:
        if link.name in seen:
            findings.append(
                error(
                    CHECK,
                    f'{seen[link.name].id} and {link.id} are both named "{link.name}", and would be'
                    f" mounted at the same place, /workspace/data/{link.name}",
                    "Leave out one of them, or rename it in the Platform.",
                )
            )
        seen.setdefault(link.name, link)
    return findings
