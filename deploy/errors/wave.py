"""What only a Wave server says."""

from deploy.errors.root import StudioctlError


class WaveCannotBuild(StudioctlError):
    """This Wave has no build service: a Wave Lite installation."""

    exit_code = 6

    def __init__(self, endpoint: str, line: str) -> None:
        self.endpoint = endpoint
        super().__init__(
            f"the Wave at {endpoint} does not build images (Wave Lite): {line}\n"
            "Build with Docker instead:\n"
            "  studioctl build --docker --push --repository REGISTRY/NAME"
        )


class BuildUnknown(StudioctlError):
    """Wave has forgotten a build or a request, or never knew it."""

    exit_code = 6

    def __init__(self, id_: str, endpoint: str) -> None:
        self.id = id_
        super().__init__(
            f"the Wave at {endpoint} knows nothing about {id_}.\n"
            "It forgets a request after 36 hours, and a build after some days. For another server\n"
            "set WAVE_ENDPOINT; to build again is safe: what is built already is not built twice."
        )
