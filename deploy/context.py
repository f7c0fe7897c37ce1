"""Find the build context: the folder that the image is built from."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def locate(package: Path = PACKAGE) -> Path:
    """Give the context that belongs to this studioctl: the packaged copy, else the checkout's.

    Both hold the same files, so an installed studioctl builds the same image as a clone.
    """
    packaged = package / "_context"
    return packaged if packaged.is_dir() else package.parent / ".seqera"
