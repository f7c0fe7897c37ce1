"""Find the secrets that a profile would put where others can read them.

The Platform has no safe channel for what a running Studio needs: its environment is clear text to
the workspace. Build arguments can be read in the image and in Wave's public record of the build.
"""

from collections.abc import Iterator, Mapping

from deploy import secret
from deploy.profile.tree import Node, Path, Scalar, Table, paths, scalars
from studio.settings import BY_NAME

_PUBLIC_ARGUMENT = (
    "this looks like a secret, and everybody can read build arguments in the image and in Wave's "
    "record of the build; use what needs no password"
)


def is_secret(path: Path, scalar: Scalar, known: tuple[str, ...]) -> bool:
    """Tell whether a value must not be shown: by its name, its form, or where it came from."""
    value = scalar.value
    if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
        return False
    name = _name(path)
    if name is not None and _named(name):
        return True
    return any(map(secret.named, scalar.variables)) or _held(str(value), known)


def is_secret_from(name: str, source: str, env: Mapping[str, str], known: tuple[str, ...]) -> bool:
    """Tell whether a variable that gets its value from another one holds a secret."""
    return secret.named(source) or _named(name) or _held(env.get(source, ""), known)


def hidden(name: str, value: str, known: tuple[str, ...] = ()) -> bool:
    """Tell whether a variable's value must not be shown, wherever it was found."""
    return _named(name) or _held(value, known)


def _named(name: str) -> bool:
    """The runtime's own variables are known one by one: a cache's lifetime is no secret."""
    ours = BY_NAME.get(name)
    return secret.named(name) and (ours is None or ours.secret)


def _held(text: str, known: tuple[str, ...]) -> bool:
    return secret.carried(text) or any(word in text for word in known)


def _name(path: Path) -> str | None:
    """The name of the variable or build argument that a value belongs to."""
    if path[0] == "environment" and path[2:] in ((), ("value",)):
        return str(path[1]) if len(path) > 1 else None
    return str(path[2]) if path[:2] == ("image", "arguments") and len(path) == 3 else None


def secrets(root: Table, env: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Every secret that the profile would put where others can read it."""
    known = secret.known(env)
    variables = root.get("environment")
    for path, scalar in scalars(root):
        if not path or not is_secret(path, scalar, known):
            continue
        if path[0] == "environment":
            name = str(path[1]) if len(path) > 1 else "NAME"
            entry = variables.get(name) if isinstance(variables, Table) else None
            if not _visible(entry):
                yield path, _in_the_open(name)
        elif path[:2] == ("image", "arguments"):
            yield path, _PUBLIC_ARGUMENT
        else:
            yield path, "this looks like a secret, and everybody in the workspace can read it"
    for path in paths(root):
        if _held(str(path[-1]), known):
            yield path, "there is a secret in this key, and keys are shown"
    if isinstance(variables, Table):
        for name, (_, entry) in variables.entries.items():
            source = _source(entry)
            if source and not _visible(entry) and is_secret_from(name, source, env, known):
                yield ("environment", name), _in_the_open(name)


def _in_the_open(name: str) -> str:
    return (
        "this looks like a secret, and the whole workspace can read a Studio's environment. Use a "
        "URI without a password; or MLFLOW_BACKEND_STORE_URI_FILE, a file on a private data link; "
        f"or accept it: {name}: {{from_env: VARIABLE, visible: true}}"
    )


def _visible(entry: Node | None) -> bool:
    visible = entry.get("visible") if isinstance(entry, Table) else None
    return isinstance(visible, Scalar) and (visible.value is True or visible.text == "true")


def _source(entry: Node) -> str:
    source = entry.get("from_env") if isinstance(entry, Table) else None
    return str(source.value) if isinstance(source, Scalar) else ""
