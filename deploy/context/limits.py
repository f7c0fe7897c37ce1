"""What Wave takes: checked before anything is sent to it.

Read from Wave's source: it compares the base64 text of the Dockerfile with 10,000 characters, and
its framework ends a request at 10 MiB, in which base64 makes 4 bytes out of 3. The 5 MiB are the
limit of Wave's own command line; the server does not know it.
"""

from deploy.context.compression import Compressed
from deploy.context.model import Packed, written
from deploy.errors import ContextTooLarge, DockerfileTooLong

DOCKERFILE_BYTES = 7_500
ADVISED_BYTES = 5 * 1024 * 1024
# Of the 10 MiB some are left for the rest of the request.
LARGEST_BYTES = (10 * 1024 * 1024 - 64 * 1024) * 3 // 4


def check_dockerfile(text: str) -> None:
    """Refuse a Dockerfile, with its build arguments in it, that Wave would refuse."""
    size = len(text.encode())
    if size > DOCKERFILE_BYTES:
        raise DockerfileTooLong(size, DOCKERFILE_BYTES)


def check_compressed(packed: Packed, compressed: Compressed) -> tuple[str, ...]:
    """Refuse what cannot arrive, with the biggest files; warn about what may not."""
    size = compressed.gzip_size
    if size > LARGEST_BYTES:
        raise ContextTooLarge(written(size), written(LARGEST_BYTES), packed.biggest())
    if size <= ADVISED_BYTES:
        return ()
    listed = "".join(f"\n  {line}" for line in packed.biggest())
    return (
        f"the build context is {written(size)} when compressed, more than the "
        f"{written(ADVISED_BYTES)} that Wave advises. The biggest files:{listed}",
    )
