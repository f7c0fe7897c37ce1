"""The manifests of docs/kubernetes.md against the image and the server that they run."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local import IMAGE_HOME, IMAGE_PYTHON
from studio import routes
from studio.settings import read, resolve_files
from tests.documented import page

PAGE = page("kubernetes")
SETS = [list(yaml.safe_load_all(block)) for block in PAGE.blocks("yaml")]
EITHER = pytest.mark.parametrize("documents", SETS, ids=["replicas", "volume"])
# What the page says that the Secret holds.
SECRETS = {
    "/secrets/uri": "postgresql://USER:PASSWORD@HOST:5432/DATABASE",
    "/secrets/passphrase": "p" * 32,
    "/secrets/webhook-key": base64.urlsafe_b64encode(bytes(32)).decode(),
}

Document = dict[str, Any]


def of_kind(documents: list[Document], kind: str) -> Document:
    (found,) = (each for each in documents if each["kind"] == kind)
    return found


def pod(documents: list[Document]) -> Document:
    found: Document = of_kind(documents, "Deployment")["spec"]["template"]
    return found


def container(documents: list[Document]) -> Document:
    (found,) = pod(documents)["spec"]["containers"]
    return dict(found)


def environment(documents: list[Document]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container(documents)["env"]}


@EITHER
def test_the_command_leaves_connect_out_as_up_does(documents: list[Document]) -> None:
    assert container(documents)["command"] == [IMAGE_PYTHON, "-m", "studio"]


@EITHER
def test_the_server_takes_the_settings_and_listens_where_the_probes_ask(
    documents: list[Document],
) -> None:
    env = resolve_files(environment(documents), SECRETS.__getitem__)
    assert not [name for name in env if name.endswith("_FILE")]
    settings = read(env, in_image=True)
    assert settings.bind_host != "127.0.0.1"
    (port,) = container(documents)["ports"]
    assert settings.port == port["containerPort"]
    probes = [container(documents)[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness")]
    assert {probe["httpGet"]["port"] for probe in probes} == {port["name"]}
    source = Path(routes.__file__).read_text(encoding="utf-8")
    paths = [probe["httpGet"]["path"] for probe in probes]
    assert paths == ["/studio/health", "/studio/health", "/studio/ready"]
    assert all(f'"{path}"' in source for path in paths)
    # The start-up probe outlasts the wait for a database.
    assert probes[0]["periodSeconds"] * probes[0]["failureThreshold"] > settings.db_wait_s


@EITHER
def test_what_belongs_together_has_one_name(documents: list[Document]) -> None:
    deployment, service = of_kind(documents, "Deployment"), of_kind(documents, "Service")
    labels = pod(documents)["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels == service["spec"]["selector"]
    (port,) = service["spec"]["ports"]
    assert port["targetPort"] == container(documents)["ports"][0]["name"]
    mounted = {each["name"]: each["mountPath"] for each in container(documents)["volumeMounts"]}
    assert set(mounted) == {each["name"] for each in pod(documents)["spec"]["volumes"]}
    assert mounted["home"] == str(IMAGE_HOME)
    for name, value in environment(documents).items():
        assert not name.endswith("_FILE") or value.startswith(mounted["secrets"] + "/")


def test_only_the_set_with_a_database_has_two_replicas() -> None:
    replicas, volume = SETS
    assert of_kind(replicas, "Deployment")["spec"]["replicas"] == 2
    deployment = of_kind(volume, "Deployment")["spec"]
    assert deployment["replicas"] == 1
    assert deployment["strategy"] == {"type": "Recreate"}
    claim = of_kind(volume, "PersistentVolumeClaim")["metadata"]["name"]
    (home,) = pod(volume)["spec"]["volumes"]
    assert home["persistentVolumeClaim"] == {"claimName": claim}


@EITHER
def test_there_is_time_to_stop(documents: list[Document]) -> None:
    assert pod(documents)["spec"]["terminationGracePeriodSeconds"] == 30
