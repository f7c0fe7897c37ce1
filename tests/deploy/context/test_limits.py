"""What Wave takes is known before anything is sent, and the biggest files are named."""

import gzip
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from deploy import context
from deploy.context import limits
from deploy.errors import ContextTooLarge, DockerfileTooLong
from tests.deploy.context.folders import a_folder_with


def test_the_compressed_archive_is_the_archive(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {"a": "x" * 5000})
    with context.pack(tmp_path) as packed:
        with context.compress(packed) as one, context.compress(packed) as other:
            data = one.path.read_bytes()
            assert other.path.read_bytes() == data
            assert gzip.decompress(data) == packed.path.read_bytes()
        assert (one.gzip_size, one.tar_digest) == (len(data), packed.digest)
        assert one.gzip_digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
        # Neither a name nor a date.
        assert data[3:8] == bytes(5)
        assert not one.path.exists()


@pytest.mark.parametrize(("size", "fits"), [(7_500, True), (7_501, False)])
def test_the_dockerfiles_limit_counts_bytes(size: int, fits: bool) -> None:
    text = "é" + "x" * (size - 2)
    if fits:
        context.check_dockerfile(text)
        return
    with pytest.raises(DockerfileTooLong, match="7,501 bytes"):
        context.check_dockerfile(text)


def test_a_context_that_is_too_large_names_the_biggest_files(tmp_path: Path) -> None:
    sizes = {f"f{n}": os.urandom(n * 200_000) for n in range(1, 8)}
    a_folder_with(tmp_path, sizes)
    with context.pack(tmp_path) as packed, context.compress(packed) as compressed:
        (warning,) = context.check_compressed(packed, compressed)
        assert "5.3 MiB" in warning
        listed = [line.split()[-1] for line in warning.splitlines()[1:]]
        assert listed == ["f7", "f6", "f5", "f4", "f3"]
        too_large = replace(compressed, gzip_size=limits.LARGEST_BYTES + 1)
        with pytest.raises(ContextTooLarge, match=r"7\.5 MiB") as refused:
            context.check_compressed(packed, too_large)
        assert "1.3 MiB  f7" in str(refused.value)


def test_what_fits_is_not_mentioned(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {"a": "x" * 9_000_000})
    with context.pack(tmp_path) as packed, context.compress(packed) as compressed:
        assert context.check_compressed(packed, compressed) == ()
