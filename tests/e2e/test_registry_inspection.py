"""An image in a real registry, seen without Docker."""

import hashlib
import json
from pathlib import Path

import pytest
import requests

from deploy.registry import Inspected, Unknown, inspect
from tests.e2e.registry import PASSWORD, USER, Registry, registry

LABELS = {"io.seqera.connect.version": "0.12"}
KIND = "application/vnd.docker.distribution.manifest.v2+json"


def upload(place: Registry, content: bytes) -> dict[str, str | int]:
    """Put a file into the registry, as a push does; give what a manifest says of it."""
    login = (USER, PASSWORD)
    begun = requests.post(f"http://{place.host}/v2/acme/x/blobs/uploads/", auth=login, timeout=20)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    where = begun.headers["Location"]
    joint = "&" if "?" in where else "?"
    url = f"{where}{joint}digest={digest}"
    assert requests.put(url, data=content, auth=login, timeout=20).status_code == 201
    return {"digest": digest, "size": len(content)}


def push(place: Registry) -> str:
    image = {
        "os": "linux",
        "architecture": "amd64",
        "created": "2026-11-23T04:00:00Z",
        "config": {"Labels": LABELS},
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    config = upload(place, json.dumps(image).encode())
    layer = upload(place, b"no layer at all, but nobody unpacks it")
    document = {
        "schemaVersion": 2,
        "mediaType": KIND,
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", **config},
        "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", **layer}],
    }
    answer = requests.put(
        f"http://{place.host}/v2/acme/x/manifests/1",
        data=json.dumps(document),
        headers={"Content-Type": KIND},
        auth=(USER, PASSWORD),
        timeout=20,
    )
    assert answer.status_code == 201, answer.text
    return answer.headers["Docker-Content-Digest"]


@pytest.mark.parametrize("login", [False, True], ids=["public", "private"])
def test_an_image_in_a_real_registry_is_seen(tmp_path: Path, login: bool) -> None:
    with registry(tmp_path / "registry", login=login) as place:
        env = {"DOCKER_CONFIG": str(tmp_path / "none")}
        missing = inspect(f"{place.host}/acme/x:1", env)
        assert isinstance(missing, Unknown)
        assert missing.reason == ("no access" if login else "no such image")
        digest = push(place)
        if login:
            env = {"DOCKER_CONFIG": str(place.login(tmp_path / "docker"))}
        found = inspect(f"{place.host}/acme/x:1", env)
        assert isinstance(found, Inspected), found
        assert (found.digest, found.platforms) == (digest, ("linux/amd64",))
        assert (found.labels, found.public) == (LABELS, not login)
