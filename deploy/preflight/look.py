"""Read from the Platform all that a deploy needs to know, and check it.

A Platform takes 20 calls a second. A deploy of a usual profile reads with eight, however many
problems there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from deploy.errors import (
    CredentialMissing,
    InvalidSetting,
    RequestRefused,
    StillCollecting,
    StudioctlError,
    Unreachable,
)
from deploy.preflight import access, computing, links, session
from deploy.preflight.findings import INVALID, NO_CREDENTIAL, REFUSED, Finding, error
from deploy.preflight.links import Settled, Wanted
from deploy.resolve import PLATFORM_API
from deploy.seqera import surroundings as around
from deploy.seqera.calls import Calls
from deploy.seqera.links import Wish, find
from deploy.seqera.models import ComputeEnv, Link, Studio, Surroundings
from deploy.seqera.studios import Studios
from deploy.web import Web

if TYPE_CHECKING:
    from deploy.profile.loading import Variable
    from deploy.profile.model import DataLink, Profile

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a profile means in its workspace, and all that was found on the way.

    None and empty is what could not be read; then a finding says why. `links` are in the order of
    the profile; those whose ids are in `writable` have to be writable. `studios` are entries of the
    list, without configuration.
    """

    surroundings: Surroundings | None = None
    compute_env: ComputeEnv | None = None
    links: tuple[Link, ...] = ()
    writable: frozenset[str] = frozenset()
    studios: tuple[Studio, ...] = ()
    findings: tuple[Finding, ...] = ()
    is_cloud: bool = False


def resolve(
    profile: Profile, workspace: str | None, environment: Mapping[str, Variable], web: Web
) -> Resolved:
    """Ask everything and check everything; problems become findings and hide no others.

    `web` is for the Platform's API with the user's token.
    """
    asking = _Asking(web)
    surroundings = asking.surroundings(workspace)
    env: ComputeEnv | None = None
    settled = Settled()
    studios: list[Studio] = []
    if surroundings is not None:
        asking.findings += [access.api(surroundings.api_version), access.role(surroundings)]
        calls = Calls(web, surroundings.workspace_id)
        env = asking.compute_env(calls, profile)
        wanted = [Wanted(wish(link), link.writable) for link in profile.data_links]
        found = asking.tried(links.CHECK, lambda: find(calls, [want.wish for want in wanted]))
        if found is not None:
            settled = links.settled(wanted, found, env)
            asking.findings += settled.findings
        there = asking.tried(session.NAME, Studios(web, surroundings.workspace_id).all)
        studios = there or []
        asking.findings += session.name(profile.name, studios)
        asking.findings.append(session.lifespan(surroundings.lifespan_h, profile.session.lifespan))
    asking.findings += session.environment(environment, env)
    asking.findings += session.labels(profile.labels)
    return Resolved(
        surroundings,
        env,
        settled.links,
        settled.writable,
        tuple(studios),
        tuple(asking.findings),
        web.base == PLATFORM_API,
    )


def wish(link: DataLink) -> Wish:
    """Give what a data link of a profile is looked for by."""
    if link.id is not None:
        return Wish("id", link.id)
    if link.uri is not None:
        return Wish("uri", link.uri)
    return Wish("name", link.name or "")


@dataclass(slots=True)
class _Asking:
    """Asks, and keeps what goes wrong; a token that is not accepted ends it."""

    web: Web
    findings: list[Finding] = field(default_factory=list)
    refused: bool = False

    def surroundings(self, workspace: str | None) -> Surroundings | None:
        if not self.web.bearer:
            self.refused = True
            self.findings.append(access.NO_TOKEN)
            return None
        return self.tried(access.PLATFORM, lambda: around.look(self.web, workspace))

    def compute_env(self, calls: Calls, profile: Profile) -> ComputeEnv | None:
        entries = self.tried(computing.CHECK, lambda: around.compute_envs(calls))
        if entries is None:
            return None
        entry, findings = computing.chosen(entries, profile.compute_env)
        self.findings += findings
        if entry is None:
            return None
        env = self.tried(computing.CHECK, lambda: around.compute_env(calls, entry.id))
        if env is not None:
            wanted = profile.resources
            self.findings += computing.examined(
                env,
                cpu=wanted.cpu,
                memory=wanted.memory,
                gpu=wanted.gpu,
                spot=profile.session.spot,
            )
        return env

    def tried(self, check: str, ask: Callable[[], T]) -> T | None:
        """Give the answer; else keep why there is none. A bad token is said once."""
        if self.refused:
            return None
        try:
            return ask()
        except CredentialMissing as failure:
            self.refused = True
            self._keep(access.TOKEN, failure, NO_CREDENTIAL)
        except InvalidSetting as failure:
            check = access.WORKSPACE if failure.name == "workspace" else check
            self._keep(check, failure, INVALID)
        except (RequestRefused, Unreachable, StillCollecting) as failure:
            self._keep(check, failure, REFUSED)
        return None

    def _keep(self, check: str, failure: StudioctlError, exit_code: int) -> None:
        text, _, remedy = str(failure).partition("\n")
        text = text.removeprefix(f"{check}: ").removesuffix(".")
        self.findings.append(error(check, text, remedy, exit_code))
