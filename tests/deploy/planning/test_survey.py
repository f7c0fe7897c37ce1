"""What is read for a plan: the image as the machines of the compute environment will get it."""

from pathlib import Path

import pytest

from deploy.build import Options
from deploy.planning import survey
from deploy.planning.survey import Request
from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.registry import Image, Registry


@pytest.mark.parametrize("is_arm", [False, True])
def test_an_image_is_looked_at_for_the_machines_that_will_run_it(
    tmp_path: Path, is_arm: bool
) -> None:
    clock = FakeClock()
    with Platform(clock) as platform, Registry(clock) as registry:
        platform.add_compute_env("aws-eu", platform="aws-cloud", arm64Enabled=is_arm)
        built_for = "linux/arm64" if is_arm else "linux/amd64"
        registry.push("acme/mlflow:1", Image((built_for, "linux/s390x")))
        file = tmp_path / "studio.yaml"
        file.write_text(f"name: mlflow\nimage: {{reference: '{registry.host}/acme/mlflow:1'}}\n")
        env = {
            "TOWER_ACCESS_TOKEN": TOKEN,
            "TOWER_API_ENDPOINT": platform.endpoint,
            "XDG_STATE_HOME": str(tmp_path),
            "DOCKER_CONFIG": str(tmp_path),
        }
        request = Request(file=file, workspace="Acme/ml")
        found = survey.look(request, Options(clock=clock.clock), env)
    assert found.labels == {"io.seqera.connect.version": "0.12"}
