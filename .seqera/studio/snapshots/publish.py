"""One publisher's session: take a snapshot of the live database and put it on the link."""

import json
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from studio.snapshots import about, closed, layout, local, pack, state, watch
from studio.snapshots.chain import Chain, Kind, next_kind
from studio.snapshots.fingerprint import Fingerprint
from studio.snapshots.layout import State
from studio.snapshots.manifest import Manifest, Pack, encode
from studio.snapshots.state import LocalState
from studio.snapshots.watch import Content, Version, Watch

_SPARE = 64 << 20

Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Which database is published where; `home` holds our private files."""

    link: Path
    db: Path
    home: Path


@dataclass(frozen=True, slots=True)
class Published:
    """A state that was written whole. `link_bytes` are those of its own pack and manifest."""

    state: State
    at: float
    database_bytes: int
    link_bytes: int
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class _Line:
    """What the next state builds on: the newest state's packs, and what it and its base hold."""

    chain: Chain
    newest: Fingerprint
    base: Fingerprint
    began: "_Moment"


@dataclass(frozen=True, slots=True)
class _Moment:
    """A point in time on two clocks: one may be set, the other stands still in a suspended VM."""

    wall: float
    steady: float

    def until(self, later: "_Moment") -> float:
        """Seconds that have passed, at the most."""
        return max(later.wall - self.wall, later.steady - self.steady)


