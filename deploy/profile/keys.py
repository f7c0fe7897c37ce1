"""Which keys there are at a place of the profile, and which one was meant."""

import difflib
import re

from deploy.profile.model import DataLink, Image, Part, Profile, Resources, Session, Variable
from deploy.profile.tree import Path, shown

_SECTIONS: dict[str, type[Part]] = {"image": Image, "resources": Resources, "session": Session}
_PARTS: dict[str, type[Part]] = {
    **_SECTIONS,
    "data-links": DataLink,
    "environment": Variable,
}

# What others call it: Docker, Kubernetes, the Platform's own tools and API.
_OTHER_WORDS = {
    "args": "arguments",
    "build-args": "arguments",
    "build-repo": "repository",
    "build-repository": "repository",
    "cache-repo": "cache-repository",
    "ce": "compute-env",
    "compute-environment": "compute-env",
    "container": "reference",
    "custom-template": "reference",
    "env": "environment",
    "environment-variables": "environment",
    "lifespan-hours": "lifespan",
    "mem": "memory",
    "method": "build",
    "mount-data": "data-links",
    "mounts": "data-links",
    "ram": "memory",
    "resource-labels": "labels",
    "tags": "labels",
    "template": "reference",
    "variables": "environment",
    "volumes": "data-links",
    "writeable": "writable",
}


def part(path: Path) -> type[Part]:
    """The model of the map at a path.

    >>> part(("image",)).__name__, part(("data-links", 0)).__name__
    ('Image', 'DataLink')
    """
    if not path:
        return Profile
    return _PARTS.get(str(path[0]), Profile)


def names(model: type[Part]) -> list[str]:
    """The keys of a part, in their order.

    >>> names(Resources)
    ['cpu', 'memory', 'gpu']
    """
    found = [field.alias or name for name, field in model.model_fields.items()]
    return [*found, "stages"] if model is Profile else found


def meant(path: Path) -> str:
    """Say what an unknown key may have been meant to be.

    >>> meant(("resources", "cpus"))
    'unknown key; did you mean "cpu"?'
    """
    *above, last = path
    key = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", str(last)).lower().replace("_", "-")
    here = names(part(tuple(above)))
    key = key if key in here else _OTHER_WORDS.get(key, key)
    close = difflib.get_close_matches(key, here, 1)
    if close:
        return f'unknown key; did you mean "{close[0]}"?'
    elsewhere = {
        name: f"{section}.{name}" for section, model in _SECTIONS.items() for name in names(model)
    } | {name: name for name in names(Profile)}
    close = difflib.get_close_matches(key, elsewhere, 1, cutoff=0.8)
    if close:
        return f'unknown key; did you mean "{elsewhere[close[0]]}"?'
    return f"unknown key; known here: {', '.join(map(shown, here))}"
