"""The archive compressed for Wave, which takes it inside of the request."""

import gzip
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from deploy.context.model import Packed

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Compressed:
    """A packed context in gzip, gone when the `with` block ends.

    Only `tar_digest` counts for Wave's cache: implementations of gzip differ in their bytes.
    """

    path: Path
    gzip_digest: str
    gzip_size: int
    tar_digest: str

    def __enter__(self) -> "Compressed":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.path.unlink(missing_ok=True)


def compress(packed: Packed) -> Compressed:
    """Compress the tar into a file of its own, without name and date in its header."""
    descriptor, name = tempfile.mkstemp(prefix="studioctl-context-", suffix=".tar.gz")
    path = Path(name)
    try:
        with (
            os.fdopen(descriptor, "wb") as raw,
            packed.path.open("rb") as source,
            gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as target,
        ):
            shutil.copyfileobj(source, target, CHUNK)
        with path.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        return Compressed(path, f"sha256:{digest}", path.stat().st_size, packed.digest)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
