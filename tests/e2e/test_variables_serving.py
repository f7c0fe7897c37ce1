"""Where and to whom the server answers, with how many processes, and what it tells others."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import running as harness
from tests.e2e.effects import effect_of
from tests.running import (
    Studio,
    copy_database,
    descendants,
    free_port,
    refused,
    running,
    wait_until,
)

pytestmark = pytest.mark.mlflow

SEARCH = "/ajax-api/2.0/mlflow/experiments/search"
PUBLIC = "a1.connect.example.com"
PREFIX = "/studios/a1"


@pytest.fixture(scope="module")
def session(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: Path
) -> Iterator[tuple[Studio, int]]:
    """A server as the Platform starts it, with settings that do not touch one another."""
    folder, port = tmp_path_factory.mktemp("session"), free_port()
    env = {
        "CONNECT_TOOL_PORT": str(port),
        "CONNECT_TOOL_PATH_PREFIX": PREFIX,
        "STUDIO_PORT": "1",  # it counts outside sessions only
        "STUDIO_WORKERS": "3",
        "STUDIO_FRAME_ANCESTORS": "'self', https://portal.example.org",
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "https://notebooks.example.org",
        "MLFLOW_EXPOSE_PROMETHEUS": str(folder / "metrics"),
        "MLFLOW_TRACE_ARCHIVAL_CONFIG": str(folder / "archival.yaml"),
    }
    (folder / "archival.yaml").write_text(
        f"trace_archival: {{enabled: true, location: 'file://{folder}/old', retention: 30d}}\n"
    )
    with running(copy_database(migrated_database, folder / "home"), env) as studio:
        yield studio, port


@pytest.fixture(scope="module")
def local(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: Path
) -> Iterator[tuple[Studio, int]]:
    """A server on one machine, with named hosts."""
    folder, port = tmp_path_factory.mktemp("local"), free_port()
    env = {
        "STUDIO_PORT": str(port),
        "STUDIO_HOME": str(folder / "elsewhere"),
        "STUDIO_WORKERS": "1",
        "STUDIO_ALLOWED_HOSTS": f"{PUBLIC}, *.studio.example.com:8443",
        "MLFLOW_SERVER_X_FRAME_OPTIONS": "DENY",
    }
    home = copy_database(migrated_database, folder / "elsewhere")
    with running(home, env) as studio:
        yield studio, port


@effect_of("CONNECT_TOOL_PORT")
def test_in_a_session_it_listens_on_the_platforms_port_on_all_addresses(
    session: tuple[Studio, int],
) -> None:
    studio, port = session
    assert studio.port == port
    listening = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{port:04X}")
    ]
    assert listening == [f"00000000:{port:04X}"]


@effect_of("CONNECT_TOOL_PATH_PREFIX")
@pytest.mark.parametrize("prefix", [PREFIX, ""], ids=["kept by the proxy", "stripped by the proxy"])
def test_below_a_prefix_page_and_interface_answer(session: tuple[Studio, int], prefix: str) -> None:
    studio, _ = session
    assert "<title>MLflow" in studio.request(f"{prefix}/").text
    assert studio.request(f"{prefix}{SEARCH}", {"max_results": 5}).code == 200
    assert studio.request(f"{prefix}/studio/status").json()["access"]["prefix"] == PREFIX


@effect_of("STUDIO_WORKERS")
def test_as_many_workers_run_as_asked(
    session: tuple[Studio, int], local: tuple[Studio, int]
) -> None:
    for (studio, _), count in ((session, 3), (local, 1)):
        assert len(descendants(studio.process.pid)) == 1 + count  # and the arbiter
        assert studio.request("/studio/status").json()["workers"] == count


@effect_of("STUDIO_FRAME_ANCESTORS")
def test_the_named_pages_may_frame_it(session: tuple[Studio, int]) -> None:
    headers = session[0].request("/", headers={"Host": PUBLIC}).headers
    expected = "frame-ancestors 'self' https://portal.example.org"
    assert headers["Content-Security-Policy"] == expected
    assert headers["X-Frame-Options"] is None


@effect_of("MLFLOW_SERVER_X_FRAME_OPTIONS")
def test_frames_can_be_denied_by_mlflows_setting(local: tuple[Studio, int]) -> None:
    headers = local[0].request("/").headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"


@effect_of("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS")
def test_pages_of_a_listed_origin_may_use_the_interface(session: tuple[Studio, int]) -> None:
    studio, _ = session
    codes = {}
    for origin in ("https://notebooks.example.org", "https://other.example.org"):
        headers = {"Host": PUBLIC, "Origin": origin}
        answer = studio.request(SEARCH, {"max_results": 5}, headers=headers)
        codes[origin] = (answer.code, answer.headers["Access-Control-Allow-Origin"])
    assert codes == {
        "https://notebooks.example.org": (200, "https://notebooks.example.org"),
        "https://other.example.org": (403, None),
    }


@effect_of("MLFLOW_EXPOSE_PROMETHEUS")
def test_metrics_of_all_workers_are_shown_when_asked(
    session: tuple[Studio, int], local: tuple[Studio, int]
) -> None:
    studio, _ = session
    assert studio.request(SEARCH, {"max_results": 5}).code == 200
    answer = studio.request("/metrics")
    assert answer.code == 200
    assert 'mlflow_http_request_total{method="POST",status="200"}' in answer.text
    assert list((studio.home.parent / "metrics").glob("*.db"))
    assert local[0].request("/metrics").code == 404


@effect_of("MLFLOW_TRACE_ARCHIVAL_CONFIG")
def test_trace_archival_is_on_when_configured(
    session: tuple[Studio, int], local: tuple[Studio, int]
) -> None:
    path = "/api/3.0/mlflow/server-info"
    assert session[0].request(path).json()["trace_archival_enabled"] is True
    assert local[0].request(path).json()["trace_archival_enabled"] is False


@effect_of("MLFLOW_TRACE_ARCHIVAL_CONFIG")
def test_a_trace_archival_file_that_mlflow_cannot_use_ends_the_start(
    home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "archival.yaml"
    file.write_text("trace_archival: {enabled: true}\n")
    code, output = refused(tmp_path, {"MLFLOW_TRACE_ARCHIVAL_CONFIG": str(file)})
    assert code == 64
    assert f"MLFLOW_TRACE_ARCHIVAL_CONFIG={file}: " in output
    assert "trace_archival.location" in output


@effect_of("STUDIO_PORT")
def test_outside_a_session_it_listens_on_its_own_port_on_this_machine_only(
    local: tuple[Studio, int],
) -> None:
    studio, port = local
    assert studio.port == port
    assert studio.request("/version").code == 200
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=5):
        pass


@effect_of("STUDIO_HOME")
def test_the_database_and_all_state_are_in_the_home(local: tuple[Studio, int]) -> None:
    studio, _ = local
    status = studio.request("/studio/status").json()
    assert status["database"]["place"] == str(studio.home / "mlflow.db")
    assert status["artifacts"]["place"] == str(studio.home / "mlruns")
    assert (studio.home / "run" / "supervisor.json").exists()
    assert [entry.name for entry in studio.home.parent.iterdir()] == ["elsewhere"]


def answers_to(studio: Studio, hosts: list[str]) -> dict[str, int]:
    return {host: studio.request("/", headers={"Host": host}).code for host in hosts}


@effect_of("STUDIO_ALLOWED_HOSTS")
def test_only_the_listed_hosts_are_answered(local: tuple[Studio, int]) -> None:
    hosts = {
        PUBLIC: 200,
        "b2.studio.example.com:8443": 200,
        "localhost": 200,
        "b2.studio.example.com": 403,
        "a.b.studio.example.com:8443": 403,
        "other.connect.example.com": 403,
    }
    assert answers_to(local[0], list(hosts)) == hosts


@effect_of("MLFLOW_SERVER_ALLOWED_HOSTS")
def test_mlflows_own_name_for_the_hosts_means_the_same(home: Path) -> None:
    with running(home, {"MLFLOW_SERVER_ALLOWED_HOSTS": PUBLIC}) as studio:
        hosts = {PUBLIC: 200, PUBLIC.upper() + ":443": 200, "other.connect.example.com": 403}
        assert answers_to(studio, list(hosts)) == hosts
        assert studio.request("/studio/status").json()["access"]["mode"] == "explicit"


class Telephone:
    """An HTTP proxy that notes whom it is asked to call, and calls nobody."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.asked: list[str] = []
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        while True:
            try:
                caller, _ = self.socket.accept()
            except OSError:
                return
            # A server that ends meanwhile says nothing.
            with caller, contextlib.suppress(OSError, IndexError):
                self.asked.append(caller.recv(4096).decode().splitlines()[0])
                caller.sendall(b"HTTP/1.1 502 no\r\nContent-Length: 0\r\n\r\n")


