"""A plain client of the fake Platform, for the tests of the fake itself."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN, Platform

IMAGE = "registry.example.com/acme/mlflow:1"


@dataclass
class Client:
    """Asks as one token for one workspace. Time passes with `clock`."""

    platform: Platform
    clock: FakeClock
    workspace: int | None = 71

    def __call__(self, method: str, path: str, json: Any = None, **query: Any) -> requests.Response:
        at = {"workspaceId": self.workspace}
        return requests.request(
            method,
            self.platform.endpoint + path,
            params={**({} if path.startswith("/user") else at), **query},
            json=json,
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=10,
        )

    def get(self, path: str, **query: Any) -> Any:
        answer = self("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, name: str = "mlflow", *, start: bool = True, **more: Any) -> requests.Response:
        """Create a Studio in the first compute environment of all."""
        environment = next(iter(self.platform.environments.all), "none")
        body = {
            "name": name,
            "computeEnvId": environment,
            "dataStudioToolUrl": IMAGE,
            "configuration": {"cpu": 2, "gpu": 0, "memory": 8192, "lifespanHours": 0},
            **more,
        }
        query = {} if start else {"autoStart": "false"}
        return self("POST", "/studios", body, **query)

    def created(self, name: str = "mlflow", **more: Any) -> str:
        """Create a Studio, and give its session's id."""
        answer = self.create(name, **more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["studio"]["sessionId"])

    def status(self, id_: str) -> str:
        return str(self.get(f"/studios/{id_}")["statusInfo"]["status"])
