"""`studioctl build`: what reaches stdout, what is kept, what it costs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.records import Records
from deploy.wait import Clock
from tests.deploy.calling import ROOT, called, studioctl
from tests.fakes.building import Pretended
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.wave import Wave

KEYS = [
    *("reference", "platform", "context_digest", "digest", "build_id"),
    *("cached", "expires_at", "link", "duration_s"),
]
REPOSITORY = "registry.example.com/acme/studio"


@pytest.fixture
def a_platform() -> Iterator[Platform]:
    with Platform(Clock()) as platform:
        platform.workspaces[0].registries = ["registry.example.com"]
        yield platform


@pytest.fixture
def a_wave(a_platform: Platform) -> Iterator[Wave]:
    with Wave(Clock(), Pretended(Clock(), takes_s=0)) as wave:
        wave.paired = {a_platform.endpoint}
        wave.tokens = {a_platform.endpoint: {TOKEN}}
        yield wave


@pytest.fixture
def env(a_wave: Wave, a_platform: Platform, tmp_path: Path) -> dict[str, str]:
    return {
        "WAVE_ENDPOINT": a_wave.url,
        "TOWER_API_ENDPOINT": a_platform.endpoint,
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


def test_without_a_profile_our_own_context_is_built_and_only_the_reference_printed(
    a_wave: Wave, env: dict[str, str], a_folder: Path
) -> None:
    done = studioctl("build", "--wave", cwd=a_folder, **env)
    assert done.returncode == 0, done.stderr
    (reference,) = done.stdout.splitlines()
    assert done.stdout == reference + "\n"
    (sent,) = [call.json() for call in a_wave.asked("POST /v1alpha2")]
    assert "freeze" not in sent
    assert f"{sent['buildContext']['tarDigest']}" in done.stderr
    assert list(a_folder.iterdir()) == []


def test_one_document_has_all_that_is_known(env: dict[str, str], a_folder: Path) -> None:
    done = called("build", "--wave", "--json", cwd=a_folder, **env)
    document = json.loads(done.stdout)
    assert list(document) == KEYS
    assert document["platform"] == "linux/amd64"
    assert document["context_digest"].startswith("sha256:")
    assert document["build_id"].startswith("bd-")
    assert document["cached"] is False
    assert document["expires_at"].endswith("Z")
    assert document["link"].endswith(f"/view/builds/{document['build_id']}")
    assert document["duration_s"] < 60


def test_an_unchanged_build_is_quick_and_one_call(
    a_wave: Wave, env: dict[str, str], a_folder: Path
) -> None:
    studioctl("build", "--wave", cwd=a_folder, **env)
    a_wave.calls.clear()
    begun = time.monotonic()
    assert studioctl("build", "--wave", cwd=a_folder, **env).returncode == 0
    assert time.monotonic() - begun < 10
    assert [str(call) for call in a_wave.calls] == ["POST /v1alpha2/container"]


def test_a_build_leaves_a_record_that_deploy_can_use(
    env: dict[str, str], a_folder: Path, tmp_path: Path
) -> None:
    done = called("build", "--wave", cwd=a_folder, **env)
    record = Records(tmp_path / "state" / "mlflow-studio" / "builds").newest()
    assert record is not None
    assert record.image.reference == done.stdout.strip()
    assert record.image.context_digest is not None
    assert record.image.digest is not None
    assert record.method == "wave"
    assert record.usable(time.time())


def test_without_a_place_for_records_it_builds_all_the_same(
    env: dict[str, str], a_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "a file").write_text("")
    for place in (tmp_path / "a file", tmp_path / "a file" / "below"):
        given = {**env, "XDG_STATE_HOME": str(place)}
        assert called("build", "--wave", cwd=a_folder, **given).returncode == 0
    del given["XDG_STATE_HOME"]
    assert called("build", "--wave", cwd=a_folder, **given).returncode == 0


def test_the_profile_says_what_to_build_and_the_options_win(
    a_wave: Wave, env: dict[str, str], a_folder: Path
) -> None:
    (a_folder / "ours").mkdir()
    (a_folder / "ours" / "Dockerfile").write_text("ARG A=1\nFROM scratch\nCOPY a /\n")
    (a_folder / "ours" / "a").write_text("")
    (a_folder / "studio.yaml").write_text(
        "name: mlflow\n"
        "workspace: Acme/ml\n"
        "compute-env: aws\n"
        "image:\n"
        "  build: wave\n"
        "  context: ours\n"
        "  freeze: true\n"
        f"  repository: {REPOSITORY}\n"
        "  arguments: {A: '2'}\n"
        "stages:\n"
        "  dev:\n"
        "    image: {freeze: false}\n"
    )
    given = {**env, "TOWER_ACCESS_TOKEN": TOKEN}
    done = called("build", cwd=a_folder, **given)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(REPOSITORY + ":")
    (sent,) = [call.json() for call in a_wave.asked("POST /v1alpha2")]
    assert sent["towerWorkspaceId"] == 71
    assert sent["buildRepository"] == REPOSITORY
    for words in (("--temporary",), ("--stage", "dev")):
        assert "/wt/" in called("build", *words, cwd=a_folder, **given).stdout
    assert called("build", "-f", "none.yaml", cwd=a_folder, **given).returncode == 3


def test_an_image_that_the_profile_names_is_given_without_a_build(
    a_wave: Wave, env: dict[str, str], a_folder: Path
) -> None:
    (a_folder / "studio.yaml").write_text(
        "name: mlflow\nworkspace: Acme/ml\ncompute-env: aws\n"
        "image:\n  reference: ghcr.io/acme/mlflow:1\n"
    )
    done = called("build", cwd=a_folder, **env)
    assert (done.returncode, done.stdout) == (0, "ghcr.io/acme/mlflow:1\n"), done.stderr
    assert "nothing to build" in done.stderr
    assert a_wave.calls == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--retry-failed",), 3),
        (("--timeout", "5"), 3),
        (("--print-request",), 3),
        (("--freeze",), 3),
        (("--push",), 3),
        (("--build-arg", "=x"), 2),
        (("--build-arg", "NOT_THERE"), 2),
        (("--context", "not-there"), 2),
        (("--wave",), 2),
    ],
)
def test_what_docker_cannot_do_is_refused(
    words: tuple[str, ...], code: int, env: dict[str, str], a_folder: Path
) -> None:
    done = called("build", "--docker", *words, cwd=a_folder, **env)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("id_", ["../../etc", "bd-1/../x", "", "a b", "x" * 200, "é" * 9])
def test_only_an_id_can_be_waited_for(id_: str, env: dict[str, str], a_folder: Path) -> None:
    done = called("wave", "wait", id_, cwd=a_folder, **env)
    assert (done.returncode, done.stdout) == (3, ""), done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a signal to one process is a POSIX matter")
def test_ctrl_c_ends_the_process_with_130_and_the_command_to_resume(
    a_wave: Wave, env: dict[str, str], a_folder: Path
) -> None:
    a_wave.engine.takes_s = 1000
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "build", "--wave"],
        cwd=a_folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            assert any(line.startswith("building: ") for line in process.stderr)
            process.send_signal(signal.SIGINT)
            out, rest = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, out) == (130, "")
    assert "studioctl wave wait " in rest
    assert "Traceback" not in rest
