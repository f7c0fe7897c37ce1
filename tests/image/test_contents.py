"""What is in the image, and what is not."""

import hashlib
import importlib.metadata
import json
import re

import pytest

from deploy.lock import CONTEXT, left_out
from tests.image.containers import PYTHON, look, python

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(1300)]

SITE = "$(echo /opt/venv/lib/python3.*/site-packages)"


def test_the_packages_take_at_most_480_megabytes(image: str) -> None:
    # As du counts, in blocks of the file system: more than the sum of the files' sizes.
    assert int(look(image, f"du -sm {SITE}").split()[0]) <= 480


def test_pip_misses_exactly_what_is_left_out(image: str) -> None:
    check = "python3 -m venv /tmp/pip && "
    check += f"/tmp/pip/bin/pip --disable-pip-version-check --python {PYTHON} check || true"
    said = look(image, check)
    assert set(re.findall(r"requires (\S+), which is not installed", said)) == set(
        left_out((CONTEXT / "requirements-left-out.txt").read_text(encoding="utf-8"))
    )
    assert len(said.splitlines()) == said.count("which is not installed"), said


def test_no_file_of_a_package_was_deleted(image: str) -> None:
    script = (
        "import importlib.metadata as m\n"
        "for d in m.distributions():\n"
        "    for f in d.files or []:\n"
        "        if not d.locate_file(f).exists(): print(d.name, f)\n"
    )
    assert python(image, "-c", script) == ""


@pytest.mark.parametrize(
    "module",
    [
        "boto3",
        "google.cloud.storage",
        "azure.storage.blob",
        "azure.storage.filedatalake",
        "azure.identity",
        "psycopg",
        "psycopg.pq",
        "pymysql",
        "cryptography",
        "prometheus_flask_exporter",
        "zstandard",
        "uvloop",
        "httptools",
        "huey.bin.huey_consumer",
        "mlflow.server.jobs._job_runner",
        "mlflow.genai.evaluation.job",
        "mlflow.genai.optimize.job",
        "mlflow.genai.discovery.job",
        "studio.app",
    ],
)
def test_the_image_can_import(module: str, image: str) -> None:
    assert python(image, "-W", "ignore", "-c", f"import {module}; print('imported')") == "imported"


@pytest.mark.parametrize(
    ("uri", "repository"),
    [
        ("s3://bucket/a", "S3ArtifactRepository"),
        ("gs://bucket/a", "GCSArtifactRepository"),
        ("wasbs://box@account.blob.core.windows.net/a", "AzureBlobArtifactRepository"),
        ("abfss://box@account.dfs.core.windows.net/a", "AzureDataLakeArtifactRepository"),
    ],
)
def test_each_kind_of_bucket_has_its_client(uri: str, repository: str, image: str) -> None:
    code = (
        "import os; os.environ.update(AWS_DEFAULT_REGION='x', STORAGE_EMULATOR_HOST='http://x',"
        " AZURE_STORAGE_ACCESS_KEY='a2V5', GOOGLE_CLOUD_PROJECT='x',"
        " AZURE_STORAGE_CONNECTION_STRING='AccountName=a;AccountKey=a2V5')\n"
        "from mlflow.store.artifact import artifact_repository_registry as registry\n"
        f"print(type(registry.get_artifact_repository({uri!r})).__name__)"
    )
    assert python(image, "-W", "ignore", "-c", code).splitlines()[-1] == repository


@pytest.mark.parametrize("program", ["gcc", "cc", "g++", "make", "git", "curl"])
def test_there_is_no_compiler_and_no_build_tool(program: str, image: str) -> None:
    assert look(image, f"command -v {program} || echo none") == "none"


def test_checkpoints_find_their_file_system_tools(image: str) -> None:
    assert "btrfs" in look(image, "btrfs --version")


def test_nothing_of_the_build_is_left(image: str) -> None:
    places = "/build /root/.cache /tmp/* /var/lib/apt/lists/*_* /var/cache/apt/*.bin"
    assert look(image, f"ls -d {places} 2>/dev/null || :") == ""
    assert look(image, f"ls {SITE} | grep -iE '^(pip|brotli|flit)' || :") == ""


def test_everything_is_compiled_to_byte_code(image: str) -> None:
    script = (
        "import importlib.util as u, pathlib, sysconfig\n"
        "for top in (sysconfig.get_path('purelib'), '/opt/studio'):\n"
        "    for p in pathlib.Path(top).rglob('*.py'):\n"
        "        if not pathlib.Path(u.cache_from_source(str(p))).exists(): print(p)\n"
    )
    # pip leaves out what is no valid Python of this version: templates and tests of other versions.
    missing = [p for p in python(image, "-c", script).splitlines() if "/studio/" in p]
    assert missing == []
    assert len(python(image, "-c", script).splitlines()) < 20


def test_the_assets_are_made_for_this_mlflow(image: str) -> None:
    share = "/opt/venv/share/mlflow-studio"
    marker = json.loads(look(image, f"cat {share}/image.json"))
    assert marker["mlflow"] == importlib.metadata.version("mlflow")
    assert marker["connect_client"]
    found = look(image, f"cd {share} && ls template.db && find static -name '*.br' | wc -l")
    assert found.splitlines()[0] == "template.db"
    assert int(found.splitlines()[1]) > 100


def test_the_runtime_is_the_one_of_this_checkout(image: str) -> None:
    inside = look(image, "cd /opt/studio/studio && find . -name '*.py' -exec sha256sum {} +")
    folder = CONTEXT / "studio"
    outside = {
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*.py")
    }
    assert set(inside.splitlines()) == outside


def test_the_working_directory_does_not_matter(image: str) -> None:
    """A file that happens to have the name of a module must not be imported instead of it."""
    spoil = (
        "cd /tmp && echo 'raise SystemExit(\"mine\")' | tee studio.py mlflow.py json.py >/dev/null"
    )
    say = f"{PYTHON} -c 'import studio, json; print(studio.__file__)'"
    assert look(image, f"{spoil}; {say}") == "/opt/studio/studio/__init__.py"
