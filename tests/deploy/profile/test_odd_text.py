"""No profile text, however odd, gives anything but a profile or a list of problems."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from deploy import profile
from deploy.errors import InvalidSetting, ProfileInvalid
from deploy.profile import beginning, keys, showing
from deploy.profile.model import DataLink, Image, Profile, Resources, Session, Variable
from deploy.resolve import BuildFlags, Value, build_settings

ENV = {"HOME": "/root", "N": "4", "MY_TOKEN": "hunter2hunter2"}
KEYS = sorted(
    {key for m in (Profile, Image, Resources, Session, DataLink, Variable) for key in keys.names(m)}
)
WORDS = ["${HOME}", "${N}", "${NOPE}", "${", "$${", "${MY_TOKEN}", "on", "8 GiB", "a/b", "s3://a"]

quick = settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
keys_or_text = st.sampled_from(KEYS) | st.text(max_size=8)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(WORDS)
    | st.dates()
    | st.binary(max_size=8)
)
trees = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(keys_or_text, below, max_size=5),
    max_leaves=25,
)
profiles = st.fixed_dictionaries({}, optional=dict.fromkeys(keys.names(Profile), trees))
marks = (
    *(
        ": ",
        ":",
        "\n",
        "  ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&a ",
        "*a",
        "<<: *a",
        "? ",
        "|\n",
        ">-\n",
    ),
    *('"', "'", "\\", "#", "!!", "!a ", "%YAML 1.1\n", "---\n", "...\n", "=", "@", "`", "~"),
    *(
        "\t",
        "\r",
        "\x85",
        "\u2028",
        "\ufeff",
        "\x00",
        "\x1b",
        "é",
        "🧬",
        "1",
        "1.5",
        "0o7",
        "1e999",
    ),
    *("\\U0010FFFF", "\\UFFFFFFFF", "\\ud800", "-.inf"),
)
pieces = st.lists(st.sampled_from([*KEYS, *WORDS, *marks]), max_size=40).map("".join)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "studio.yaml"


def take(file: Path, data: bytes) -> None:
    """Do all that commands do with a profile; only expected failures may come of it."""
    file.write_bytes(data)
    try:
        profile.check(file, ENV)
        found = profile.load(file, None, ENV)
        shown = showing.values(found, Value(None, "default"))
        written = "\n".join(showing.lines(shown)) + str(showing.document(shown))
        build_settings(found, BuildFlags(), ENV)
    except ProfileInvalid as error:
        problems, written = error.problems, str(error)
    except InvalidSetting as error:
        problems, written = (), str(error)
    else:
        problems = ()
    assert "hunter2hunter2" not in written
    assert written.encode("utf-8")
    lines = len(data.decode("utf-8", "replace").splitlines())
    assert all(1 <= problem.line <= lines + 1 and problem.column >= 1 for problem in problems)


@quick
@given(data=st.binary(max_size=200))
@example(data=b"\xff\xfe\x00")
@example(data=b"\xef\xbb\xbf")
def test_any_bytes(file: Path, data: bytes) -> None:
    take(file, data)


@quick
@given(text=st.text(max_size=200) | pieces)
@example(text="name: &a\n- *a")
@example(text="? ? ? a")
@example(text="environment: {A: {value: 1, from_env: [x]}}")
def test_any_text(file: Path, text: str) -> None:
    take(file, text.encode("utf-8", "replace"))


@quick
@given(content=profiles | trees)
def test_any_tree(file: Path, content: Any) -> None:
    take(file, yaml.safe_dump(content, allow_unicode=True).encode("utf-8", "replace"))


@quick
@given(where=st.integers(0, 10_000), instead=st.binary(max_size=6), length=st.integers(0, 40))
def test_the_sample_with_any_part_of_it_replaced(
    file: Path, where: int, instead: bytes, length: int
) -> None:
    sample = beginning.SAMPLE.read_bytes()
    where %= len(sample)
    take(file, sample[:where] + instead + sample[where + length :])
