"""The locked requirements of the image: complete, hashed, and free of this machine."""

import re
import tomllib

import pytest

from deploy.lock import left_out
from tests.image.containers import CONTEXT, ROOT

LOCKS = {
    name: (CONTEXT / name).read_text(encoding="utf-8")
    for name in ("requirements.txt", "requirements-build.txt")
}
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+) \\$", re.MULTILINE)


def extras(*names: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {line for name in names for line in project["optional-dependencies"][name]}


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(PIN.findall(lock))
    for block in blocks:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_no_address_or_path_of_a_machine_is_in_the_lock(lock: str) -> None:
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links|(^|\s)/\w", lock)


def test_the_image_asks_for_what_the_project_asks_for() -> None:
    lines = (CONTEXT / "requirements.in").read_text(encoding="utf-8").splitlines()
    asked = {line for line in lines if line and not line.startswith("#")}
    project = extras("server", "cloud")
    base = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert asked == project | {line for line in base["dependencies"] if "zstandard" in line}


def test_what_is_left_out_is_not_locked_and_has_a_reason() -> None:
    listed = left_out((CONTEXT / "requirements-left-out.txt").read_text(encoding="utf-8"))
    locked = {name for name, _ in PIN.findall(LOCKS["requirements.txt"])}
    assert listed
    assert not locked & set(listed)
    assert all(len(reason.split()) > 3 for reason in listed.values())
