"""Flags > environment > profile > default: settled here once, each value with its source.

The result is what the rest of studioctl works with. A value that cannot work is refused here, by
the name under which it was given.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from deploy import formats
from deploy.errors import InvalidSetting
from deploy.formats import Method
from deploy.secret import Secret

if TYPE_CHECKING:
    from deploy.profile import Loaded

T = TypeVar("T")

DEFAULT = "default"
WAVE = "https://wave.seqera.io"
PLATFORM_API = "https://api.cloud.seqera.io"


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    """A setting, and where it was given: `--platform`, `TOWER_WORKSPACE_ID`, `studio.yaml:7`."""

    value: T
    source: str


@dataclass(frozen=True, slots=True)
class BuildFlags:
    """What the options of `studioctl build` say; None means that an option was not given."""

    method: Method | None = None
    freeze: bool | None = None
    push: bool = False
    repository: str | None = None
    cache_repository: str | None = None
    platform: str | None = None
    context: Path | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    workspace: str | None = None


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """All that a build needs to know; None means that nobody asked for it.

    `context` None is studioctl's own context. With an `image` nothing is built.
    """

    method: Method
    freeze: bool
    push: bool
    repository: str | None
    cache_repository: str | None
    platform: str
    context: Path | None
    arguments: Mapping[str, str]
    image: str | None
    workspace: str | None
    wave_endpoint: str
    tower_endpoint: str
    token: Secret | None
    sources: Mapping[str, str] = field(default_factory=dict)


def build_settings(
    profile: "Loaded | None", flags: BuildFlags, env: Mapping[str, str]
) -> BuildSettings:
    """Settle what a build is to do; raise `InvalidSetting` for the first thing that cannot be.

    Who asks for a build, by method or context, gets one, although the profile names an image that
    is there already.
    """
    asked = flags.method is not None or flags.context is not None
    method: Value[Method] = _first(
        _flag("--" + (flags.method or ""), flags.method),
        _given(profile, "image", "build"),
        default=formats.DEFAULT_METHOD,
    )
    by_wave = method.value == "wave"
    if flags.freeze and not by_wave:
        raise InvalidSetting("--freeze", "is for Wave; an image that Docker builds stays anyway.")
    if flags.push and by_wave:
        raise InvalidSetting("--push", "is for --docker; Wave pushes by itself.")
    values: dict[str, Value[Any]] = {
        "method": method,
        "freeze": _first(
            _flag("--freeze" if flags.freeze else "--temporary", flags.freeze),
            _given(profile, "image", "freeze") if by_wave else None,
            default=False,
        ),
        "push": Value(flags.push, "--push" if flags.push else DEFAULT),
        "repository": _first(
            _flag("--repository", flags.repository, formats.repository),
            _given(profile, "image", "repository"),
        ),
        "cache_repository": _first(
            _flag("--cache-repository", flags.cache_repository, formats.repository),
            _given(profile, "image", "cache-repository"),
        ),
        "platform": _first(
            _flag("--platform", flags.platform, _platform),
            _given(profile, "image", "platform"),
            default=formats.DEFAULT_PLATFORM,
        ),
        "context": _first(_flag("--context", flags.context), _context(profile)),
        "arguments": _arguments(profile, flags),
        "image": _first(
            _flag("--image", flags.image, formats.reference),
            None if asked else _given(profile, "image", "reference"),
        ),
        "workspace": workspace(profile, flags.workspace, env),
        "wave_endpoint": endpoint("WAVE_ENDPOINT", env, WAVE),
        "tower_endpoint": endpoint("TOWER_API_ENDPOINT", env, PLATFORM_API),
        "token": token(env),
    }
    for wanted in ("freeze", "push"):
        if values[wanted].value and values["repository"].value is None:
            where = values[wanted].source
            name = where if where.startswith("-") else f"image.{wanted} ({where})"
            raise InvalidSetting(
                name,
                "needs a place for the image: --repository, or image.repository in the profile.",
            )
    return BuildSettings(
        **{name: found.value for name, found in values.items()},
        sources={name: found.source for name, found in values.items()},
    )


def workspace(
    profile: "Loaded | None", flag: str | None, env: Mapping[str, str]
) -> Value[str | None]:
    """Settle the workspace; None is the user's own."""
    return _first(
        _flag("--workspace", flag, formats.workspace),
        _variable("TOWER_WORKSPACE_ID", env, formats.workspace),
        _given(profile, "workspace"),
    )


def endpoint(name: str, env: Mapping[str, str], default: str) -> Value[str]:
    """Settle the address of a server; only the environment can move it."""
    return _first(_variable(name, env, formats.endpoint), default=default)


def token(env: Mapping[str, str]) -> Value[Secret | None]:
    """Take the Platform's token out of the environment, its only place."""
    return _first(_variable("TOWER_ACCESS_TOKEN", env, _token))


def _token(text: str) -> Secret:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("is not a token: there are spaces or other odd characters in it.")
    return Secret(text)


def _platform(text: str) -> str:
    if text not in formats.PLATFORMS:
        raise ValueError(f"write {' or '.join(formats.PLATFORMS)}")
    return text


def _context(profile: "Loaded | None") -> Value[Path] | None:
    """A relative context stands beside the profile, wherever studioctl was started."""
    found = _given(profile, "image", "context")
    if profile is None or found is None:
        return None
    return Value(Path(profile.file.parent, found.value), found.source)


def _arguments(profile: "Loaded | None", flags: BuildFlags) -> Value[Mapping[str, str]]:
    found = _given(profile, "image", "arguments")
    if found is None or not flags.arguments:
        return found or Value(flags.arguments, "--build-arg" if flags.arguments else DEFAULT)
    return Value({**found.value, **flags.arguments}, f"--build-arg, {found.source}")


def _first(*candidates: Value[Any] | None, default: Any = None) -> Value[Any]:
    return next((found for found in candidates if found is not None), Value(default, DEFAULT))


def _given(profile: "Loaded | None", *path: str) -> Value[Any] | None:
    return None if profile is None else profile.given(*path)


def _flag(
    name: str, value: T | None, read: Callable[[T], object] = lambda value: value
) -> Value[Any] | None:
    return None if value is None else _read(name, value, read)


def _variable(
    name: str, env: Mapping[str, str], read: Callable[[str], object]
) -> Value[Any] | None:
    """An empty variable counts as none, as for the Platform's own tools."""
    text = env.get(name, "").strip()
    return _read(name, text, read) if text else None


def _read(name: str, value: T, read: Callable[[T], object]) -> Value[Any]:
    try:
        return Value(read(value), name)
    except ValueError as error:
        raise InvalidSetting(name, str(error)) from None
