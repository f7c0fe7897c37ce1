"""Find everything that would stop a deploy, before anything is changed, and say it all at once.

What decides is pure and takes values; `look` alone asks the Platform.
"""

from deploy.preflight.buckets import writable
from deploy.preflight.findings import Finding, Level, require
from deploy.preflight.images import image
from deploy.preflight.look import Resolved, resolve

__all__ = ["Finding", "Level", "Resolved", "image", "require", "resolve", "writable"]
