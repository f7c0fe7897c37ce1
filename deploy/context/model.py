"""What packing gives."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType


@dataclass(frozen=True, slots=True)
class File:
    """One file of the context: its name from the top, with slashes, and its size in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Packed:
    """A build context as one tar file, which is gone when the `with` block ends.

    `digest` is that of the tar: "sha256:" and 64 digits. `dockerfile` is the text as it is in the
    archive. The ignore rules may hide it from COPY; the builder needs it nevertheless.
    """

    path: Path
    digest: str
    size: int
    files: tuple[File, ...]
    dockerfile: str
    warnings: tuple[str, ...] = ()
    folder: Path = Path()
    dockerfile_name: str = "Dockerfile"
    dockerfile_hidden: bool = False

    def __enter__(self) -> "Packed":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Delete the tar; what is known about it stays."""
        self.path.unlink(missing_ok=True)

    def biggest(self, count: int = 5) -> tuple[str, ...]:
        """List the files that take the most room, for a person who has to choose."""
        ordered = sorted(self.files, key=lambda file: (-file.size, file.name))
        return tuple(f"{written(file.size):>9}  {file.name}" for file in ordered[:count])


def written(size: int) -> str:
    """Write a size for people.

    >>> written(999), written(5 * 1024 * 1024)
    ('999 B', '5.0 MiB')
    """
    if size < 1024:
        return f"{size} B"
    amount, unit = size / 1024, "KiB"
    for larger in ("MiB", "GiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.1f} {unit}"
