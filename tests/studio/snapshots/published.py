"""What the model of `test_model` knows: which states were published, and which are intact."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from studio.snapshots import layout, scan
from studio.snapshots.layout import State

Steps = frozenset[int]


@dataclass
class Content:
    """What a local database holds, and the sessions that published it."""

    steps: Steps = frozenset()
    sessions: frozenset[str] = frozenset()


@dataclass
class Link:
    """What was published, which files it needs, and which of them were damaged."""

    folder: Path
    published: dict[State, Steps] = field(default_factory=dict)
    files: dict[State, tuple[Path, ...]] = field(default_factory=dict)
    torn: set[Path] = field(default_factory=set)

    def add(self, state: State, steps: Steps) -> None:
        """A state was written whole."""
        chain = scan.manifest(self.folder, state).chain
        packs = [layout.pack_file(self.folder, state.sid, part.name) for part in chain]
        self.published[state] = steps
        self.files[state] = (layout.manifest_file(self.folder, state), *packs)

    def intact(self) -> dict[State, Steps]:
        """The states of which every file is there and unhurt."""
        return {
            state: steps
            for state, steps in self.published.items()
            if all(file.exists() and file not in self.torn for file in self.files[state])
        }

    @contextmanager
    def failing(self, puts: int, left: str, steps: Steps) -> Iterator[None]:
        """The link takes so many writes and fails at the next, leaving nothing, half or all."""
        real, calls = layout.put, iter(range(puts))

        def put(path: Path, source: object) -> None:
            if next(calls, None) is not None:
                real(path, source)  # type: ignore[arg-type]
                return
            data = source if isinstance(source, bytes) else source.read()  # type: ignore[attr-defined]
            if left != "nothing":
                real(path, data if left == "all" else data[: len(data) // 2])
            seq = layout.manifest_seq(path.name)
            if left == "all" and path.parent.name == "manifests" and seq is not None:
                state = State(path.parent.parent.name, seq)
                self.add(state, steps)
            raise OSError(5, "Input/output error")

        layout.put = put  # type: ignore[assignment]
        try:
            yield
        finally:
            layout.put = real