@effect_of("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK")
@pytest.mark.parametrize(
    ("env", "calls"),
    [
        ({"MLFLOW_DISABLE_TELEMETRY": "false"}, True),
        ({"MLFLOW_DISABLE_TELEMETRY": "true"}, False),
        ({"MLFLOW_DISABLE_TELEMETRY": "", "DO_NOT_TRACK": "1"}, False),
        ({"MLFLOW_DISABLE_TELEMETRY": "", "DO_NOT_TRACK": "true"}, False),
    ],
)
def test_telemetry_calls_nobody_when_it_is_off(
    home: Path, monkeypatch: pytest.MonkeyPatch, env: dict[str, str], calls: bool
) -> None:
    for sign_of_ci in ("CI", "GITHUB_ACTIONS", "PYTEST_CURRENT_TEST"):
        monkeypatch.delitem(harness.CLEAN, sign_of_ci, raising=False)
    telephone = Telephone()
    proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY"), telephone.url)
    with running(home, {**proxies, **env, "HOME": str(home.parent)}) as studio:
        answer = studio.request("/ajax-api/3.0/mlflow/ui-telemetry")
        assert answer.json()["disable_ui_telemetry"] is True
        if calls:
            wait_until(lambda: telephone.asked, 20)
        assert studio.stop() == 0
    telephone.socket.close()
    assert all(call.startswith("CONNECT ") for call in telephone.asked)
    assert bool(telephone.asked) == calls
