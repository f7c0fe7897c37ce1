"""Deploy: take a plan that was made, and what it takes to carry it out, and see it through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploy import rollout
from deploy.errors import DataLeftBehind, NoPrevious
from deploy.planning import previous, situation
from deploy.planning.desired import inherited
from deploy.planning.store import UNREAD
from deploy.records import Records, folder
from deploy.rollout import Means, Outcome
from deploy.secret import known
from deploy.seqera import ways
from deploy.seqera.explorer import Explorer, Published, newest_states
from deploy.web import Web

if TYPE_CHECKING:
    from deploy.build import Options
    from deploy.planning.making import Planned
    from deploy.planning.plan import Plan
    from deploy.seqera.models import Studio
    from deploy.seqera.studios import Studios
    from deploy.seqera.ways import Via
    from deploy.studios.named import Named


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to carry a plan out, where that is no property of the Studio. `limit_s` is in seconds."""

    via: Via = "auto"
    secret_arguments: bool = False
    accept_data_loss: bool = False
    delete_previous: bool = False
    wait: bool = True
    limit_s: float | None = None


def refuse_loss(plan: Plan, wishes: Wishes) -> None:
    """Raise if runs would be left behind and nobody has accepted that."""
    if plan.loses_data and not wishes.accept_data_loss:
        raise DataLeftBehind(plan.desired.name, plan.loss)


def deploy(planned: Planned, wishes: Wishes, options: Options, env: Mapping[str, str]) -> Outcome:
    """Make the Studio as the plan says, or leave it as it was and raise."""
    plan = planned.plan
    refuse_loss(plan, wishes)
    created = plan.desired if plan.action in ("create", "replace") else None
    way = ways.choose(
        "api" if plan.action == "nothing" else wishes.via,
        created,
        planned.studios,
        lambda: planned.tw,
        {**inherited(plan.actual), **created.all_labels} if created else None,
        started=plan.desired,
        secret_arguments=wishes.secret_arguments,
    ).way
    means = Means(
        planned.studios,
        way,
        reaching(options, env),
        options.clock,
        published=publishing(plan.actual, planned.studios),
        replan=planned.again_text,
        limit_s=wishes.limit_s,
        secrets=known(env),
        wait=wishes.wait,
        delete_previous=wishes.delete_previous,
    )
    return rollout.carry_out(plan, means)


def document(planned: Planned, outcome: Outcome, env: Mapping[str, str]) -> dict[str, Any]:
    """Give what programs read of a deploy: the keys are a contract, all are always there."""
    plan = planned.plan
    return {
        "action": plan.action,
        **outcome.to_json(),
        "digest": _digest(outcome.studio.image, env),
        "spec": plan.desired.spec,
        "store": plan.store.words,
    }


def kept(about: Named) -> Studio:
    """Give the Studio that the last replacement put aside; raise if there is none."""
    found = previous.of(about.name, about.studios.all())
    if not found:
        raise NoPrevious(about.name)
    return about.studios.described(found[0].id)


def publishing(studio: Studio | None, studios: Studios) -> Callable[[], Sequence[Published] | None]:
    """Give what reads the states that sessions have published on the link of a Studio.

    It gives None where they cannot be read, which is not the same as that there are none.
    """

    def published() -> Sequence[Published] | None:
        if studio is None:
            return ()
        store = situation.store_of(studio, studios.calls)
        if store == UNREAD:
            return None
        return newest_states(Explorer(studios.calls, store.link.id)) if store.link else ()

    return published


def reaching(options: Options, env: Mapping[str, str]) -> Callable[[str], Web]:
    """Give what opens a door to a Studio's own address: without the token, which is not for it."""
    return lambda base: Web(base, env, clock=options.clock, patience=options.patience)


def _digest(reference: str, env: Mapping[str, str]) -> str | None:
    """Give the digest of an image, where its name or its build tells it."""
    _, at, digest = reference.partition("@")
    if at:
        return digest
    record = Records(folder(env)).newest(lambda each: each.image.reference == reference)
    return record.image.digest if record else None
