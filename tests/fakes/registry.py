"""A registry that serves manifests and configurations, with the handshake of Docker's tokens.

Blobs are answered with a redirection to another address, as the great registries do; there a token
would be refused, and must not arrive.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.clock import FakeClock
from tests.fakes.server import Call, Reply, Server

OCI = "application/vnd.oci.image"
INDEX, MANIFEST = f"{OCI}.index.v1+json", f"{OCI}.manifest.v1+json"
CONFIG = f"{OCI}.config.v1+json"
USER, PASSWORD, IDENTITY = "ada", "planted-password", "planted-identity"
TOKEN = "planted-pull-token"


@dataclass
class Image:
    """What is put into a registry under a name; several platforms make an index."""

    platforms: tuple[str, ...] = ("linux/amd64",)
    labels: dict[str, str] = field(default_factory=lambda: {"io.seqera.connect.version": "0.12"})
    user: str = ""
    created: str = "2026-11-23T04:00:00Z"
    attested: bool = False


class Files(Server):
    """Where a registry keeps its files: whoever has the signed address gets them."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock
        self.content: dict[str, bytes] = {}

    def now(self) -> float:
        return self.clock.now()

    def answer(self, call: Call) -> Reply:
        if "Authorization" in call.headers:
            return Reply.error(400, "Only one auth mechanism allowed")
        if call.query.get("signature") != "planted-signature":
            return Reply(403)
        content = self.content.get(call.path.removeprefix("/"))
        return Reply(404) if content is None else Reply(200, content, "application/octet-stream")


class Registry(Server):
    """A registry. `login` is how it asks: None, "bearer" (with a token for all) or "basic"."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock
        self.files = Files(clock)
        self.login: str | None = None
        # Whether somebody without a login gets a token, for what is public.
        self.is_public = True
        self.manifests: dict[str, tuple[str, bytes]] = {}

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def now(self) -> float:
        return self.clock.now()

    def __enter__(self) -> "Registry":
        self.files.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.files.__exit__(*error)

    def push(self, name: str, image: Image | None = None) -> str:
        """Put an image there as `repository:tag`; give the digest of what the name stands for."""
        image = image or Image()
        made = {platform: self._manifest(image, platform) for platform in image.platforms}
        repository, _, tag = name.partition(":")
        if len(made) == 1 and not image.attested:
            kind, body = MANIFEST, next(iter(made.values()))
        else:
            rows = [_row(body, platform) for platform, body in made.items()]
            attestation = _row(b"{}", "unknown/unknown")
            listed = [*rows, *([attestation] if image.attested else [])]
            document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}
            kind, body = INDEX, json.dumps(document).encode()
        for each in made.values():
            self.manifests[f"{repository}/{digest(each)}"] = MANIFEST, each
        self.manifests[f"{repository}/{digest(body)}"] = kind, body
        self.manifests[f"{repository}/{tag}"] = kind, body
        return digest(body)

    def _manifest(self, image: Image, platform: str) -> bytes:
        os, architecture, *variant = platform.split("/")
        config: dict[str, Any] = {
            "os": os,
            "architecture": architecture,
            **({"variant": variant[0]} if variant else {}),
            "created": image.created,
            "config": {"Labels": image.labels, "User": image.user},
        }
        content = json.dumps(config).encode()
        self.files.content[digest(content)] = content
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": digest(content), "size": len(content)},
            "layers": [{"digest": f"sha256:{n}", "size": 1000 * n} for n in (1, 2)],
        }
        return json.dumps(document).encode()

    def answer(self, call: Call) -> Reply:
        if call.path == "/token":
            return self._token(call)
        if not self._allowed(call.headers.get("Authorization", "")):
            return Reply(
                401, b'{"errors": [{"message": "authentication required"}]}', headers=self.asks
            )
        _, _, rest = call.path.partition("/v2/")
        repository, kind, wanted = rest.rsplit("/", 2)
        if kind == "blobs":
            address = f"{self.files.url}/{wanted}?signature=planted-signature"
            return Reply(307, headers={"Location": address})
        found = self.manifests.get(f"{repository}/{wanted}")
        if found is None:
            return Reply(404, b'{"errors": [{"message": "manifest unknown"}]}')
        return Reply(200, found[1], found[0])

    @property
    def asks(self) -> dict[str, str]:
        if self.login == "basic":
            return {"WWW-Authenticate": 'Basic realm="registry"'}
        named = {
            "realm": f"{self.url}/token",
            "service": self.host,
            "scope": "repository:acme/mlflow:pull",
        }
        listed = ",".join(f'{name}="{value}"' for name, value in named.items())
        return {"WWW-Authenticate": f"Bearer {listed}"}

    def _allowed(self, authorization: str) -> bool:
        if self.login is None:
            return True
        return authorization == (basic() if self.login == "basic" else f"Bearer {TOKEN}")

    def _token(self, call: Call) -> Reply:
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        asked = {**call.query, **form}
        if not asked.get("service") or not asked.get("scope", "").startswith("repository:"):
            return Reply.error(400, "service and scope are missing")
        known = call.headers.get("Authorization") == basic() or (
            form.get("grant_type"),
            form.get("refresh_token"),
        ) == ("refresh_token", IDENTITY)
        if not known and "Authorization" in call.headers:
            return Reply.error(401, "wrong password")
        # Who is not known gets a token, too; it opens what is public.
        name = "access_token" if form else "token"
        return Reply.of({name: TOKEN if known or self.is_public else "planted-useless-token"})


def _row(body: bytes, platform: str) -> dict[str, Any]:
    os, architecture, *variant = platform.split("/")
    named = {"os": os, "architecture": architecture, **({"variant": variant[0]} if variant else {})}
    return {"mediaType": MANIFEST, "digest": digest(body), "size": len(body), "platform": named}


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def basic(password: str = PASSWORD) -> str:
    return f"Basic {base64.b64encode(f'{USER}:{password}'.encode()).decode()}"
