"""The fake tw against the real one's command line: what it takes, and what it refuses how."""

import io
from pathlib import Path

import pytest

from tests.documented import arguments
from tests.fakes.tw.in_process import ADD, Tw
from tests.fakes.tw.installed import NEWEST, OLDER
from tests.fakes.tw.program import Program

NOWHERE = "http://127.0.0.1:9"

# Arguments, the exit code, and a part of what stderr says.
REFUSED = {
    "nothing at all": ((), 255, "Usage: tw"),
    "a group without a command": (("studios",), 1, "Usage: tw studios"),
    "an option of tw behind the command": (
        ("studios", "list", "-o", "json"),
        2,
        "Unknown options: '-o', 'json'",
    ),
    "a misspelt option gets suggestions": (
        (*ADD, "--lable=a=b"),
        2,
        "Unknown option: '--lable=a=b'\nPossible solutions: --labels",
    ),
    "a misspelt command gets suggestions": (("studio",), 2, "Did you mean: tw studios?"),
    "a required option is missing": (
        ("studios", "add", "--name=n"),
        2,
        "Missing required option: '--compute-env=<computeEnv>'",
    ),
    "two required options are missing": (
        ("studios", "add"),
        2,
        "Missing required options: '--name=<name>', '--compute-env=<computeEnv>'",
    ),
    "a missing option comes before an unknown one": (
        ("studios", "add", "--nothing"),
        2,
        "Missing required options",
    ),
    "a wrong value comes before a missing option": (
        ("studios", "add", "--cpu=two"),
        2,
        "Invalid value for option '--cpu' (<cpu>): 'two' is not an int",
    ),
    "a number too large": ((*ADD, "--memory=2147483648"), 2, "is not an int"),
    "a single option given twice": (
        (*ADD, "--name=m"),
        2,
        "option '--name' (<name>) should be specified only once",
    ),
    "a flag given twice": ((*ADD, "--private", "--private"), 2, "should be specified only once"),
    "a flag with a separate value": (
        (*ADD, "--private", "true"),
        2,
        "Unmatched argument at index 6: 'true'",
    ),
    "a flag with another value": ((*ADD, "--private=yes"), 2, "'yes' is not a boolean"),
    "a value that is an option": (
        ("studios", "add", "--name", "-c"),
        2,
        "Expected parameter for option '--name' but found '-c'",
    ),
    "a value that is an option, attached": (
        (*ADD, "--description=--cpu=5"),
        2,
        "Expected parameter for option '--description' but found '--cpu=5'",
    ),
    "an option without its value": (
        ("studios", "add", "--name"),
        2,
        "Missing required parameter for option '--name' (<name>)",
    ),
    "a variable without a value": ((*ADD, "-e", "FOO"), 2, "should be in KEY=VALUE format"),
    "a label without a value": ((*ADD, "--labels=a"), 2, "Label value is required"),
    "a label with an empty value": ((*ADD, "--labels=a="), 2, "Label value is required"),
    "a label without a name": ((*ADD, "--labels==b"), 2, "Label key cannot be empty"),
    "a label with two values": ((*ADD, "--labels=a=b=c"), 2, "Invalid label format"),
    "an unknown status": ((*ADD, "--wait=ready"), 2, "expected one of [starting, running"),
    "two templates": ((*ADD, "--template=a/b:2"), 2, "mutually exclusive (specify only one)"),
    "-ct with its value attached is read as -c": (
        ("studios", "add", "--name=n", "-cti:1", "--custom-template=a/b:1", "-c", "x"),
        2,
        "option '--compute-env' (<computeEnv>) should be specified only once",
    ),
    "no Studio is named": (("studios", "stop"), 2, "Missing required argument (specify one of"),
    "a Studio is named twice": (("studios", "stop", "-i1", "-nx"), 2, "mutually exclusive"),
    "an unknown format": (("-o", "yaml", "studios", "list"), 2, "'--output'"),
    "a start has no -d": (("studios", "start", "-i1", "-d", "x"), 2, "Unknown options: '-d', 'x'"),
    "the image of a Studio cannot be changed": (
        ("studios", "update", "-i1", "--custom-template=a/b:2"),
        2,
        "Unknown option",
    ),
    "http without --insecure": (("studios", "stop", "-i1"), 1, " ERROR: Only HTTPS"),
    "add needs something to run": (
        ("--insecure", "studios", "add", "--name=n", "-c", "x", "-w", "71"),
        1,
        " ERROR: Provide one of",
    ),
    "a revision needs a repository": (
        ("--insecure", *ADD, "--revision=main"),
        1,
        " ERROR: --revision needs --repository",
    ),
    "mounts named in two ways": (
        ("--insecure", *ADD, "--mount-data=a", "--mount-data-ids=b", "-w", "71"),
        1,
        "mutually exclusive (specify only one)",
    ),
    "an empty entry among labels": (
        ("--insecure", *ADD, "--labels=a=b,,c=d", "-w", "71"),
        1,
        "NullPointerException",
    ),
    "a compute environment that is not there": (
        ("--insecure", "studios", "add", "-n", "n", "-c", "x", "-ct", "a/b:1", "-w", "71"),
        1,
        " ERROR: Compute environment 'x' not found at 71 workspace",
    ),
    "a data link that is not there": (
        ("--insecure", *ADD, "--mount-data=a", "-w", "71"),
        1,
        " ERROR: DataLink 'a' not found at workspace '71'",
    ),
    "a data link's URI that is not there": (
        ("--insecure", *ADD, "--mount-data-uris=s3://a", "-w", "71"),
        1,
        " ERROR: DataLink 'resourceRef:s3://a' not found at workspace '71'",
    ),
    "a workspace that is not there": (
        ("--insecure", *ADD, "-w", "Acme/none"),
        1,
        " ERROR: Workspace 'none' at organization 'Acme' not found",
    ),
    "a Studio that is not there": (
        ("--insecure", "studios", "start", "-i", "0000", "-w", "71"),
        1,
        " ERROR: Studio '0000' not found at workspace '71'",
    ),
    "a template that is not there": (
        ("--insecure", "studios", "add", "-n", "n", "-c", "aws-eu", "-t", "a/b", "-w", "71"),
        1,
        " ERROR: Studio template 'a/b' not found",
    ),
    "two ways to page": (
        ("--insecure", "studios", "list", "--page=1", "--offset=5", "-w", "71"),
        1,
        "--page or --offset",
    ),
    "nobody listens": (
        ("--insecure", "-u", NOWHERE, "studios", "stop", "-i1"),
        1,
        " ERROR: java.net.ConnectException: Connection refused\n\n\n ERROR: Connection error.",
    ),
}


