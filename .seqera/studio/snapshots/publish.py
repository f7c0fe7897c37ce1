"""One publisher's session: take a snapshot of the live database and put it on the link."""

import json
import shutil
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

import studio
from studio.snapshots import layout, local, pack, restore, scan, state, watch
from studio.snapshots.layout import State
from studio.snapshots.manifest import Manifest, Pack, encode
from studio.snapshots.state import LocalState, as_json
from studio.snapshots.watch import Version, Watch

_SPARE = 64 << 20


@dataclass(frozen=True, slots=True)
class Target:
    """Which database is published where; `home` holds our private files."""

    link: Path
    db: Path
    home: Path


@dataclass(frozen=True, slots=True)
class Published:
    """A state that was written whole."""

    state: State
    at: float
    database_bytes: int
    link_bytes: int
    manifest: Manifest


class Publisher:
    """Writes states into a session of its own.

    What it remembers of the last state changes only after both files of the next are written, so an
    error at any point means: that name is spent, the content is published under the next one.
    """

    def __init__(self, target: Target, now: Callable[[], float], known: LocalState) -> None:
        self.target = target
        self.published: Published | None = None
        self.drill_due = False
        self._now = now
        self._watch = Watch(target.db)
        self._seen: Version | None = None
        self._tried = 0
        self._announced = False
        session = layout.new_session_id(now())
        self._known = replace(known, session=session, pending_seq=None, published=False)
        self._spool = target.home / "spool"

    @property
    def session(self) -> str:
        """The session's name."""
        return self._known.session or ""

    def dirty(self) -> bool:
        """Whether the database holds something that is not published."""
        version = self._watch.version()
        if version is None and self._seen is not None:
            raise FileNotFoundError(f"{self.target.db} has gone")
        if version is None or version == self._seen:
            return False
        return self._watch.has_schema()

    def cycle(self, check: Callable[[], None] = lambda: None) -> Published | None:
        """Publish what the database holds now; None when it is what is published already.

        `check` may raise to abandon the snapshot; once the link is being written to, the state is
        finished.
        """
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
            packed = pack.write_base(shadow, spool, check)
            local.remove(shadow)
            if self.published is None or packed.root != self.published.manifest.root:
                return self._put(seq, packed, spool, content, seen)
            self._seen = seen
            return None
        finally:
            local.remove(shadow, spool)

    def _put(
        self,
        seq: int,
        packed: pack.Packed,
        spool: Path,
        content: watch.Content,
        seen: Version | None,
    ) -> Published:
        link, new = self.target.link, State(self.session, seq)
        self._announce(content.alembic_rev, packed.page_size)
        self._tried = seq
        part = Pack(layout.pack_name(seq, packed.sha256), packed.length, packed.sha256)
        with spool.open("rb") as source:
            layout.put(layout.pack_file(link, self.session, part.name), source)
        manifest = Manifest(
            seq=seq,
            kind="base",
            pages=packed.pages,
            page_size=packed.page_size,
            root=packed.root,
            chain=(part,),
            alembic_rev=content.alembic_rev,
            wall_ts=round(self._now(), 3),
            rows=content.rows,
        )
        encoded = encode(manifest)
        layout.put(layout.manifest_file(link, new), encoded)
        self.drill_due = self.drill_due or self.published is None
        self._seen = seen
        if not self._known.published:
            self._known = replace(self._known, published=True)
            state.write(self.target.home, self._known)
        size = packed.length + len(encoded)
        self.published = Published(new, self._now(), manifest.size, size, manifest)
        return self.published

    def drill(self, check: Callable[[], None] = lambda: None) -> str | None:
        """Rehearse a restore of our newest state from the link; the reason if that fails."""
        self.drill_due = False
        if self.published is None:
            return None
        scratch = local.private_dir(self._spool) / "drill.db"
        try:
            manifest = scan.manifest(self.target.link, self.published.state)
            restore.restore(self.target.link, self.session, manifest, scratch, check)
        except (restore.Rejected, ValueError) as exc:
            self._seen = None
            self.published = None  # the next cycle publishes, whatever the root
            return str(exc)
        finally:
            local.remove(scratch)
        return None

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

    def close(self) -> None:
        """Let go of the database and drop our scratch files."""
        self._watch.close()
        local.remove(*(self._spool / n for n in ("shadow.db", "pack", "drill.db")))

    def _ensure_room(self) -> None:
        needed = self._watch.size() * 3 // 2 + _SPARE
        free = shutil.disk_usage(self.target.home).free
        if free < needed:
            raise OSError(
                f"the local disk has {free >> 20} MB free, a snapshot needs {needed >> 20} MB"
            )

    def _remember_attempt(self, seq: int) -> None:
        """Note the number before the snapshot is taken: what `start` concludes depends on it."""
        known = replace(self._known, pending_seq=seq)
        if known != self._known or not state.path(self.target.home).exists():
            state.write(self.target.home, known)
            self._known = known

    def _announce(self, alembic_rev: str, page_size: int) -> None:
        """Write session.json before the first state."""
        if self._announced:
            return
        link, known = self.target.link, self._known
        layout.make_session_dirs(link, self.session)
        document = {
            "v": 1,
            "sid": self.session,
            "parents": [as_json(s) for s in known.parents],
            "passed_over": [as_json(s) for s in known.passed_over],
            "depth": known.depth,
            "restored_from": as_json(known.restored_from) if known.restored_from else None,
            "wall_ts": self._now(),
            "mlflow_version": _version_of("mlflow") or _version_of("mlflow-skinny"),
            "alembic_rev": alembic_rev,
            "page_size": page_size,
            "studio_version": studio.__version__,
        }
        try:
            layout.put(layout.session_file(link, self.session), json.dumps(document).encode())
        except OSError:
            # The name is spent and has no next number, so the session gets another name.
            self._known = replace(known, session=layout.new_session_id(self._now()))
            self._tried = 0
            raise
        self._announced = True
        _mark_store(link)


def _mark_store(link: Path) -> None:
    try:
        if not any(layout.is_store_name(p.name) for p in layout.root(link).iterdir()):
            name = str(uuid.uuid4())
            layout.put(layout.store_file(link, name), json.dumps({"v": 1, "uuid": name}).encode())
    except OSError as exc:
        print(
            f"the store's mark could not be written ({exc}); nothing depends on it", file=sys.stderr
        )


def _version_of(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
