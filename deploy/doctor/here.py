"""Check what is on this machine: studioctl itself, the profile, tw, Docker."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from deploy import __version__
from deploy.doctor.subject import Subject
from deploy.errors import InvalidSetting, ProfileInvalid, ProfileMissing, StudioctlError
from deploy.preflight.findings import Finding, error, ok, warning
from deploy.profile import DEFAULT_FILE, Loaded, load_if_there
from deploy.versions import own_context, pinned_mlflow

STUDIOCTL, PROFILE, TW, DOCKER, BUILDKIT = "studioctl", "profile", "tw", "docker", "buildkit"


def studioctl(subject: Subject) -> Iterator[Finding]:
    """Tell the versions."""
    python = f"Python {platform.python_version()} on {platform.system()}"
    words = f"{__version__}, {python}, MLflow {pinned_mlflow()}, context {own_context()}"
    yield ok(STUDIOCTL, words)


def profile(subject: Subject) -> tuple[Loaded | None, Finding]:
    """Read the profile; a deploy without one uses the defaults."""
    try:
        found = load_if_there(subject.file, subject.stage, subject.env)
    except (ProfileInvalid, ProfileMissing, InvalidSetting) as problem:
        return None, error(PROFILE, str(problem), "More of it: studioctl profile validate")
    if found is None:
        return None, warning(
            PROFILE, f"there is no {DEFAULT_FILE} here", "Write a sample with: studioctl init"
        )
    stage = f", stage {found.stage}" if found.stage else ""
    return found, ok(PROFILE, f"{found.file}{stage} is valid")


def tw(subject: Subject) -> Iterator[Finding]:
    """Look for tw; without it all goes through the API."""
    from deploy.seqera import tw as command
    from deploy.seqera.limits import ENV_SSH_SPOT

    found = command.look(subject.env, "", None)
    if isinstance(found, command.Missing):
        yield warning(
            TW,
            f"{found.why}; studioctl uses the Platform's API instead",
            "Only --via tw needs it: https://github.com/seqeralabs/tower-cli",
        )
    elif found.version < ENV_SSH_SPOT:
        yield warning(
            TW,
            f"{found.release} at {found.program}, which has no --env, --ssh and --spot",
            "Where a profile needs them studioctl uses the API; tw has them since 0.37.",
        )
    else:
        yield ok(TW, f"{found.release} at {found.program}, with --env, --ssh and --spot")


def docker(subject: Subject) -> Iterator[Finding]:
    """Ask the Docker engine; only --docker needs one."""
    from deploy.docker import buildx, engine

    try:
        with engine.connected(subject.env) as found:
            version = found.client.version().get("Version", "of an unknown version")
            kind = "Podman" if found.is_podman else "Docker"
            where = engine.without_login(found.endpoint.address)
            yield ok(DOCKER, f"{kind} {version} ({found.architecture}) at {where}")
    except StudioctlError as problem:
        yield warning(DOCKER, str(problem))
        return
    if buildx.is_there(subject.env):
        yield ok(BUILDKIT, "docker buildx builds for build --docker")
    else:
        yield warning(
            BUILDKIT,
            "there is no docker buildx: build --docker uses the engine's old builder",
            "Install the buildx plugin of Docker to build quicker.",
        )
