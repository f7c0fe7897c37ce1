"""The images under test, each built once for all tests."""

from collections.abc import Iterator

import pytest

from tests import running as here
from tests.image.containers import CONTEXT, ROOT, SESSION, Container, build, running

# Mounted over the real program where that is in the image: it needs the Platform.
STAND_IN = ROOT / ".ci/stand-in-connect-client/usr/bin/connect-client"


@pytest.fixture(scope="session")
def classic_image() -> str:
    """The image as the classic builder makes it, which the Docker SDK and old engines use."""
    return build(CONTEXT, "mlflow-studio-test:classic", buildkit=False)


@pytest.fixture(scope="session")
def buildkit_image() -> str:
    """The image as BuildKit makes it, which Wave and current engines use."""
    return build(CONTEXT, "mlflow-studio-test:buildkit", buildkit=True)


@pytest.fixture(scope="session")
def image(classic_image: str) -> str:
    """The image for tests to which the builder does not matter."""
    return classic_image


@pytest.fixture(scope="session")
def connect_options() -> list[str]:
    """What lets the image's own entrypoint run without the Platform: a stand-in connect-client."""
    return [f"--volume={STAND_IN}:/usr/bin/connect-client:ro"]


@pytest.fixture(scope="module")
def session(image: str, connect_options: list[str]) -> Iterator[Container]:
    """A Studio in a session with background jobs on, shared by the tests of one file."""
    env = {**SESSION, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "true"}
    with running(image, env=env, options=connect_options) as container:
        yield container.wait_ready()


@pytest.fixture
def free_port() -> int:
    return here.free_port()
