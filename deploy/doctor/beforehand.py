"""Import what the checks use before they run side by side.

A thread that imports `a.b` while another one is at `a`, whose `__init__` imports `a.b`, waits for
that one and is waited for: Python then lets one of the two fail with a `_DeadlockError`. So there
must be nothing left to import when the threads begin; a test looks at each import that they make.
"""

from importlib import import_module

_NAMES = (
    "requests",
    "docker.credentials.errors",
    "docker.tls",
    "deploy.context",
    "deploy.docker.buildx",
    "deploy.docker.engine",
    "deploy.seqera.limits",
    "deploy.seqera.tw",
    # Which these two import only when they are at work.
    "e2b_dockerfile_utils",
    "encodings.idna",
)


def load() -> None:
    """Import all of it."""
    for name in _NAMES:
        import_module(name)
