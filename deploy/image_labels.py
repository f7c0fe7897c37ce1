"""The labels of an image that mean something to us, and what their values say."""

import re
from collections.abc import Mapping

TITLE = "org.opencontainers.image.title"
OUR_TITLE = "MLflow Studio"
VERSION = "org.opencontainers.image.version"
CONNECT = "io.seqera.connect.version"
# The Platform supports the current minor version of Connect and the two before (Seqera docs,
# "Custom environments"); when this was written that was 0.12.
_OLDEST = (0, 10)
OLDEST_CONNECT = ".".join(map(str, _OLDEST))


def is_ours(labels: Mapping[str, str], *, otherwise: bool) -> bool:
    """Tell whether an image has MLflow Studio in it; without a title it is as `otherwise` says."""
    return labels[TITLE] == OUR_TITLE if TITLE in labels else otherwise


def is_supported(version: str) -> bool | None:
    """Tell whether the Platform supports this version of Connect; None if it is no version.

    >>> is_supported("0.12"), is_supported("v0.9.1"), is_supported("latest")
    (True, False, None)
    """
    number = re.match(r"v?(\d+)\.(\d+)", version)
    return None if number is None else (int(number[1]), int(number[2])) >= _OLDEST
