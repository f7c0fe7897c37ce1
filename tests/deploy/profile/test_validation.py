"""What each key takes, and what is said about anything else."""

from pathlib import Path

import pytest

from deploy import profile
from deploy.errors import InvalidSetting, ProfileInvalid, ProfileMissing
from tests.deploy.profile.writing import loaded, problem, problems

WRONG = [
    ("resources: {cpus: 4}", '1:13: resources.cpus: unknown key; did you mean "cpu"?'),
    ("cpu: 4", '1:1: cpu: unknown key; did you mean "resources.cpu"?'),
    ("spot: true", '1:1: spot: unknown key; did you mean "session.spot"?'),
    ("computeEnv: a", '1:1: computeEnv: unknown key; did you mean "compute-env"?'),
    ("compute_env: a", '1:1: compute_env: unknown key; did you mean "compute-env"?'),
    ("env: {A: b}", '1:1: env: unknown key; did you mean "environment"?'),
    ("tags: {a: b}", '1:1: tags: unknown key; did you mean "labels"?'),
    ("image: {tag: a}", "1:9: image.tag: unknown key; known here: build, freeze, repository,"),
    (
        "data-links: [{nam: a, writable: true}]",
        "1:15: data-links[0].nam: unknown key; did you mean",
    ),
    ("environment: {A: {fromenv: B}}", "1:19: environment.A.fromenv: unknown key; did you mean"),
    ("name: 123", '1:7: name: 123 is a number, and text is meant; write "123" in quotes'),
    ("name: 1.10", '1:7: name: 1.10 is a number, and text is meant; write "1.10" in quotes'),
    ("name: true", '1:7: name: true is a boolean, and text is meant; write "true" in quotes'),
    ("name: [a]", "1:1: name: text is meant, not a list"),
    ('name: ""', "1:7: name: there is nothing in it"),
    (f"name: {'a' * 81}", "1:7: name: longer than 80 characters"),
    (f"description: {'a' * 2049}", "1:14: description: longer than 2048 characters"),
    ("workspace: acme", "1:12: workspace: write Organization/Workspace, or the workspace's number"),
    (
        "workspace: a/b/c",
        "1:12: workspace: write Organization/Workspace, or the workspace's number",
    ),
    ("image: docker", "1:8: image: a map is meant: lines of KEY: VALUE"),
    ("image: {build: wav}", '1:16: image.build: write wave or docker; did you mean "wave"?'),
    ("image: {freeze: 1}", "1:17: image.freeze: true or false is meant, not 1"),
    ('image: {freeze: "true"}', "1:17: image.freeze: true or false is meant, without quotes"),
    ("image: {platform: linux/x86}", "1:19: image.platform: write linux/amd64 or linux/arm64"),
    ("image: {repository: https://a.b/c}", "1:21: image.repository: write it without a protocol"),
    ("image: {repository: a.b/c:1}", "1:21: image.repository: write it without a tag or digest"),
    ("image: {repository: a.b/C}", "1:21: image.repository: write registry.example.com/path/name,"),
    ("image: {repository: a.b}", "1:21: image.repository: write registry.example.com/path/name,"),
    (
        "image: {reference: 'a b'}",
        "1:20: image.reference: write registry.example.com/path/name:tag",
    ),
    ("image: {arguments: {1A: b}}", "1:21: image.arguments.1A: a name has letters, digits and und"),
    (
        "image: {build: docker, freeze: true}",
        "1:32: image.freeze: is for wave; an image that Docker",
    ),
    ("image: {reference: a/b, build: wave}", "1:32: image.build: has no effect beside image.refer"),
    ("resources: {cpu: -1}", "1:18: resources.cpu: write 0 or more"),
    ("resources: {cpu: 1.5}", "1:18: resources.cpu: a whole number is meant, not 1.5"),
    ('resources: {cpu: "4"}', "1:18: resources.cpu: a whole number is meant, without quotes"),
    ("resources: {cpu: true}", "1:18: resources.cpu: a whole number is meant, not true"),
    ("resources: {cpu: 99999999999}", "1:18: resources.cpu: write 2147483647 or less"),
    ("resources: {memory: 8}", "1:21: resources.memory: 8 MiB is too little for a Studio; did you"),
    ("resources: {memory: 8 GB}", "1:21: resources.memory: write a number of MiB, or text like"),
    ("resources: {memory: 0.0001 GiB}", "1:21: resources.memory: write an amount that is a whole"),
    ("session: {lifespan: 121}", "1:21: session.lifespan: write 1 to 120 hours, or unlimited"),
    ("session: {lifespan: 0}", "1:21: session.lifespan: write 1 to 120 hours, or unlimited"),
    ("session: {lifespan: 5d}", '1:21: session.lifespan: write hours, like "8h", or unlimited'),
    ("data-links: a", "1:13: data-links: a list is meant: lines of - VALUE"),
    ("data-links: [7]", '1:14: data-links[0]: 7 is a number, and text is meant; write "7" in'),
    ("data-links: [[]]", "1:14: data-links[0]: text is meant, not a list"),
    ("data-links: [~]", "1:14: data-links[0]: there is no value"),
    ("data-links: [{writable: true}]", "1:14: data-links[0]: give exactly one of name, id and uri"),
    ("data-links: [{name: a, id: b}]", "1:14: data-links[0]: give exactly one of name, id and uri"),
    ("data-links: [{uri: bucket}]", "1:20: data-links[0].uri: write it like s3://bucket/path"),
    ("data-links: [a, {name: a}]", "1:17: data-links[1]: the same as data-links[0]"),
    ("environment: {A-B: c}", "1:15: environment.A-B: a name has letters, digits and underscores"),
    (
        "environment: {A: 4}",
        '1:18: environment.A: 4 is a number, and text is meant; write "4" in q',
    ),
    ("environment:\n  A:\n", '2:5: environment.A: there is no value; for an empty text write ""'),
    ("environment: {A: {value: b, from_env: C}}", "1:15: environment.A: give exactly one of value"),
    ("environment: {A: {visible: true}}", "1:15: environment.A: give exactly one of value and fro"),
    ('environment: {CONNECT_TOOL_PORT: "80"}', "1:34: environment.CONNECT_TOOL_PORT: the Platform"),
    (
        'environment: {FUSION_REFRESH_TIMEOUT: "60"}',
        "1:39: environment.FUSION_REFRESH_TIMEOUT: writ",
    ),
    (
        "environment: {FUSION_REFRESH_TIMEOUT: soon}",
        "1:39: environment.FUSION_REFRESH_TIMEOUT: wri",
    ),
    (
        f"environment: {{A: {'b' * 8192}}}",
        "1:1: environment: names and values are 8193 bytes; 8192",
    ),
    ("labels: {a: 1}", '1:13: labels.a: 1 is a number, and text is meant; write "1" in quotes'),
    ('labels: {a: ""}', "1:13: labels.a: there is nothing in it"),
    ("labels: {'': a}", '1:10: labels."": there is nothing in it'),
]


