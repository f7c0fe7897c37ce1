"""A bucket mounted as a folder: s3fs, over a line that can be slowed and cut, to a local S3.

It stands in for a data link, which the Platform mounts with Fusion: an object store behind a file
system, where a file is uploaded as a whole when it is closed.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e import line
from tests.e2e.buckets import KEY, SECRET, Buckets
from tests.e2e.line import Line
from tests.running import CLEAN, wait_until


@dataclass(frozen=True, slots=True)
class Mounted:
    """A mounted bucket; `line` is the way to its store."""

    path: Path
    line: Line
    process: subprocess.Popen[str]


@contextmanager
def mounting(
    folder: Path, buckets: Buckets, bucket: str, delay_s: float = 0.0
) -> Iterator[Mounted]:
    """Mount a bucket below `folder`, which is made; unmounted at the end whatever happened."""
    place, cache, passwords = folder / "data" / bucket, folder / "cache", folder / "passwords"
    place.mkdir(parents=True)
    cache.mkdir()
    passwords.write_text(f"{KEY}:{SECRET}")
    passwords.chmod(0o600)
    log = folder / "s3fs.log"
    with line.to(buckets.port, delay_s) as way, log.open("w") as said:
        url = f"url=http://127.0.0.1:{way.port}"
        options = [
            "use_path_request_style",
            "retries=1",
            "connect_timeout=5",
            "readwrite_timeout=5",
        ]
        command = ["s3fs", bucket, place, "-f", "-o", f"passwd_file={passwords}", "-o", url]
        for option in options:
            command += ["-o", option]
        environment = {**CLEAN, "TMPDIR": str(cache)}
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said, text=True)
        try:
            wait_until(lambda: os.path.ismount(place), 30, log.read_text)
            yield Mounted(place, way, process)
        finally:
            way.mend()
            subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)
            process.kill()
            process.wait()
