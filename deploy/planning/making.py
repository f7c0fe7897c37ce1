"""Make a plan: read the profile and the Platform, check everything, and decide.

Nothing is changed by it. Only a real deploy asks for more: with `build_it` an image that is missing
is built on the way, when nothing else stands against the deploy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from deploy import build, preflight
from deploy.errors import StudioctlError
from deploy.planning import plan as plans
from deploy.planning import plan_commands, plan_text, situation, survey
from deploy.planning import store as stores
from deploy.planning.desired import inherited, revealed, unshown
from deploy.planning.survey import Request, Survey
from deploy.preflight import findings
from deploy.seqera import ways
from deploy.seqera.tw import Missing, Tw, look

if TYPE_CHECKING:
    from deploy.build import Options
    from deploy.planning.desired import Desired
    from deploy.planning.plan import Circumstances, Plan
    from deploy.preflight import Finding, Resolved
    from deploy.seqera.models import Studio
    from deploy.seqera.studios import Studios
    from deploy.web import Web

__all__ = ["Planned", "Request", "prepare"]


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what it takes to carry it out. `tw` is what was found where it may be used.

    `expired` is an image that cannot be started any more, whatever its name tells.
    """

    plan: Plan
    findings: tuple[Finding, ...]
    resolved: Resolved
    studios: Studios
    tw: Tw | Missing
    ours: bool
    env: Mapping[str, str] = field(repr=False)
    expired: str | None = None

    @property
    def web(self) -> Web:
        """The door to the Platform."""
        return self.studios.web

    def again(self) -> Plan:
        """Give the plan as it would be now: somebody else may have changed the Studio."""
        desired = self.plan.desired
        among = self.studios.all()
        actual = self.studios.named(desired.name, among)
        resolved = replace(self.resolved, studios=tuple(among))
        around = situation.look(
            *(desired, actual, resolved, self.studios.calls, self.env),
            ours=self.ours,
            expired=self.expired,
        )
        plan = plans.decide(desired, actual, around)
        return replace(plan, workspace=self.plan.workspace)

    def again_text(self) -> str:
        """Give that plan for people; where even that fails, why."""
        try:
            return "\n".join(plan_text.lines(self.again()))
        except StudioctlError as error:
            return str(error)


def prepare(
    request: Request, options: Options, env: Mapping[str, str], *, build_it: bool = False
) -> Planned:
    """Give the plan; raise `PreflightFailed` with all that stands against it."""
    found = survey.look(request, options, env)
    resolved, choice, actual = found.resolved, found.choice, found.actual
    checked = (*resolved.findings, *_checked(found, options))
    preflight.require(checked)
    desired = survey.wanted(found, env)
    around = situation.look(
        *(desired, actual, resolved, found.studios.calls, env),
        ours=found.ours,
        expired=choice.expired,
    )
    missing = choice.reference is None and not _may_stay(desired, actual, around)
    if missing:
        image = (build.build if build_it else build.foresee)(choice.settings, options, env)
        desired = replace(desired, image=image.reference)
    plan = plans.decide(desired, actual, around)
    tool: Tw | Missing = Missing("it was not asked for")
    if request.via != "api" and plan.action != "nothing":
        tool = look(env, found.studios.web.base, found.studios.web.bearer)
    plan = replace(
        _with_way(plan, request, tool),
        workspace=_named(resolved),
        to_build=missing and not build_it,
        findings=tuple(each.to_json() for each in checked if each.level != "ok"),
    )
    ours, studios = found.ours, found.studios
    return Planned(plan, checked, resolved, studios, tool, ours, env, choice.expired)


def _may_stay(desired: Desired, actual: Studio | None, around: Circumstances) -> bool:
    """Tell whether a Studio can do with its image although that cannot be started any more."""
    if actual is None or desired.image != actual.image:
        return False
    plan = plans.decide(desired, actual, replace(around, expired=False))
    return plan.action == "nothing" or (plan.action == "update" and not plan.restarts)


def _with_way(plan: Plan, request: Request, tool: Tw | Missing) -> Plan:
    if plan.action == "nothing":
        return replace(plan, via="api", via_why="there is nothing to do")
    created = plan.desired if plan.action in ("create", "replace") else None
    chosen = ways.decide(
        request.via,
        created,
        tool,
        inherited(plan.actual) | created.all_labels if created else None,
        started=plan.desired,
        secret_arguments=request.secret_arguments,
    )
    return replace(plan, via=chosen.name, via_why=chosen.why, commands=plan_commands.of(plan))


def _named(resolved: Resolved) -> str:
    around = resolved.surroundings
    if around is None or around.workspace is None:
        return "your own workspace"
    return f"{around.organization}/{around.workspace}"


def _checked(found: Survey, options: Options) -> tuple[Finding, ...]:
    """Check the image, and what our runtime would say of the environment."""
    choice, loaded = found.choice, found.loaded
    about_image = preflight.image(
        choice.reference,
        choice.expires_at,
        found.image,
        found.resolved,
        loaded.profile.session.lifespan,
        options.clock.now(),
    )
    if not found.ours:
        return about_image
    # Another release may know other variables.
    say = findings.error if found.same_release else findings.warning
    there = {name: revealed(each) for name, each in loaded.environment.items()}
    masked = unshown(loaded.environment)
    refused = [say("environment", text) for text in stores.problems(there, masked)]
    return (*about_image, *refused)