@pytest.mark.parametrize(("text", "expected"), WRONG, ids=[text[:40] for text, _ in WRONG])
def test_a_wrong_value_is_one_clear_problem(text: str, expected: str) -> None:
    if text.startswith("environment: {A: {value: b, from_env"):
        assert problem(text, C="d").startswith(expected)
    else:
        assert problem(text).startswith(expected)


def test_every_field_wrong_gives_every_problem_in_the_order_of_lines() -> None:
    found = problems(
        "name: 1\ndescription: [x]\nworkspace: a\ncompute-env: true\n"
        "image:\n  build: x\n  freeze: x\n  repository: x\n  cache-repository: x\n  platform: x\n"
        "  context: 1\n  arguments: x\n"
        "resources:\n  cpu: x\n  memory: x\n  gpu: x\n"
        "session:\n  lifespan: x\n  private: x\n  spot: x\n  ssh: x\n  auto-start: x\n"
        "data-links: x\nenvironment: x\nlabels: x\nstages: x\n"
    )
    lines = [int(text.split(":")[0]) for text in found]
    assert lines == [line for line in range(1, 27) if line not in (5, 13, 17)]


def test_a_full_profile_is_read() -> None:
    profile = loaded(
        "workspace: Acme / ml\ncompute-env: aws\n"
        "image: {build: docker, repository: 'localhost:5000/a/b', arguments: {A: b}}\n"
        "resources: {cpu: 4, memory: 1.5 GiB, gpu: 1}\n"
        "session: {lifespan: unlimited, private: true, spot: false, ssh: true, auto-start: false}\n"
        "data-links:\n- runs\n- s3://a/b\n- v1-user-1\n- {name: c, writable: true}\n"
        "environment: {A: b, C: {value: d}}\nlabels: {team: x}\n"
    ).profile
    assert profile.name == "mlflow"
    assert profile.workspace == "Acme/ml"
    assert profile.compute_env == "aws"
    assert (profile.image.build, profile.image.arguments) == ("docker", {"A": "b"})
    assert (profile.resources.cpu, profile.resources.memory) == (4, 1536)
    assert profile.session.lifespan == 0
    assert (profile.session.private, profile.session.auto_start) == (True, False)
    links = [(link.name, link.id, link.uri, link.writable) for link in profile.data_links]
    assert links == [
        ("runs", None, None, False),
        (None, None, "s3://a/b", False),
        (None, "v1-user-1", None, False),
        ("c", None, None, True),
    ]
    assert {name: entry.value for name, entry in profile.environment.items()} == {
        "A": "b",
        "C": "d",
    }