@pytest.mark.parametrize(("arguments", "code", "said"), REFUSED.values(), ids=REFUSED)
def test_it_refuses_what_the_real_one_refuses(
    tw: Tw, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ended = tw(*arguments)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert tw.platform.writes() == []


def test_it_takes_the_line_that_the_pages_show(tw: Tw) -> None:
    tw.platform.add_compute_env("COMPUTE_ENV")
    tw.platform.add_link("DATA_LINK", "s3://acme-runs")
    _, *words = arguments("tw studios add")
    words[words.index("ORG/WORKSPACE")] = "Acme/ml"
    ended = tw("--insecure", *words)
    assert ended.code == 0, ended.err
    assert tw.platform.studio("mlflow").image == "REGISTRY/mlflow-studio:0.1.0"


def test_it_needs_a_token_but_sends_an_empty_one(tw: Tw) -> None:
    stop = ("--insecure", "studios", "stop", "-i1")
    missing = Program(
        NEWEST, {"TOWER_API_ENDPOINT": tw.platform.endpoint}, io.StringIO(), err := io.StringIO()
    )
    assert missing.run(list(stop)) == 1
    assert "Missing TOWER_ACCESS_TOKEN" in err.getvalue()
    assert "Unauthorized. Check your access token" in tw(*stop, TOWER_ACCESS_TOKEN="").err


def test_it_tells_its_version(tw: Tw) -> None:
    assert tw("-V").out == "Tower CLI version 0.38.0 (build 4fd9ce1)\n"
    assert tw("--version").code == 0


@pytest.mark.parametrize(
    "option", ["-e=A=b", "--env=A=b", "--ssh", "--spot", "--repository=r", "--allow-user=1"]
)
def test_an_older_one_lacks_the_newer_options(tw: Tw, option: str) -> None:
    tw.version = OLDER
    ended = tw(*ADD, option)
    assert ended.code == 2
    assert ended.err.startswith("Unknown option: '")


def test_an_older_one_wants_a_template(tw: Tw) -> None:
    tw.version = OLDER
    ended = tw("studios", "add", "--name=n", "--compute-env=x")
    assert (ended.code, "Missing required argument" in ended.err) == (2, True)


ENVIRONMENTS = [
    (("-e", "A=b=c,D=e"), {"A": "b=c,D=e"}),
    (("-e", "E="), {"E": ""}),
    (("--env=A=1", "--env=B=2"), {"A": "1", "B": "2"}),
    (("-eA=1", "-e=A=2"), {"A": "2"}),
    (("--env=A=--cpu",), {"A": "--cpu"}),
    (('--env=A="x"',), {"A": '"x"'}),
]


@pytest.mark.parametrize(("arguments", "expected"), ENVIRONMENTS)
def test_a_variable_is_all_behind_the_first_equals_sign(
    tw: Tw, arguments: tuple[str, ...], expected: dict[str, str]
) -> None:
    assert tw.add(*arguments).code == 0
    assert tw.sent["configuration"]["environment"] == expected


FLAGS = [((), None), (("--spot",), True), (("--spot=false",), False), (("--spot=TRUE",), True)]


@pytest.mark.parametrize(("arguments", "sent"), FLAGS)
def test_a_flag_takes_its_value_only_attached(
    tw: Tw, arguments: tuple[str, ...], sent: bool | None
) -> None:
    assert tw.add(*arguments).code == 0
    assert tw.sent["spot"] is sent


def test_zero_is_a_value(tw: Tw) -> None:
    assert tw.add("--memory=0", "--cpu=0", "--lifespan=0").code == 0
    configuration = tw.sent["configuration"]
    assert [configuration[key] for key in ("cpu", "memory", "lifespanHours")] == [0, 0, 0]


def test_a_word_that_names_a_file_is_read_and_an_attached_value_is_not(
    tw: Tw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").write_text("taken\n--private")
    assert tw.add("--description", "@notes").code == 0
    assert (tw.sent["description"], tw.sent["isPrivate"]) == ("taken", True)
    tw.platform.studios.clear()
    assert tw.add("--description=@notes").code == 0
    assert tw.sent["description"] == "@notes"
