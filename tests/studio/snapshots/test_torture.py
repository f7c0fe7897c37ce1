"""Twenty kills at random moments; `make torture` runs two hundred."""

import os
import random
from pathlib import Path

import pytest

from tests.studio.snapshots.torture import Torture

KILLS = 20


@pytest.mark.slow
def test_nothing_published_is_lost_whenever_the_machine_dies(tmp_path: Path) -> None:
    seed = int.from_bytes(os.urandom(4))
    print(f"seed {seed}")
    (tmp_path / "link").mkdir()
    torture = Torture(tmp_path, tmp_path / "link", random.Random(seed))
    torture.begin()
    while torture.count["killed"] < KILLS:
        torture.round()
    assert torture.acknowledged > 0
