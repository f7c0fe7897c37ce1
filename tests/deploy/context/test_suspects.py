"""What looks like a secret is warned of, by name only; what does not is left alone."""

from pathlib import Path

import pytest

from deploy import context
from deploy.context import suspects
from tests.deploy.context.folders import a_folder_with

PEM = "-----BEGIN {} KEY-----\nMIIEow\n-----END {} KEY-----\n"


@pytest.mark.parametrize(
    "name",
    [
        *(".env", "conf/.env.production", "prod.env", "tls/server.key", ".netrc", ".pgpass"),
        *("id_rsa", ".ssh/id_ed25519", ".ssh/known", ".aws/credentials", "credentials.json"),
        *(".docker/config.json", "a/.kube/config", "terraform.tfstate", "secrets.yaml", "token"),
        *("store.P12", "aws-credentials.yml"),
    ],
)
def test_files_with_the_names_of_secrets_are_warned_of(tmp_path: Path, name: str) -> None:
    a_folder_with(tmp_path, {name: "geheim"})
    with context.pack(tmp_path) as packed:
        (warning,) = packed.warnings
    assert name in warning
    assert "geheim" not in warning


@pytest.mark.parametrize(
    "content",
    [
        PEM.format("PRIVATE", "PRIVATE"),
        "x: 1\n" + PEM.format("RSA PRIVATE", "RSA PRIVATE"),
        "key = AKIA" + "ABCDEFGH12345678",
        "ghp_" + "a1B2" * 9,
        "//registry.npmjs.org/:_authToken=geheim",
        "[global]\nindex-url = https://me:geheim@example.com/simple",
        "[pypi]\nusername = __token__\npassword = geheim",
        "TOWER=eyJ0aWQiO" + "iAxMjM0NX0uYWJjZGVmZ2hpamts",
    ],
)
def test_files_with_the_form_of_a_secret_in_them_are_warned_of(
    tmp_path: Path, content: str
) -> None:
    a_folder_with(tmp_path, {"innocent.txt": content})
    with context.pack(tmp_path) as packed:
        (warning,) = packed.warnings
    assert "innocent.txt" in warning
    assert "geheim" not in warning


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".env.example", "TOKEN="),
        ("ca/company.pem", "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"),
        ("id_rsa.pub", "ssh-rsa AAAA"),
        (".npmrc", "//registry.npmjs.org/:_authToken=${NPM_TOKEN}"),
        ("pip.conf", "[global]\nindex-url = https://example.com/simple"),
        ("tokenizer.json", "{}"),
        ("credentials_test.py", "import os"),
        ("environment.yml", "name: x"),
    ],
)
def test_what_only_resembles_one_is_left_alone(tmp_path: Path, name: str, content: str) -> None:
    a_folder_with(tmp_path, {name: content})
    with context.pack(tmp_path) as packed:
        assert packed.warnings == ()


def test_ignored_secrets_are_none(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {".env": "x", ".dockerignore": ".env"})
    with context.pack(tmp_path) as packed:
        assert packed.warnings == ()


def test_many_secrets_are_counted(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {f"k{n:02}.key": "x" for n in range(13)})
    with context.pack(tmp_path) as packed:
        (warning,) = packed.warnings
    assert "k09.key and 3 more" in warning


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HF_TOKEN", "x", True),
        ("MY_API_KEY", "x", True),
        ("aws_secret_access_key", "x", True),
        ("DB_PASSWORD", "x", True),
        ("PIP_INDEX_URL", "https://user:pw@host/simple", True),
        ("PIP_INDEX_URL", "https://token@host/simple", True),
        ("NOTE", "ghp_" + "a1B2" * 9, True),
        ("PIP_INDEX_URL", "https://host/simple", False),
        ("BASE_IMAGE", "registry.io/python@sha256:0", False),
        ("TOKENIZER_VERSION", "2", False),
        ("HF_TOKEN", "", False),
    ],
)
def test_a_value_is_judged_by_its_name_and_its_form(name: str, value: str, expected: bool) -> None:
    assert suspects.is_secret(name, value) is expected
