"""A secret shows itself only when asked, and is recognised by name and by form."""

import pytest

from deploy import secret
from deploy.secret import Secret


def test_a_secret_hides_in_every_way_of_printing() -> None:
    hidden = Secret("hunter2")
    for text in (str(hidden), repr(hidden), f"{hidden}", f"{hidden:>20}", str([hidden])):
        assert "hunter2" not in text
        assert "***" in text
    assert hidden.reveal() == "hunter2"
    assert not Secret("")


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD",
        "PGPASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "TOWER_ACCESS_TOKEN",
        "github-token",
        "MY_API_KEY",
        "AZURE_STORAGE_CONNECTION_STRING",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE",
    ],
)
def test_names_that_hold_secrets(name: str) -> None:
    assert secret.named(name)


@pytest.mark.parametrize(
    "name", ["AWS_ACCESS_KEY_ID", "DB_PASSWORD_FILE", "TOKENIZERS_PARALLELISM", "AWS_REGION", "KEY"]
)
def test_names_that_do_not(name: str) -> None:
    assert not secret.named(name)


@pytest.mark.parametrize(
    "value",
    [
        "mysql+pymysql://u:p@h/d",
        "https://:p@h",
        "x https://u:p@h y",
        "https://u:a@b/c@h/",
        "postgresql://h/d?password=p",
        "host=h password=p",
        "ghp_" + "a" * 36,
        # A token of the Platform: base64 of {"tid": 7}.0123456789
        "eyJ0aWQiOiA3fS4wMTIzNDU2Nzg5",
    ],
)
def test_values_that_are_secrets(value: str) -> None:
    assert secret.carried(value)


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://u@h/d",
        "postgresql://u:@h/d",
        "https://h:8080/a@b",
        "a@b",
        "a:b@c",
        "s3://b/c",
        "",
        "token",
        "password=",
    ],
)
def test_values_that_are_not(value: str) -> None:
    assert not secret.carried(value)


def test_the_longest_secret_is_masked_first() -> None:
    known = secret.known({"A_TOKEN": "12345678", "B_TOKEN": "1234567890", "C": "abcdefghij"})
    assert secret.redact("1234567890 12345678 abcdefghij", known) == "*** *** abcdefghij"
