"""An S3 that answers on loopback (moto), in a process of its own, and what it was asked."""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.running import CLEAN, free_port, wait_until

KEY = "AKIAEXAMPLE"
SECRET = "s3cret-of-the-bucket"


@dataclass(frozen=True, slots=True)
class Buckets:
    """A running S3; `log` has a line for each request."""

    port: int
    log: Path

    @property
    def env(self) -> dict[str, str]:
        """What a process needs to reach it as if it were Amazon's."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
        }

    @property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )

    def keys(self, bucket: str) -> list[str]:
        found = self.client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return [item["Key"] for item in found]

    def asked(self, method: str, path: str) -> int:
        """How many requests of a method named something in this path."""
        return self.log.read_text().count(f'"{method} {path}')


@contextmanager
def serving(folder: Path) -> Iterator[Buckets]:
    buckets = Buckets(free_port(), folder / "moto.log")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(buckets.port)]
    with buckets.log.open("w") as log:
        server = subprocess.Popen(command, env=CLEAN, cwd=folder, stdout=log, stderr=log)
    try:
        wait_until(lambda: _answers(buckets.port), 60, buckets.log.read_text)
        yield buckets
    finally:
        server.kill()
        server.wait()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5):
            return True
    except OSError:
        return False
