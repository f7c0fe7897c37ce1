"""A value that must not be shown, and how to tell one.

A secret is known by the name it stands under or by its form. The guess errs on the side of caution:
where it is wrong, the profile can say `visible: true`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

MASK = "***"
# Shorter values (`true`, `read`) turn up everywhere by chance.
SHORTEST_TELLING_VALUE = 8

_NAMES = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY(?!_ID)"
    r"|ENCRYPTION_KEY|CONNECTION_?STRING"
)
# A file's name is no secret, and Hugging Face's tokenizers have none.
_HARMLESS_NAMES = re.compile(r"TOKENIZER|_(FILE|PATH|DIR|TTL|SIZE)$")
_VALUES = re.compile(
    r"""[?&;\s](password|passwd|pwd|secret|token|sig|access_key)=[^&;\s]
      | -----BEGIN\ [A-Z ]*PRIVATE\ KEY
      | (?<![A-Za-z0-9])(ghp|gho|ghs|ghr|github_pat|glpat|xox[abp]|sk-ant|hf)[_-][A-Za-z0-9_-]{16,}
      | (?<![A-Za-z0-9])eyJ0aWQi[A-Za-z0-9+/=._-]{20}
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that shows itself only when asked by name.

    >>> print(Secret("hunter2"), [Secret("hunter2")], Secret("hunter2").reveal())
    *** [***] hunter2
    """

    _value: str

    def reveal(self) -> str:
        """Give the value, to the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, _: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._value)


def named(name: str) -> bool:
    """Tell whether what stands under this name is a secret.

    >>> named("PGPASSWORD"), named("aws-secret-access-key"), named("DB_PASSWORD_FILE")
    (True, True, False)
    """
    plain = name.upper().replace("-", "_")
    return bool(_NAMES.search(plain)) and not _HARMLESS_NAMES.search(plain)


def carried(value: str) -> bool:
    """Tell whether a value has the form of a secret, or has one within.

    >>> carried("postgresql://mlflow:hunter2@db/mlflow"), carried("postgresql://mlflow@db/mlflow")
    (True, False)
    """
    return bool(_VALUES.search(value)) or any(map(_has_password, value.split()))


def _has_password(word: str) -> bool:
    """Tell scheme://user:password@host, also where the password should have been percent-encoded.

    >>> _has_password("https://u:a/b@c@host/x"), _has_password("https://host:8080/a@b")
    (True, False)
    """
    before, found, _ = word.rpartition("@")
    _, address, who = before.partition("://")
    _, colon, password = who.partition(":")
    port, slash, _ = password.partition("/")
    return bool(found and address and colon and password) and not (slash and port.isdecimal())


def known(env: Mapping[str, str]) -> tuple[str, ...]:
    """List the values of the environment that stand under a secret's name, the longest first."""
    found = {
        value for name, value in env.items() if named(name) and len(value) >= SHORTEST_TELLING_VALUE
    }
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def redact(text: str, secrets: tuple[str, ...]) -> str:
    """Put a mask where one of these values stands.

    >>> redact("token=hunter22!", ("hunter22",))
    'token=***!'
    """
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text
