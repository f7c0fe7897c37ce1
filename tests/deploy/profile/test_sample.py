"""The sample: valid as it is, valid with every example uncommented, and complete."""

import re

import pytest
import yaml

from deploy.profile import beginning, keys
from deploy.profile.model import DataLink, Image, Profile, Resources, Session
from tests.deploy.profile.writing import loaded, problems

SAMPLE = beginning.SAMPLE.read_text(encoding="utf-8")


def uncommented() -> str:
    """Every example made a line of the profile, as its first lines tell people to."""
    return re.sub(r"^(\s*)#(?=[^ \n]|  +\S|  +#)", r"\1", SAMPLE, flags=re.MULTILINE)


def test_it_is_valid_and_says_nothing_but_the_defaults_and_advice() -> None:
    found = loaded(SAMPLE)
    advised = {"description", "session"}
    assert found.profile.session.lifespan == 0
    given = found.profile.model_dump(exclude=advised)
    assert given == Profile().model_dump(exclude=advised)


def test_every_example_in_it_is_valid() -> None:
    # An image that is there already excludes all that is about building.
    text = re.sub(r"^  reference:.*\n", "", uncommented(), flags=re.MULTILINE)
    env = {"MLFLOW_BUCKET_SECRET": "hunter2"}
    assert problems(text, **env) == []
    for stage in ("dev", "prod"):
        assert problems(text, stage, **env) == []


def test_it_names_every_key() -> None:
    document = yaml.safe_load(uncommented())
    assert list(document) == keys.names(Profile)
    for section, model in (("image", Image), ("resources", Resources), ("session", Session)):
        assert list(document[section]) == keys.names(model)
    links = [set(link) for link in document["data-links"] if isinstance(link, dict)]
    assert set().union(*links) == set(keys.names(DataLink))


def test_every_key_in_it_has_a_comment_before_it() -> None:
    before = ""
    for line in SAMPLE.splitlines():
        if re.match(r"#?(name|description|data-links|environment|labels|stages):", line):
            assert before.startswith("# "), line
        before = line


def test_its_first_line_names_the_schema_that_init_writes() -> None:
    first = SAMPLE.splitlines()[0]
    assert first == f"# yaml-language-server: $schema={beginning.SCHEMA_FILE}"


@pytest.mark.parametrize("line", SAMPLE.splitlines())
def test_its_lines_fit_a_screen(line: str) -> None:
    assert len(line) <= 100
