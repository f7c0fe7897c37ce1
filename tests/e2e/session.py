"""A Studio as in a session of the Platform, behind the proxy, in each shape of its address."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.caddy import Door, Site, proxying
from tests.running import copy_database, free_port, running

PREFIX = "/_studio/a1b2c3d4"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a proxy shows a Studio: under which host, below which path, and by which rules."""

    host: str
    rules: str
    prefix: str = ""


SHAPES = {
    "own host": Shape("a1b2c3d4.connect.localhost", "reverse_proxy STUDIO"),
    "prefix stripped": Shape(
        "connect.localhost", f"handle_path {PREFIX}/* {{\nreverse_proxy STUDIO\n}}", PREFIX
    ),
    "prefix kept": Shape(
        "connect.localhost", f"handle {PREFIX}* {{\nreverse_proxy STUDIO\n}}", PREFIX
    ),
    "host rewritten": Shape(
        "a1b2c3d4.connect.localhost", "reverse_proxy STUDIO {\nheader_up Host STUDIO\n}"
    ),
}


@contextlib.contextmanager
def proxied(
    folder: Path,
    database: Path,
    shape: Shape,
    env: Mapping[str, str] | None = None,
    neighbours: Mapping[str, str] | None = None,
) -> Iterator[Door]:
    """The way into a new Studio.

    In values of `env`, PUBLIC stands for its public host and port. `neighbours` are other hosts on
    the same port, with the proxy's rules for them.
    """
    port, public = free_port(), free_port()
    rules = shape.rules.replace("STUDIO", f"127.0.0.1:{port}")
    site = Site(shape.host, public, rules)
    others = [Site(host, public, text) for host, text in (neighbours or {}).items()]
    session = {"CONNECT_TOOL_PORT": str(port)}
    if shape.prefix:
        session["CONNECT_TOOL_PATH_PREFIX"] = shape.prefix
    given = {name: value.replace("PUBLIC", site.address) for name, value in (env or {}).items()}
    home = copy_database(database, folder / "home")
    with (
        running(home, {**session, **given}) as studio,
        proxying(folder / "proxy", [site, *others]) as proxy,
    ):
        yield Door(site, proxy.root, shape.prefix, studio)
