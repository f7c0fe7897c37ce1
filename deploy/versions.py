"""Which releases are at work here."""

import re


def pinned_mlflow() -> str:
    """Give the MLflow version that the server parts pin."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        needed = requires("mlflow-studio") or []
    except PackageNotFoundError:
        return "unknown: studioctl is not installed"
    found = (re.match(r"mlflow==([\w.]+)", need) for need in needed)
    return next((match[1] for match in found if match), "unknown")


def own_context() -> str:
    """Give the digest of our own build context: it names all that the image is made of."""
    from deploy import context

    with context.pack(context.locate()) as packed:
        return packed.digest
