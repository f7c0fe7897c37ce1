"""Remember the last builds in the user's state folder: a shortcut, never a source of truth.

One small file per build, written aside and renamed, so that concurrent builds do not meet and a
half-written file is never read. Whatever cannot be read is passed over; whatever cannot be written
is left out. Secrets are not among what is kept.
"""

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from deploy import folders
from deploy.images import Image

KEPT = 50


@dataclass(frozen=True, slots=True)
class Record:
    """One build. `content` names all that decides the image; times are in seconds since 1970.

    `source` leaves out where the image is kept: two images with the same one are alike.
    One that is not `finished` is being built by Wave, and can be waited for by its `request_id`.
    """

    image: Image
    at: float
    content: str = ""
    method: str = ""
    finished: bool = True
    request_id: str | None = None
    freeze: bool = False
    inspect: str | None = None
    wave_endpoint: str | None = None
    tower_endpoint: str | None = None
    workspace: str | None = None
    workspace_id: int | None = None
    source: str = ""

    def usable(self, now: float) -> bool:
        """Tell whether there is an image, and will be for the next minutes."""
        expires = self.image.expires_at
        return self.finished and (expires is None or expires > now + 600)


@dataclass(frozen=True, slots=True)
class Records:
    """The records in one folder; without a folder there are none."""

    folder: Path | None

    def add(self, record: Record) -> None:
        """Keep a record, and the newest of the others."""
        if self.folder is None:
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # mkstemp makes the file for its owner alone.
            descriptor, name = tempfile.mkstemp(prefix=".new-", dir=self.folder)
            aside = Path(name)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(asdict(record), file)
                aside.replace(self.folder / f"{time.time_ns():020d}-{os.getpid()}.json")
            except BaseException:
                aside.unlink(missing_ok=True)
                raise
            for old in self._files()[KEPT:]:
                old.unlink(missing_ok=True)

    def newest(self, wanted: Callable[[Record], bool] = lambda record: True) -> Record | None:
        """Give the last record that is wanted."""
        return next(filter(wanted, self), None)

    def __iter__(self) -> Iterator[Record]:
        for path in self._files():
            with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
                yield _read(json.loads(path.read_text(encoding="utf-8")))

    def _files(self) -> list[Path]:
        if self.folder is None:
            return []
        try:
            return sorted(self.folder.glob("[0-9]*.json"), reverse=True)
        except OSError:
            return []


def _read(document: Any) -> Record:
    """Take the members that are known: another version of studioctl may have written more."""
    if not (isinstance(document, dict) and isinstance(document.get("image"), dict)):
        raise TypeError("not a record")
    image = Image(**_known(Image, document["image"]))
    record = Record(**{**_known(Record, document), "image": image})
    if not isinstance(image.reference, str) or not isinstance(record.at, int | float):
        raise TypeError("not a record")
    if not isinstance(image.expires_at, int | float | None):
        raise TypeError("not a time")
    return record


def _known(kind: type[Any], document: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in document.items() if name in names}


def folder(env: Mapping[str, str]) -> Path | None:
    """Give the folder for the records of builds."""
    return folders.state(env, "builds")