class Publisher:
    """Writes states into a session of its own.

    What it remembers of the last state changes only after both files of the next are written, so an
    error at any point means: that name is spent, the content is published under the next one.
    `work_s` is how long the last cycle kept this machine busy, without what the link took.
    """

    def __init__(self, target: Target, now: Callable[[], float], known: LocalState) -> None:
        self.target = target
        self.published: Published | None = None
        self.work_s = 0.0
        self._now = now
        self._watch = Watch(target.db)
        self._seen: Version | None = None
        self._line: _Line | None = None
        self._manifests: tuple[Manifest, ...] = ()
        self._tried = 0
        self._announced = False
        session = layout.new_session_id(now())
        self._known = replace(known, session=session, pending_seq=None, published=False)
        self._spool = target.home / "spool"

    @property
    def session(self) -> str:
        """The session's name."""
        return self._known.session or ""

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """All states that this session has written whole, oldest first, less the forgotten."""
        return self._manifests

    @property
    def chain(self) -> tuple[Pack, ...]:
        """The packs that the next delta builds on: they must stay."""
        return self._line.chain.packs if self._line else ()

    def forget(self, seqs: Iterable[int]) -> None:
        """Take states off `manifests` that are no longer on the link."""
        gone = set(seqs)
        self._manifests = tuple(m for m in self._manifests if m.seq not in gone)

    def distrust(self) -> None:
        """Build on nothing that was written so far: the next cycle writes a base, come what may."""
        self._line = None
        self._seen = None

    def dirty(self) -> bool:
        """Whether the database holds something that is not published."""
        version = self._watch.version()
        if version is None and self._seen is not None:
            raise FileNotFoundError(f"{self.target.db} has gone")
        if version is None or version == self._seen:
            return False
        return self._watch.has_schema()

    def cycle(self, check: Check = lambda: None, *, final: bool = False) -> Published | None:
        """Publish what the database holds now; None when it is what is published already.

        `check` may raise to abandon the snapshot; a pack that is being written to the link is
        finished, unless it is a base that the next state can do without. `final`: it must be quick.
        """
        began = time.monotonic()
        seen = self._watch.version()
        self._ensure_room()
        seq = self._tried + 1
        self._remember_attempt(seq)
        local.private_dir(self._spool)
        shadow, spool = self._spool / "shadow.db", self._spool / "pack"
        try:
            check()
            self._watch.copy(shadow)
            check()
            content = watch.content(shadow)
            kind, packed = self._packed(shadow, spool, check, final=final)
            local.remove(shadow)
            self.work_s = time.monotonic() - began
            if self._line is None or packed.whole.root != self._line.newest.root:
                dispensable = kind == "base" and self._line is not None
                return self._put(seq, kind, packed, content, seen, check if dispensable else None)
            self._seen = seen
            return None
        finally:
            local.remove(shadow, spool)

    def _packed(
        self, shadow: Path, spool: Path, check: Check, *, final: bool
    ) -> tuple[Kind, pack.Packed]:
        """Pack the snapshot as what is best: a short delta or differential, else a base."""
        line = self._line
        comparable = line is not None and line.newest.page_size == pack.page_size(shadow)
        kind = next_kind(
            line.chain if line else None,
            comparable=comparable,
            age_s=line.began.until(self._moment()) if line else 0.0,
            final=final,
        )
        if line is not None and kind != "base":
            since = line.newest if kind == "delta" else line.base
            try:
                most = None if final else line.chain.room
                return kind, pack.write(shadow, spool, since, most, check)
            except pack.TooLong:
                pass
        return "base", pack.write(shadow, spool, check=check)

    def _put(
        self,
        seq: int,
        kind: Kind,
        packed: pack.Packed,
        content: Content,
        seen: Version | None,
        check: Check | None,
    ) -> Published:
        link, whole = self.target.link, packed.whole
        self._announce(content.alembic_rev, whole.page_size)
        new = State(self.session, seq)
        began = self._moment()
        part = Pack(layout.pack_name(seq, packed.sha256), packed.length, packed.sha256)
        with (self._spool / "pack").open("rb") as source:
            checked = pack.Checked(source, check) if check else source
            layout.put(layout.pack_file(link, self.session, part.name), checked)
        chain = self._line.chain.then(kind, part) if self._line else Chain(part)
        manifest = Manifest(
            seq=seq,
            kind="base" if kind == "base" else "delta",
            pages=whole.count,
            page_size=whole.page_size,
            root=whole.root,
            chain=chain.packs,
            alembic_rev=content.alembic_rev,
            wall_ts=round(self._now(), 3),
            rows=content.rows,
            parents=self._known.parents,
            depth=self._known.depth,
        )
        encoded = encode(manifest)
        layout.put(layout.manifest_file(link, new), encoded)
        if self._line and kind != "base":
            self._line = replace(self._line, chain=chain, newest=whole)
        else:
            self._line = _Line(chain, whole, whole, began)
        self._manifests = (*self._manifests, manifest)
        self._seen = seen
        if not self._known.published:
            self._known = replace(self._known, published=True)
            state.write(self.target.home, self._known)
        size = packed.length + len(encoded)
        self.published = Published(new, self._now(), manifest.size, size, manifest)
        return self.published

    def end(self) -> State | None:
        """Mark a clean end, after everything was published; the last state."""
        if self.published is None:
            return None
        final = self.published.state
        layout.put(
            layout.end_file(self.target.link, final.sid),
            json.dumps({"v": 1, "final_seq": final.seq, "wall_ts": self._now()}).encode(),
        )
        return final

    def pin(self, why: str) -> None:
        """Have the newest state kept for good, whatever its age; OSError if that fails."""
        if self.published is not None:
            link, new = self.target.link, self.published
            layout.pinned_dir(link, new.state.sid).mkdir(exist_ok=True)
            layout.put(layout.pinned_file(link, new.state, why), encode(new.manifest))

    def close(self) -> None:
        """Let go of the database and drop our scratch files."""
        self._watch.close()
        with suppress(OSError):  # then the next start checks the file
            closed.note(self.target.home, self.target.db)
        local.remove(*(self._spool / name for name in ("shadow.db", "pack")))

    def _moment(self) -> _Moment:
        return _Moment(self._now(), time.monotonic())

    def _ensure_room(self) -> None:
        needed = self._watch.size() * 3 // 2 + _SPARE
        free = shutil.disk_usage(self.target.home).free
        if free < needed:
            raise OSError(
                f"the local disk has {free >> 20} MB free, a snapshot needs {needed >> 20} MB"
            )

    def _remember_attempt(self, seq: int) -> None:
        """Note the number before the snapshot is taken: what `start` concludes depends on it.

        With that it is spent, whatever comes of the snapshot. A copy of the disk that was taken
        meanwhile says that it holds this state, so none with more in it may get that number.
        """
        known = replace(self._known, pending_seq=seq)
        state.write(self.target.home, known)
        self._known, self._tried = known, seq

    def _announce(self, alembic_rev: str, page_size: int) -> None:
        """Write session.json before the first state."""
        if self._announced:
            return
        link, known = self.target.link, self._known
        try:
            about.write(link, known, self._now(), alembic_rev, page_size)
        except OSError:
            # The name is spent and has no next number, so the session gets another name.
            another = layout.new_session_id(self._now())
            self._known = replace(known, session=another, pending_seq=None)
            self._tried = 0
            raise
        self._announced = True
        about.mark_store(link)
