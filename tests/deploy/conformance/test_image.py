"""What can be seen of an image without running it: each fault fails exactly its own check."""

from typing import Any

import pytest

from deploy.conformance import image

CONFIG = {
    "Labels": {"io.seqera.connect.version": "0.12.1"},
    "Entrypoint": ["/usr/bin/connect-client", "--entrypoint"],
    "Cmd": ["python", "-m", "studio"],
    "User": "",
}
GOOD = {"Os": "linux", "Architecture": "amd64", "Size": 617_000_000}


def found(config: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    return {**GOOD, "Config": {**CONFIG, **(config or {})}, **changed}


def failed(inspected: dict[str, Any]) -> list[str]:
    return [result.check.name for result in image.look(inspected) if result.verdict != "ok"]


def evidence(inspected: dict[str, Any]) -> dict[str, str]:
    return {result.check.name: result.evidence for result in image.look(inspected)}


def test_a_good_image_holds_them_all() -> None:
    results = list(image.look(found()))
    assert [result.check for result in results] == list(image.CHECKS)
    assert {result.verdict for result in results} == {"ok"}
    assert evidence(found())["size"] == "617 MB"


FAULTS = [
    ("architecture", found(Architecture="arm64"), "linux/arm64"),
    ("architecture", found(Os="windows"), "windows/amd64"),
    ("label", found({"Labels": None}), "there is no label io.seqera.connect.version"),
    ("label", found({"Labels": {"io.seqera.connect.version": "0.9.0"}}), "older than 0.10"),
    ("label", found({"Labels": {"io.seqera.connect.version": "latest"}}), "not a version"),
    ("label", found({"Labels": {"io.seqera.connect.version": ""}}), "not a version"),
    ("entrypoint", found({"Entrypoint": None}), "there is none"),
    ("entrypoint", found({"Entrypoint": ["/start.sh"]}), "/start.sh"),
    ("entrypoint", found({"Entrypoint": ["/my-connect-client"]}), "/my-connect-client"),
    ("entrypoint", found({"Entrypoint": ["/usr/bin/connect-client"]}), "no --entrypoint"),
    ("entrypoint", found({"Cmd": None}), "no CMD after it"),
    ("user", found({"User": "mlflow"}), "USER mlflow"),
    ("user", found({"User": "1000:0"}), "USER 1000:0"),
    ("size", found(Size=12_000_000_000), "12,000 MB"),
]


@pytest.mark.parametrize(("check", "inspected", "said"), FAULTS)
def test_a_fault_fails_exactly_its_own_check(
    check: str, inspected: dict[str, Any], said: str
) -> None:
    assert failed(inspected) == [check]
    assert said in evidence(inspected)[check]


def test_every_check_has_a_fault() -> None:
    assert {check for check, _, _ in FAULTS} == {check.name for check in image.CHECKS}


@pytest.mark.parametrize(
    "config",
    [
        {"User": "root"},
        {"User": "0:0"},
        {"User": "root:root"},
        {"Labels": {"io.seqera.connect.version": "0.10"}},
        {"Labels": {"io.seqera.connect.version": "1.0"}},
        {"Entrypoint": ["connect-client", "--entrypoint"]},
        {"Entrypoint": ["/usr/bin/connect-client"], "Cmd": ["--entrypoint", "jupyter"]},
        {"Entrypoint": ["/usr/bin/connect-client", "--entrypoint", "jupyter"], "Cmd": None},
    ],
)
def test_other_spellings_of_the_same_are_good(config: dict[str, Any]) -> None:
    assert failed(found(config)) == []


@pytest.mark.parametrize(
    ("entrypoint", "command", "program"),
    [
        (["/usr/bin/connect-client", "--entrypoint"], ["a", "b"], ["a", "b"]),
        (["/usr/bin/connect-client", "--entrypoint", "a"], ["b"], ["a", "b"]),
        (["/usr/bin/connect-client"], ["--entrypoint", "a", "--entrypoint"], ["a", "--entrypoint"]),
        (["/start.sh"], ["b"], ["/start.sh", "b"]),
        (None, ["a"], ["a"]),
        (["/usr/bin/connect-client", "--entrypoint"], None, []),
        (None, None, []),
    ],
)
def test_the_program_is_what_connect_client_would_start(
    entrypoint: list[str] | None, command: list[str] | None, program: list[str]
) -> None:
    assert image.program(found({"Entrypoint": entrypoint, "Cmd": command})) == program


def test_an_image_of_which_hardly_anything_is_known_is_judged_all_the_same() -> None:
    assert failed({}) == ["architecture", "label", "entrypoint"]
