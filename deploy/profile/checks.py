"""What no single value shows: keys that contradict each other, and limits on all together."""

from collections.abc import Iterator, Mapping

from deploy import formats
from deploy.profile.tree import Items, Node, Path, Scalar, Table

LARGEST_ENVIRONMENT = 8 * 1024
SHORTEST_REFRESH_S = 120

_NOTHING_IS_BUILT = (
    "has no effect beside image.reference, with which nothing is built; leave it out, in a stage "
    "by null"
)

Found = Iterator[tuple[Path, str]]


def contradictions(root: Table, env: Mapping[str, str]) -> Found:
    """Each problem with the path that it belongs to."""
    yield from _environment(root.get("environment"), env)
    yield from _image(root.get("image"))
    yield from _data_links(root.get("data-links"))


def _value(entry: Node | None, env: Mapping[str, str]) -> str:
    """What a variable of the session will hold."""
    if isinstance(entry, Table):
        source = entry.get("from_env")
        if isinstance(source, Scalar):
            return env.get(str(source.value), "")
        entry = entry.get("value")
    return str(entry.value) if isinstance(entry, Scalar) else ""


def _environment(node: Node | None, env: Mapping[str, str]) -> Found:
    if not isinstance(node, Table):
        return
    size = 0
    for name, (_, entry) in node.entries.items():
        path = ("environment", name)
        value = _value(entry, env)
        size += len(name.encode()) + len(value.encode("utf-8", "replace"))
        if isinstance(entry, Table):
            given = {"value", "from_env"} & set(entry.entries)
            if len(given) != 1 and set(entry.entries) <= {*given, "visible"}:
                yield path, "give exactly one of value and from_env"
        if name == "CONNECT_TOOL_PORT":
            yield path, "the Platform sets this itself; leave it out"
        elif name == "FUSION_REFRESH_TIMEOUT" and not _long_enough(value):
            yield path, f'write seconds, "{SHORTEST_REFRESH_S}" or more; with less, data is lost'
    if size > LARGEST_ENVIRONMENT:
        yield ("environment",), f"names and values are {size} bytes; {LARGEST_ENVIRONMENT} at most"


def _long_enough(seconds: str) -> bool:
    plain = seconds.isascii() and seconds.isdecimal() and len(seconds) <= formats.LONGEST_NUMBER
    return plain and int(seconds) >= SHORTEST_REFRESH_S


def _image(node: Node | None) -> Found:
    if not isinstance(node, Table):
        return
    if "reference" in node.entries:
        for key in node.entries:
            if key != "reference":
                yield ("image", key), _NOTHING_IS_BUILT
        return
    build, freeze = node.get("build"), node.get("freeze")
    by_docker = isinstance(build, Scalar) and build.value == "docker"
    if by_docker and isinstance(freeze, Scalar) and freeze.value is True:
        yield ("image", "freeze"), "is for wave; an image that Docker builds stays anyway"


def _data_links(node: Node | None) -> Found:
    if not isinstance(node, Items):
        return
    seen: dict[str, int] = {}
    for index, item in enumerate(node.nodes):
        if isinstance(item, Table):
            given = [key for key in ("name", "id", "uri") if key in item.entries]
            if len(given) != 1:
                # A misspelt key is a problem of its own already.
                if set(item.entries) <= {*given, "writable"}:
                    yield ("data-links", index), "give exactly one of name, id and uri"
                continue
            found = item.get(given[0])
        else:
            found = item
        if isinstance(found, Scalar) and isinstance(found.value, str):
            if found.value in seen:
                yield ("data-links", index), f"the same as data-links[{seen[found.value]}]"
            seen.setdefault(found.value, index)