@pytest.mark.parametrize(
    ("written", "mib"), [("8 GiB", 8192), ("8GiB", 8192), ("512 MiB", 512), (4096, 4096), (0, 0)]
)
def test_memory_is_kept_in_the_platforms_unit(written: str | int, mib: int) -> None:
    assert loaded(f"resources: {{memory: {written}}}").profile.resources.memory == mib


@pytest.mark.parametrize(
    ("written", "hours"), [("8h", 8), ("8 h", 8), (120, 120), ("unlimited", 0)]
)
def test_a_lifespan_is_kept_in_hours(written: str | int, hours: int) -> None:
    assert loaded(f"session: {{lifespan: {written}}}").profile.session.lifespan == hours


def test_a_workspace_may_be_a_number() -> None:
    assert loaded("workspace: 123456").profile.workspace == "123456"


def test_a_key_without_a_value_is_as_if_it_was_not_there() -> None:
    found = loaded("name: a\nimage:\nresources:\n  cpu:\n")
    assert found.profile.resources.cpu == 2
    assert found.source("resources", "cpu") == "default"


def test_each_value_knows_its_line() -> None:
    found = loaded("name: a\nresources:\n  cpu: 4\n")
    assert found.source("resources", "cpu") == f"{found.file}:3"
    assert found.source("resources", "gpu") == "default"
    assert found.value("resources", "gpu") == 0


def test_a_missing_profile_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ProfileMissing, match="studioctl init"):
        profile.load(tmp_path / "studio.yaml", None, {})


def test_a_folder_is_not_a_profile(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="cannot be read"):
        profile.load(tmp_path, None, {})


def test_without_a_file_nothing_is_loaded_unless_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert profile.load_if_there(None, None, {}) is None
    with pytest.raises(ProfileMissing):
        profile.load_if_there(None, "dev", {})
    Path("studio.yaml").write_text("name: a\n")
    found = profile.load_if_there(None, None, {})
    assert found is not None
    assert found.source("name") == "studio.yaml:1"


def test_only_so_many_problems_are_listed() -> None:
    with pytest.raises(ProfileInvalid) as caught:
        loaded("\n".join(f"k{number}: 1" for number in range(60)))
    assert len(caught.value.problems) == 60
    assert str(caught.value).endswith("\n… 10 more")
