"""How a Studio stands: what the Platform says, what follows from it, and what the profile says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from deploy import images, preflight
from deploy.errors import PreflightFailed, StudioctlError
from deploy.planning import situation, survey, temporary
from deploy.planning.desired import OURS
from deploy.planning.plan import Circumstances, decide
from deploy.planning.store import UNKNOWN
from deploy.records import Records, folder
from deploy.secret import known
from deploy.studios import explain

if TYPE_CHECKING:
    from deploy.build import Options
    from deploy.planning.changes import Change
    from deploy.planning.store import Store
    from deploy.planning.survey import Request
    from deploy.seqera.models import Link, Studio
    from deploy.studios.named import Named

NOT_BUILT = "an image that is not built yet"


@dataclass(frozen=True, slots=True)
class Status:
    """A Studio, and all that is known around it. Times are in seconds since 1970.

    `links` tells of each mounted data link that is known whether it can be written to, None where
    that cannot be told. `drift` is what a deploy would change, None where that is not known:
    `drift_why` says why.
    """

    studio: Studio
    now: float
    image_ends: float | None
    links: tuple[tuple[Link, bool | None], ...]
    store: Store
    drift: tuple[Change, ...] | None
    drift_why: str = ""

    @property
    def temporary(self) -> bool:
        """Tell whether its image is one that Wave gives for a while."""
        return temporary.is_temporary(self.studio.image)

    @property
    def expired(self) -> bool:
        """Tell whether its image cannot be started any more."""
        return temporary.expired(self.studio, self.image_ends, self.now)

    @property
    def lifespan_h(self) -> int | None:
        """Hours from a start to the Platform's stop: 0 without a limit, None if not known."""
        configured = self.studio.configuration
        own = configured.lifespan_h if configured else None
        effective = self.studio.effective_lifespan_h
        return own if effective is None else effective

    @property
    def left_s(self) -> float | None:
        """Seconds until the Platform stops it; None without a limit, or if it does not run."""
        started = self.studio.last_started
        if self.studio.status != "running" or not self.lifespan_h or started is None:
            return None
        return max(0.0, started + self.lifespan_h * 3600 - self.now)

    def to_json(self) -> dict[str, Any]:
        """Give the document for programs: the keys are a contract, all are always there."""
        left_s = self.left_s
        return {
            **entry(self.studio),
            "message": self.studio.message,
            "stop_reason": self.studio.stop_reason,
            "explained": list(explain.failure(self.studio)),
            "image_temporary": self.temporary,
            "image_expires_at": None
            if self.image_ends is None
            else images.written(self.image_ends),
            "image_expired": self.expired,
            "lifespan_hours": self.lifespan_h,
            "hours_left": None if left_s is None else round(left_s / 3600, 2),
            "data_links": [
                {"id": link.id, "name": link.name, "uri": link.uri, "writable": writable}
                for link, writable in self.links
            ],
            "store": {"kind": self.store.kind, "words": self.store.words},
            "drift": None if self.drift is None else [asdict(change) for change in self.drift],
            "drift_unknown": self.drift_why or None,
        }


def entry(studio: Studio) -> dict[str, Any]:
    """Give what is known of every Studio of a list."""
    return {
        "id": studio.id,
        "name": studio.name,
        "status": studio.status,
        "url": studio.url,
        "image": studio.image,
        "compute_env": studio.compute_env_name,
        "ours": studio.label(OURS) is not None,
        "labels": {label.name: label.value for label in studio.labels},
        "creator": studio.creator,
    }


def look(named: Named, request: Request | None, options: Options, env: Mapping[str, str]) -> Status:
    """Read how the Studio stands; `request` names the profile to compare it with, if any."""
    studio = named.needed()
    calls = named.studios.calls
    compute_env = situation.described(studio.compute_env_id, calls)
    mounted = situation.mounts(studio, calls)
    links = tuple(
        (link, preflight.writable(link, compute_env) if compute_env else None)
        for link in mounted.links
    )
    drift, why = _drift(studio, request, options, env)
    return Status(
        studio,
        options.clock.now(),
        temporary.ends(studio.image, Records(folder(env))),
        links,
        UNKNOWN
        if studio.label(OURS) is None
        else situation.store_of(studio, calls, mounted=mounted),
        drift,
        why,
    )


def _drift(
    studio: Studio, request: Request | None, options: Options, env: Mapping[str, str]
) -> tuple[tuple[Change, ...] | None, str]:
    """Compare with the profile as a plan does; what stands against a plan is no error here."""
    if request is None:
        return None, "there is no profile of this Studio here"
    try:
        found = survey.look(request, options, env, inspect=False)
        preflight.require(found.resolved.findings)
        desired = survey.wanted(found, env)
    except PreflightFailed as error:
        return None, "\n".join(map(str, error.findings))
    except StudioctlError as error:
        return None, str(error)
    if not desired.image:
        desired = replace(desired, image=NOT_BUILT)
    around = Circumstances(movable=True, secrets=known(env))
    return decide(desired, studio, around).changes, ""
