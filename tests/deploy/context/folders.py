"""Folders to pack, and what an archive holds."""

import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy import context
from deploy.context import Packed


def a_folder_with(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files, by their names, into a folder that has at least a Dockerfile."""
    for name, content in {"Dockerfile": "FROM scratch\n", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def members(packed: Packed) -> list[tarfile.TarInfo]:
    with tarfile.open(packed.path) as archive:
        return archive.getmembers()


def contents(packed: Packed) -> dict[str, bytes]:
    """Every file in an archive, by its name."""
    with tarfile.open(packed.path) as archive:
        files = ((member.name, archive.extractfile(member)) for member in archive)
        return {name: file.read() for name, file in files if file is not None}


def packed_names(folder: Path, dockerfile: str = "Dockerfile") -> set[str]:
    with context.pack(folder, dockerfile) as packed:
        return set(contents(packed))


def kept(folder: Path, rules: str, names: Iterable[str]) -> set[str]:
    """Which of some files are packed under some ignore rules."""
    names = list(names)
    a_folder_with(folder, {**dict.fromkeys(names, "x"), ".dockerignore": rules})
    return packed_names(folder) & set(names)
