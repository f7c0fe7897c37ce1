"""Look at an image in its registry, without Docker: is it there, for which machines, what is in it.

Written after the OCI Distribution Specification 1.1 and Docker's token authentication. Temporary
images of Wave are served in the same way, by Wave itself.
"""

from deploy.registry.inspection import Inspected, Unknown, inspect
from deploy.registry.reference import Reference

__all__ = ["Inspected", "Reference", "Unknown", "inspect"]
