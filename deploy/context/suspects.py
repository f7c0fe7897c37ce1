"""Files and values that look like secrets. An image is no safe place for one.

The names and forms are the usual ones; what is found is warned of, never shown. Nothing found
proves nothing.
"""

import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from deploy import secret

HARMLESS = ("*.example", "*.sample", "*.template", "*.dist", "*.pub")
NAMES = (
    *(".env", ".env.*", "*.env", ".envrc"),
    *("*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx"),
    *("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"),
    *("credentials", "credentials.json", "credentials.csv", "*credentials.y*ml"),
    *(".netrc", "_netrc", ".pgpass", ".git-credentials", ".htpasswd", "*.tfstate"),
    *("token", "token.txt", "tokens", "tokens.txt", "*.token", "secrets.*", "*.secret"),
)
PATHS = (".docker/config.json", ".kube/config", ".aws/config", ".ssh/*")
# What must stand in front of a form, as plain bytes: these are found fast.
ANCHORS: tuple[tuple[bytes, re.Pattern[bytes]], ...] = (
    (b"PRIVATE KEY-----", re.compile(rb"^-----BEGIN [A-Z ]*PRIVATE KEY-----\s*$", re.M)),
    (b"AKIA", re.compile(rb"\bAKIA[0-9A-Z]{16}\b")),
    (b"ghp_", re.compile(rb"\bghp_[A-Za-z0-9]{36}")),
    (b"github_pat_", re.compile(rb"\bgithub_pat_[A-Za-z0-9_]{40}")),
    (b"glpat-", re.compile(rb"\bglpat-[A-Za-z0-9_-]{20}")),
    (b"xox", re.compile(rb"\bxox[abprs]-[A-Za-z0-9-]{10}")),
    # A token of the Seqera Platform: base64 of {"tid": …
    (b"eyJ0aWQiO", re.compile(rb"\beyJ0aWQiO[A-Za-z0-9+/=._-]{20}")),
    (b"_authToken", re.compile(rb"^\s*//.*:_authToken\s*=\s*[^\s$]", re.M)),
    (b"_password", re.compile(rb"^\s*//.*:_password\s*=\s*[^\s$]", re.M)),
    (b"://", re.compile(rb"^\s*(?:extra-)?index-url\s*=\s*https?://[^\s/@:]*:[^\s/@$]+@", re.M)),
    (b"[pypi]", re.compile(rb"^\s*password\s*[:=]\s*\S", re.M)),
)
USER_INFO = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s@]+@", re.I)


def by_name(name: str) -> bool:
    """Whether a file has the name of those that hold secrets.

    >>> by_name("conf/.env"), by_name("conf/.env.example"), by_name("keys/id_rsa.pub")
    (True, False, False)
    """
    last = PurePosixPath(name).name.lower()
    if any(fnmatchcase(last, harmless) for harmless in HARMLESS):
        return False
    below = f"/{name.lower()}"
    return any(fnmatchcase(last, pattern) for pattern in NAMES) or any(
        fnmatchcase(below, f"*/{pattern}") for pattern in PATHS
    )


def by_content(chunk: bytes) -> bool:
    """Whether a piece of a file has the form of a key or a token in it."""
    return any(anchor in chunk and form.search(chunk) for anchor, form in ANCHORS)


def is_secret(name: str, value: str) -> bool:
    """Whether a named value looks like a secret: by its name, its form, or a login in an address.

    >>> is_secret("HF_TOKEN", "x"), is_secret("TOKENIZER", "x"), is_secret("TOKEN", "")
    (True, False, False)
    >>> is_secret("INDEX", "https://me:pw@host/simple"), is_secret("INDEX", "https://host/a@b")
    (True, False)
    """
    if not value.strip():
        return False
    carried = secret.carried(value) or USER_INFO.search(value)
    return secret.named(name) or bool(carried) or by_content(value.encode(errors="replace"))
