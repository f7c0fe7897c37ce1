"""Check what is out there: the Platform, who we are for it, and Wave."""

from __future__ import annotations

from collections.abc import Iterator

from deploy import answers, resolve
from deploy.answers import Answer
from deploy.doctor.subject import Subject
from deploy.errors import CredentialMissing, InvalidSetting, StudioctlError
from deploy.preflight import access
from deploy.preflight.findings import NO_CREDENTIAL, Finding, error, ok, warning
from deploy.seqera import api, members, surroundings
from deploy.wait import spelt
from deploy.wave.client import Client

CLOCK, WAVE = "clock", "wave"
# Ages of images and of Studios are told by two clocks. The Platform's is written in whole seconds.
LARGEST_SKEW_S = 60


def platform(subject: Subject) -> Iterator[Finding]:
    """Find the Platform, its version and its time of day, and ask it who we are."""
    env = subject.env
    token = None
    try:
        token = resolve.token(env).value
    except InvalidSetting as problem:
        yield error(access.TOKEN, str(problem), exit_code=NO_CREDENTIAL)
    else:
        if token is None:
            yield error(
                access.TOKEN,
                "there is no TOWER_ACCESS_TOKEN",
                "Make one in the Platform under Your tokens, and export it under that name.",
                NO_CREDENTIAL,
            )
    try:
        given = resolve.endpoint("TOWER_API_ENDPOINT", env, resolve.PLATFORM_API).value
        base = api.find(given, subject.reach)
        answer = subject.reach(base).get("/service-info")
    except StudioctlError as problem:
        yield error(
            access.PLATFORM,
            str(problem),
            "TOWER_API_ENDPOINT is its address; without it that is the Seqera Cloud.",
            problem.exit_code,
        )
        return
    yield from _version(base, answer)
    yield from clock(subject.clock.now(), answer)
    if token is None:
        return
    try:
        workspace = resolve.workspace(subject.profile, subject.workspace, env).value
        found = surroundings.look(subject.reach(base, token), workspace)
    except CredentialMissing as problem:
        yield error(access.TOKEN, str(problem), exit_code=NO_CREDENTIAL)
    except InvalidSetting as problem:
        yield ok(access.TOKEN, "it is accepted")
        yield error(access.WORKSPACE, str(problem), "Choose another one with -w ORG/WS.")
    except StudioctlError as problem:
        yield error(access.TOKEN, str(problem), exit_code=problem.exit_code)
    else:
        yield ok(access.TOKEN, f"it is accepted, and belongs to {found.user_name}")
        yield access.role(found)


def _version(base: str, answer: Answer) -> Iterator[Finding]:
    about = members.part(answers.parsed(answer.text) or {}, "serviceInfo")
    known = access.api(members.text(about, "apiVersion"))
    text = f"{base} answers, version {members.text(about, 'version') or 'unknown'}; {known.text}"
    yield Finding(known.check, known.level, text, known.remedy)


def clock(now: float, answer: Answer) -> Iterator[Finding]:
    """Compare the two clocks, if the Platform has told its time."""
    if answer.date is None:
        return
    skew_s = now - answer.date
    if abs(skew_s) <= LARGEST_SKEW_S:
        yield ok(CLOCK, "this machine and the Platform agree on the time")
        return
    how = "ahead of" if skew_s > 0 else "behind"
    yield warning(
        CLOCK,
        f"the clock of this machine is {spelt(abs(skew_s))} {how} the Platform's",
        "Let it be set by NTP: the times that images expire at are told by it.",
    )


def wave(subject: Subject) -> Iterator[Finding]:
    """Ask Wave for its version; it is needed where the profile lets it build."""
    try:
        base = resolve.endpoint("WAVE_ENDPOINT", subject.env, resolve.WAVE).value
        version = Client(subject.reach(base)).version()
    except StudioctlError as problem:
        remedy = (
            "WAVE_ENDPOINT is its address. Without Wave:\n"
            "studioctl build --docker --push --repository REGISTRY/NAME"
        )
        if _builds_with_wave(subject):
            yield error(WAVE, str(problem), remedy, problem.exit_code)
        else:
            yield warning(WAVE, f"{problem}\nThis profile does without it.", remedy)
        return
    yield ok(WAVE, f"{base} answers, version {version}")


def _builds_with_wave(subject: Subject) -> bool:
    if subject.profile is None:
        return True
    image = subject.profile.profile.image
    return image.reference is None and image.build == "wave"
