"""Compose projects of the tests' own: their names, ports and data links are nobody else's."""

import os
import subprocess
from dataclasses import dataclass

from tests.image.containers import ROOT, ask
from tests.running import wait_until


@dataclass
class Project:
    """The files of a project, and the environment that tells it from others."""

    files: list[str]
    env: dict[str, str]

    def compose(self, *argv: str, limit_s: float = 600) -> str:
        done = subprocess.run(
            ["docker", "compose", *(f"--file={f}" for f in self.files), *argv],
            cwd=ROOT,
            env={**os.environ, **self.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit_s,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    @property
    def url(self) -> str:
        return f"http://localhost:{self.env['PORT']}"

    def ready(self) -> bool:
        try:
            return ask(self.url, "/studio/ready").code == 200
        except OSError:
            return False

    def up(self) -> None:
        self.compose("up", "--build", "--detach")
        wait_until(self.ready, 120, lambda: self.compose("logs"))
