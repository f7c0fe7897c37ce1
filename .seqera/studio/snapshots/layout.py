"""Names and places of our files on a data link, and the doors by which they come and go.

<link>/mlflow-studio/
  store-<uuid>.json                      made by the first session; informative
  sessions/<sid>/session.json            where this session's data came from
  sessions/<sid>/packs/<seq>-<sha16>.pp  database pages
  sessions/<sid>/manifests/<seq>.json    one state: its packs and hashes
  sessions/<sid>/end.json                the session ended with everything published
  sessions/<sid>/pinned/<why>-<seq>.json a manifest that retention must keep
"""

import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from studio.snapshots.local import BINARY

ROOT = "mlflow-studio"
_CHUNK = 1 << 20
_SESSION = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")
_MANIFEST = re.compile(r"([0-9]{8,})\.json")
_STORE = re.compile(r"store-[0-9a-f-]{36}\.json")
_PACK = re.compile(r"packs/([0-9]{8,})-[0-9a-f]{16}\.pp")
_PINNED = re.compile(r"[a-z0-9-]+-([0-9]{8,})\.json")


class Readable(Protocol):
    """Anything with a read."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""


@dataclass(frozen=True, slots=True, order=True)
class State:
    """One point in time: a session and a number in it. Written `<session>/<number>`.

    >>> State.parse("20261122T233012Z-0a1b2c3d/00000007")
    State(sid='20261122T233012Z-0a1b2c3d', seq=7)
    >>> str(State("20261122T233012Z-0a1b2c3d", 7))
    '20261122T233012Z-0a1b2c3d/7'
    """

    sid: str
    seq: int

    @classmethod
    def parse(cls, text: str) -> "State":
        """Read `<session>/<number>`; ValueError says what is expected."""
        sid, _, seq = text.strip().partition("/")
        if not is_session_id(sid) or not re.fullmatch(r"[0-9]{1,12}", seq):
            raise ValueError(
                f"{text!r} does not name a state; expected <session>/<number>, "
                "like 20261122T233012Z-0a1b2c3d/7"
            )
        return cls(sid, int(seq))

    def __str__(self) -> str:
        return f"{self.sid}/{self.seq}"


def states_in(items: object) -> tuple[State, ...]:
    """States out of a JSON list of {sid, seq}; what is none is left out."""
    found = []
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            sid, seq = item.get("sid"), item.get("seq")
            if isinstance(sid, str) and is_session_id(sid) and isinstance(seq, int):
                found.append(State(sid, seq))
    return tuple(found)


def new_session_id(now: float) -> str:
    """A name nobody else uses, even a clone of this disk: so it is never stored and read back."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}-{secrets.token_hex(4)}"


def is_session_id(name: str) -> bool:
    """Whether a folder name under `sessions/` can be one of ours."""
    return _SESSION.fullmatch(name) is not None


def is_store_name(name: str) -> bool:
    """Whether a file name is a store mark."""
    return _STORE.fullmatch(name) is not None


def pack_seq(name: str) -> int | None:
    """The number in a pack's name, None for any other name."""
    match = _PACK.fullmatch(name)
    return int(match[1]) if match else None


def pinned_seq(name: str) -> int | None:
    """The number of the state that a file in `pinned` keeps, None for any other file."""
    match = _PINNED.fullmatch(name)
    return int(match[1]) if match else None


def is_pack_name(name: str) -> bool:
    """Whether a name in a manifest stays inside the session's packs."""
    return _PACK.fullmatch(name) is not None


def manifest_seq(name: str) -> int | None:
    """The number of a manifest's file name, None for any other file."""
    match = _MANIFEST.fullmatch(name)
    return int(match[1]) if match else None


def root(link: Path) -> Path:
    """Our folder on the link."""
    return link / ROOT


def store_file(link: Path, uuid: str) -> Path:
    """The mark of a store; several may appear, the smallest counts."""
    return root(link) / f"store-{uuid}.json"


def sessions_dir(link: Path) -> Path:
    """The folder of all sessions."""
    return root(link) / "sessions"


def session_dir(link: Path, sid: str) -> Path:
    """The folder of one session."""
    return sessions_dir(link) / sid


def session_file(link: Path, sid: str) -> Path:
    """The file that says where a session's data came from."""
    return session_dir(link, sid) / "session.json"


def end_file(link: Path, sid: str) -> Path:
    """The mark of a clean end."""
    return session_dir(link, sid) / "end.json"


def manifests_dir(link: Path, sid: str) -> Path:
    """The folder of a session's manifests."""
    return session_dir(link, sid) / "manifests"


def manifest_file(link: Path, state: State) -> Path:
    """The manifest of a state."""
    return manifests_dir(link, state.sid) / f"{state.seq:08d}.json"


def packs_dir(link: Path, sid: str) -> Path:
    """The folder of a session's packs."""
    return session_dir(link, sid) / "packs"


def pinned_dir(link: Path, sid: str) -> Path:
    """The folder of the marks that keep states of a session."""
    return session_dir(link, sid) / "pinned"


def pinned_file(link: Path, state: State, why: str) -> Path:
    """A copy of a manifest that retention must keep; `why` is in small letters and hyphens."""
    return pinned_dir(link, state.sid) / f"{why}-{state.seq:08d}.json"


def pack_name(seq: int, sha256: str) -> str:
    """A pack's name, relative to its session."""
    return f"packs/{seq:08d}-{sha256[:16]}.pp"


def pack_file(link: Path, sid: str, name: str) -> Path:
    """The file of a pack."""
    return session_dir(link, sid) / name


def make_session_dirs(link: Path, sid: str) -> None:
    """Make the folders a publisher writes to."""
    for folder in (packs_dir(link, sid), manifests_dir(link, sid)):
        folder.mkdir(parents=True, exist_ok=True)


def put(path: Path, source: bytes | Readable) -> None:
    """Write a new file on a link, once.

    Every write of ours to a link goes through here. The name must be new: mounts upload in the
    background, and a second write to a name can be overtaken by the first. So nothing is renamed,
    appended, overwritten, locked or linked, and after an error, which may leave half a file, the
    caller takes another name.
    """
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | BINARY, 0o644)
    closed = False
    try:
        for chunk in _chunks(source):
            view = memoryview(chunk)
            while view:
                view = view[os.write(fd, view) :]
        os.fsync(fd)
        closed = True
        os.close(fd)  # a mount may report a failed write only here
    finally:
        if not closed:
            os.close(fd)


def drop(path: Path) -> None:
    """Delete a file of ours on a link; one that has gone already is no error.

    Every delete of ours on a link goes through here, and only `sweep` calls it.
    """
    path.unlink(missing_ok=True)


def drop_folder(path: Path) -> None:
    """Remove an empty folder of ours on a link. An object store may never have had it."""
    path.rmdir()


def _chunks(source: bytes | Readable) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    while chunk := source.read(_CHUNK):
        yield chunk
