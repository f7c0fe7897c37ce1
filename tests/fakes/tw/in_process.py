"""tw in the process of a test, at a Platform of its own and on the test's clock."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.tw.installed import NEWEST
from tests.fakes.tw.program import Program

ADD = ("studios", "add", "--name=n", "--compute-env=aws-eu", "--custom-template=a/b:1")


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Tw:
    """tw in this process, at a Platform."""

    platform: Platform
    clock: FakeClock
    version: str = NEWEST
    env: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, **env: str) -> Ended:
        given = {"TOWER_ACCESS_TOKEN": TOKEN, "TOWER_API_ENDPOINT": self.platform.endpoint}
        out, err = io.StringIO(), io.StringIO()
        program = Program(self.version, {**given, **self.env, **env}, out, err, self.clock.sleep)
        return Ended(program.run(list(arguments)), out.getvalue(), err.getvalue())

    def add(self, *arguments: str) -> Ended:
        return self("--insecure", "-o", "json", *ADD, "--workspace=71", *arguments)

    @property
    def sent(self) -> Any:
        """The body of the last create."""
        return self.platform.asked("POST /api/studios")[-1].json()
