"""The image builds from the folder alone, with both builders, and says what it is."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import studio
from tests.image.containers import CONTEXT, PYTHON, build, docker, look

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(1300)]

CLIENT = re.search(r"^ARG CONNECT_CLIENT_VERSION=(.*)$", (CONTEXT / "Dockerfile").read_text(), re.M)


@pytest.fixture(params=["classic_image", "buildkit_image"])
def built(request: pytest.FixtureRequest) -> str:
    tag: str = request.getfixturevalue(request.param)
    return tag


def config(image: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("inspect", "--format={{json .Config}}", image))
    return found


def test_the_image_starts_the_studio_through_connect(built: str) -> None:
    assert config(built)["Entrypoint"] == ["/usr/bin/connect-client", "--entrypoint"]
    assert config(built)["Cmd"] == [PYTHON, "-m", "studio"]


def test_the_labels_name_the_versions(built: str) -> None:
    assert CLIENT
    labels = config(built)["Labels"]
    assert labels["io.seqera.connect.version"] == CLIENT[1]
    assert labels["org.opencontainers.image.version"] == studio.__version__
    assert {"title", "description", "licenses"} <= {name.rpartition(".")[2] for name in labels}


def test_the_image_runs_as_root_for_fusion(built: str) -> None:
    assert config(built).get("User", "") in {"", "root", "0"}


def test_the_environment_sets_nothing_that_has_a_meaning(built: str) -> None:
    meaningful = ("CONNECT_", "MLFLOW_", "STUDIO_", "PIP_")
    assert not [line for line in config(built)["Env"] if line.startswith(meaningful)]


def test_docker_asks_for_the_health_by_itself(built: str) -> None:
    assert "/studio/health" in config(built)["Healthcheck"]["Test"][-1]


def test_the_image_is_for_the_platforms_machines(built: str) -> None:
    assert docker("inspect", "--format={{.Os}}/{{.Architecture}}", built) == "linux/amd64"


def test_both_builders_make_the_same_files(classic_image: str, buildkit_image: str) -> None:
    listing = "cd /opt && find . -type f -printf '%p %m %s\\n' | sort"
    # Written at build with a time stamp inside, or sized by the run of the file system.
    varying = ("direct_url.json", "template.db", "template.json", "__pycache__")
    classic, buildkit = (
        [line for line in look(tag, listing).splitlines() if not any(v in line for v in varying)]
        for tag in (classic_image, buildkit_image)
    )
    assert len(classic) > 5_000
    assert classic == buildkit


def test_no_credential_of_the_build_is_in_a_layer_or_the_history(built: str) -> None:
    history = docker("history", "--no-trunc", "--format={{.CreatedBy}}", built)
    assert "PIP_INDEX_URL" not in history
    assert look(built, "find / -xdev -name 'pip.conf' -o -xdev -name '.netrc'") == ""


def test_files_from_1970_build_as_well(tmp_path: Path, buildkit_image: str) -> None:
    """Wave unpacks the context with the oldest date there is, which a wheel cannot express."""
    context = tmp_path / "context"
    shutil.copytree(CONTEXT, context, ignore=shutil.ignore_patterns("__pycache__"))
    runtime = context / "studio" / "__init__.py"
    # Changed, so that the builder cannot use its cache.
    runtime.write_text(runtime.read_text() + "# changed\n")
    for path in context.rglob("*"):
        os.utime(path, (0, 0))
    tag = build(context, "mlflow-studio-test:1970", "--target=runtime", buildkit=True)
    try:
        assert "changed" in look(tag, "tail -n 1 /opt/studio/studio/__init__.py")
    finally:
        docker("rmi", "--force", tag)


@pytest.fixture
def own_authority(tmp_path: Path) -> str:
    """A certificate authority of a company, in PEM."""
    certificate = tmp_path / "authority.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-subj", "/CN=Example Corp", "-keyout", "/dev/null", "-out", certificate],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return certificate.read_text()


@pytest.mark.parametrize("way", ["argument", "folder"])
def test_an_authority_of_ones_own_is_trusted(way: str, own_authority: str, tmp_path: Path) -> None:
    context = tmp_path / "context"
    shutil.copytree(CONTEXT, context, ignore=shutil.ignore_patterns("__pycache__"))
    options = ["--target=base"]
    if way == "argument":
        options.append(f"--build-arg=EXTRA_CA={own_authority}")
    else:
        (context / "ca" / "example.crt").write_text(own_authority)
    tag = build(context, f"mlflow-studio-test:ca-{way}", *options, buildkit=way == "folder")
    try:
        bundle = look(tag, "cat /etc/ssl/certs/ca-certificates.crt")
        assert own_authority.strip() in bundle
    finally:
        docker("rmi", "--force", tag)
