"""`studioctl init` and `studioctl profile`: what is written, printed and refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.deploy.calling import ROOT, called, studioctl

PROFILE = """\
name: runs-${STAGE:-test}
workspace: acme/ml
resources: {cpu: 4, memory: 16 GiB}
session:
  lifespan: 8h
data-links:
  - runs
  - {uri: s3://acme, writable: true}
environment:
  REGION: {from_env: AWS_REGION}
  API_TOKEN: {from_env: MY_TOKEN, visible: true}
  GREETING: "hello\\nworld"
stages:
  dev: {name: dev, resources: {cpu: 1}}
"""
ENV = {"AWS_REGION": "eu", "MY_TOKEN": "hunter2hunter2"}


@pytest.fixture
def a_profile(a_folder: Path) -> Path:
    file = a_folder / "studio.yaml"
    file.write_text(PROFILE)
    return file


def test_init_writes_a_valid_profile_and_its_schema(a_folder: Path) -> None:
    done = studioctl("init", cwd=a_folder)
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr.startswith("wrote studio.yaml\nwrote studio.schema.json\nNext: ")
    assert "studioctl deploy" in done.stderr
    assert sorted(path.name for path in a_folder.iterdir()) == ["studio.schema.json", "studio.yaml"]
    checked = studioctl("profile", "validate", cwd=a_folder)
    assert (checked.returncode, checked.stdout) == (0, "")
    assert checked.stderr == "studio.yaml is valid\n"


def test_the_schema_that_init_writes_is_the_one_that_is_printed(a_folder: Path) -> None:
    called("init", cwd=a_folder)
    printed = called("profile", "schema", cwd=a_folder)
    assert printed.returncode == 0
    assert printed.stdout == (a_folder / "studio.schema.json").read_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(printed.stdout))


@pytest.mark.parametrize("name", ["studio.yaml", "studio.schema.json"])
def test_init_overwrites_nothing_without_force(a_folder: Path, name: str) -> None:
    (a_folder / name).write_text("mine")
    done = called("init", cwd=a_folder)
    assert done.returncode == 1
    assert f"{name} is there already; nothing was written." in done.stderr
    assert [path.name for path in a_folder.iterdir()] == [name]
    assert (a_folder / name).read_text() == "mine"
    assert called("init", "--force", cwd=a_folder).returncode == 0
    assert (a_folder / name).read_text() != "mine"


def test_init_writes_another_file_on_request(a_folder: Path) -> None:
    done = called("init", "-f", "other.yaml", cwd=a_folder)
    assert "studioctl plan --file other.yaml" in done.stderr
    assert (a_folder / "other.yaml").exists()
    again = called("init", "-f", "third.yaml", cwd=a_folder)
    assert "studio.schema.json" not in again.stderr


def test_init_says_why_it_cannot_write(a_folder: Path) -> None:
    done = called("init", "-f", "no/such/folder/studio.yaml", cwd=a_folder)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_show_prints_each_value_with_its_source(a_profile: Path) -> None:
    done = called("profile", "show", cwd=a_profile.parent, TOWER_WORKSPACE_ID="other/ws", **ENV)
    assert done.returncode == 0
    assert done.stderr == ""
    lines = [line.strip() for line in done.stdout.splitlines()]
    for expected in (
        "name: runs-test  (studio.yaml:1)",
        "description: not set  (default)",
        "workspace: other/ws  (TOWER_WORKSPACE_ID)",
        "cpu: 4  (studio.yaml:3)",
        "memory: 16384 MiB  (studio.yaml:3)",
        "gpu: 0  (default)",
        "lifespan: 8h  (studio.yaml:5)",
        "auto-start: true  (default)",
        "name: runs  (studio.yaml:7)",
        "uri: s3://acme  (studio.yaml:8)",
        "writable: true  (studio.yaml:8)",
        "REGION: eu  (AWS_REGION, studio.yaml:10)",
        "API_TOKEN: ***  (MY_TOKEN, studio.yaml:11, visible to the workspace)",
        'GREETING: "hello\\nworld"  (studio.yaml:12)',
        "labels: none  (default)",
    ):
        assert expected in lines


def test_a_flag_comes_first_and_a_stage_lies_over_the_base(a_profile: Path) -> None:
    done = called(
        *("profile", "show", "--stage", "dev", "-w", "a/b", "-f", str(a_profile)),
        cwd=a_profile.parent,
        TOWER_WORKSPACE_ID="other/ws",
        **ENV,
    )
    assert f"name: dev  ({a_profile}:14)\n" in done.stdout
    assert f"  cpu: 1  ({a_profile}:14)\n" in done.stdout
    assert "workspace: a/b  (--workspace)\n" in done.stdout


def test_show_as_json_is_one_document(a_profile: Path) -> None:
    done = called("profile", "show", "--json", cwd=a_profile.parent, **ENV)
    document = json.loads(done.stdout)
    assert (document["file"], document["stage"]) == ("studio.yaml", None)
    values = document["values"]
    assert values["resources"]["cpu"] == {"value": 4, "source": "studio.yaml:3"}
    assert values["description"] == {"value": None, "source": "default"}
    assert values["data-links"][0]["name"]["value"] == "runs"
    assert values["environment"]["API_TOKEN"]["value"] == "***"
    assert "hunter2" not in done.stdout


def test_validate_lists_everything_and_ends_with_3(a_folder: Path) -> None:
    text = "name: 1\nresources: {cpus: 2}\nstages: {dev: {spot: true}}\n"
    (a_folder / "studio.yaml").write_text(text)
    done = called("profile", "validate", cwd=a_folder)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == (
        "error: the profile has 3 problems:\n"
        '       studio.yaml:1:7: name: 1 is a number, and text is meant; write "1" in quotes\n'
        '       studio.yaml:2:13: resources.cpus: unknown key; did you mean "cpu"?\n'
        '       studio.yaml:3:16: stages.dev.spot: unknown key; did you mean "session.spot"?\n'
    )


def test_validate_as_json_says_the_same(a_folder: Path) -> None:
    (a_folder / "studio.yaml").write_text("name: 1\n")
    done = called("profile", "validate", "--json", cwd=a_folder)
    assert done.returncode == 3
    assert json.loads(done.stdout) == {
        "file": "studio.yaml",
        "valid": False,
        "problems": [
            {
                "line": 1,
                "column": 7,
                "path": "name",
                "message": '1 is a number, and text is meant; write "1" in quotes',
            }
        ],
    }
    (a_folder / "studio.yaml").write_text("name: a\n")
    done = called("profile", "validate", "--json", cwd=a_folder)
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"file": "studio.yaml", "valid": True, "problems": []}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("image: {freeze: true}\n", 1),
        ("stages:\n  dev: {}\n  prod: {image: {freeze: true}}\n", 3),
    ],
    ids=["the base", "a stage"],
)
def test_validate_checks_that_the_whole_can_be_built(a_folder: Path, text: str, line: int) -> None:
    (a_folder / "studio.yaml").write_text(text)
    done = called("profile", "validate", "--json", cwd=a_folder)
    assert done.returncode == 3
    (problem,) = json.loads(done.stdout)["problems"]
    assert problem["message"].startswith(f"image.freeze (studio.yaml:{line}): needs a place")


def test_a_base_that_only_its_stages_complete_is_valid(a_folder: Path) -> None:
    text = "image: {freeze: true}\nstages: {prod: {image: {repository: ghcr.io/acme/x}}}\n"
    (a_folder / "studio.yaml").write_text(text)
    assert called("profile", "validate", cwd=a_folder).returncode == 0


def test_validate_tells_programs_too_that_there_is_no_profile(a_folder: Path) -> None:
    done = called("profile", "validate", "--json", cwd=a_folder)
    assert done.returncode == 3
    (problem,) = json.loads(done.stdout)["problems"]
    assert problem["message"].startswith("there is no profile studio.yaml.")


@pytest.mark.parametrize("command", ["validate", "show"])
def test_a_missing_profile_ends_with_3(a_folder: Path, command: str) -> None:
    done = called("profile", command, cwd=a_folder)
    assert done.returncode == 3
    assert "there is no profile studio.yaml" in done.stderr
    assert "studioctl init" in done.stderr


@pytest.mark.parametrize("command", ["validate", "show"])
def test_an_unknown_stage_ends_with_3(a_profile: Path, command: str) -> None:
    done = called("profile", command, "--stage", "dve", cwd=a_profile.parent, **ENV)
    assert done.returncode == 3
    assert done.stderr == 'error: --stage: the profile has no stage "dve"; did you mean "dev"?\n'


def test_odd_bytes_give_no_traceback(a_folder: Path) -> None:
    for data in (b"\x00\xff", b"%YAML 9.9", b'name: "\\ud800"', b"name: \x1b[31m", b"? "):
        (a_folder / "studio.yaml").write_bytes(data)
        done = called("profile", "validate", cwd=a_folder)
        assert done.returncode == 3
        assert "Traceback" not in done.stderr


def test_values_of_any_language_reach_a_terminal_that_has_only_ascii(a_folder: Path) -> None:
    (a_folder / "studio.yaml").write_text('name: "実験"\n', encoding="utf-8")
    for option in ((), ("--json",)):
        done = studioctl(
            "profile", "show", *option, cwd=a_folder, PYTHONIOENCODING="ascii", PYTHONUTF8="0"
        )
        assert done.returncode == 0, done.stderr


def test_the_profile_needs_neither_the_servers_parts_nor_docker(a_profile: Path) -> None:
    script = (
        "import sys\n"
        "from deploy.cli import app\n"
        "app(['profile', 'show'], standalone_mode=False)\n"
        "print(*sorted({n.split('.')[0] for n in sys.modules}), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=a_profile.parent,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **ENV},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stderr.split())
    assert {"pydantic", "yaml"} <= loaded
    assert loaded & {"mlflow", "docker", "requests", "rich", "zstandard", "flask"} == set()
