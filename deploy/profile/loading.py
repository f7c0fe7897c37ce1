"""Load a profile: read, choose the stage, fill in variables, validate; all problems at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploy import secret
from deploy.errors import InvalidSetting, ProfileInvalid, ProfileMissing
from deploy.profile import exposure, reading, stages, tree, validation, variables
from deploy.profile.model import Profile
from deploy.profile.tree import Problem, Table
from deploy.resolve import DEFAULT, Value
from deploy.secret import Secret

DEFAULT_FILE = Path("studio.yaml")


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable of the session.

    A `local` one is a secret or holds a value of this machine: never put it on a command line.
    `source` is the variable of this machine that holds the value, where the profile names one.
    """

    value: str | Secret
    local: bool
    visible: bool
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid profile in one stage, and where each of its values was written."""

    profile: Profile
    file: Path
    stage: str | None
    environment: Mapping[str, Variable]
    root: Table
    secret_paths: frozenset[tree.Path]

    def given(self, *path: str | int) -> Value[Any] | None:
        """The value at a path of keys, None if the file does not have it."""
        source = self.source(*path)
        return None if source == DEFAULT else Value(self.value(*path), source)

    def value(self, *path: str | int) -> Any:
        """The value at a path of keys, written or default."""
        found: Any = self.profile
        for part in path:
            if isinstance(found, dict | tuple):
                found = found[part]  # type: ignore[index]
            else:
                found = getattr(found, str(part).replace("-", "_"))
        return found

    def source(self, *path: str | int) -> str:
        """Where it was written, as `studio.yaml:7`, or `default`."""
        node: tree.Node | None = self.root
        place = None
        for part in path:
            if isinstance(node, Table) and part in node.entries:
                place, node = node.entries[str(part)]
            elif isinstance(node, tree.Items) and isinstance(part, int):
                node = node.nodes[part]
                place = node.place
            else:
                return DEFAULT
        return f"{self.file}:{place.line}" if place else DEFAULT


def load(file: Path, stage: str | None, env: Mapping[str, str]) -> Loaded:
    """Give the profile in one stage; raise with every problem that there is."""
    root, problems = _read(file, env)
    base, overlays = stages.split(root, problems)
    loaded, found = _in_stage(file, base, overlays, stage, env, problems)
    if loaded is None:
        raise _invalid(file, found, env)
    return loaded


def load_if_there(file: Path | None, stage: str | None, env: Mapping[str, str]) -> Loaded | None:
    """Give the profile that was asked for, else `studio.yaml`, else none: a build needs none."""
    if file is None and stage is None and not DEFAULT_FILE.exists():
        return None
    return load(file or DEFAULT_FILE, stage, env)


def check(file: Path, env: Mapping[str, str]) -> list[Loaded]:
    """Go through the base and every stage; raise with every problem, else give the stages.

    Without stages it is the base that is given. A variable that only a stage needs may be unset:
    where that stage is deployed, it is there; here it is left out.
    """
    root, problems = _read(file, env)
    base, overlays = stages.split(root, problems)
    loaded, found = _in_stage(file, base, overlays, None, env, problems)
    usable = [] if overlays else [loaded]
    everything = set(found)
    for stage in overlays:
        loaded, found = _in_stage(file, base, overlays, stage, env, problems)
        usable.append(loaded)
        everything |= {p for p in found if not (p.unset and p.path[:1] == (stages.KEY,))}
    if everything:
        raise _invalid(file, sorted(everything), env)
    return [each for each in usable if each is not None]


def _read(file: Path, env: Mapping[str, str]) -> tuple[Table, list[Problem]]:
    try:
        # One byte more than is allowed tells that there is more.
        with file.open("rb") as opened:
            data = opened.read(reading.LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise ProfileMissing(file) from error
    except (OSError, ValueError) as error:
        raise InvalidSetting(str(file), f"the profile cannot be read: {_why(error)}") from error
    root, problems = reading.read(data)
    if root is None:
        raise _invalid(file, problems, env)
    return root, problems


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _in_stage(
    file: Path,
    base: Table,
    overlays: dict[str, Table],
    stage: str | None,
    env: Mapping[str, str],
    problems: list[Problem],
) -> tuple[Loaded | None, list[Problem]]:
    try:
        root = stages.chosen(base, overlays, stage)
    except stages.NoSuchStage as error:
        raise InvalidSetting("--stage", str(error)) from error
    problems = list(problems)
    root = variables.filled(root, env, problems)
    profile, found = validation.validated(root, env, problems)
    if profile is None:
        return None, found
    known = secret.known(env)
    hidden = frozenset(
        path for path, scalar in tree.scalars(root) if exposure.is_secret(path, scalar, known)
    )
    filled = {path[:2] for path, scalar in tree.scalars(root) if scalar.variables}
    environment = {}
    for name, entry in profile.environment.items():
        path = ("environment", name)
        masked = path in hidden or (*path, "value") in hidden
        if entry.from_env:
            masked = entry.visible or exposure.is_secret_from(name, entry.from_env, env, known)
        value = env[entry.from_env] if entry.from_env else entry.value or ""
        local = masked or entry.from_env is not None or path in filled
        shown = Secret(value) if masked else value
        environment[name] = Variable(shown, local, entry.visible, entry.from_env)
    return Loaded(profile, file, stage, environment, root, hidden), []


def _invalid(file: Path, problems: list[Problem], env: Mapping[str, str]) -> ProfileInvalid:
    """The last guard: a key can hold a secret too, and messages name keys."""
    known = secret.known(env)

    def clean(text: str) -> str:
        return secret.redact(text, known)

    return ProfileInvalid(
        file,
        [
            replace(
                problem,
                text=clean(problem.text),
                path=tuple(clean(part) if isinstance(part, str) else part for part in problem.path),
            )
            for problem in problems
        ],
    )
