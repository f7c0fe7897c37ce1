"""The build context: the folder that an image is built from, and the archive made of it.

The archive is a function of the content alone. The same files give the same bytes on every machine,
so their digest says whether anything has to be built again.
"""

from pathlib import Path

from deploy.context.compression import Compressed, compress
from deploy.context.limits import check_compressed, check_dockerfile
from deploy.context.model import File, Packed
from deploy.context.packing import pack

__all__ = [
    "Compressed",
    "File",
    "Packed",
    "check_compressed",
    "check_dockerfile",
    "compress",
    "locate",
    "pack",
]

PACKAGE = Path(__file__).resolve().parents[1]


def locate(package: Path = PACKAGE) -> Path:
    """Give the context that belongs to this studioctl: the packaged copy, else the checkout's.

    Both hold the same files, so an installed studioctl builds the same image as a clone.
    """
    packaged = package / "_context"
    return packaged if packaged.is_dir() else package.parent / ".seqera"
