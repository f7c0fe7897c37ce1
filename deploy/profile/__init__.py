"""The profile, `studio.yaml`: the Studio as it should be.

Bytes → `reading` (a tree with places) → `stages` → `variables` → `validation` → `Loaded`. Nothing
is ignored: what cannot be honoured is a problem, and all problems are reported at once.
"""

from deploy.profile.loading import DEFAULT_FILE, Loaded, Variable, check, load, load_if_there
from deploy.profile.model import Profile

__all__ = ["DEFAULT_FILE", "Loaded", "Profile", "Variable", "check", "load", "load_if_there"]
