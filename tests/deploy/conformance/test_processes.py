"""Sessions as processes of this machine, and that nothing of them is left."""

import os
import sys
import urllib.request
from pathlib import Path

import pytest

from deploy.conformance.processes import Process, Processes, processes
from deploy.conformance.session import last_words, wait_until_it_listens
from deploy.wait import Clock
from tests.running import is_alive, wait_until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the server does not run on Windows")

PROGRAM = """
import http.server, json, os, pathlib, signal, sys
if os.environ.get("DEAF"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.environ.get("ENDS"):
    sys.exit("it cannot start, " + "and says why")
home = pathlib.Path(os.environ["STUDIO_HOME"])
home.mkdir(parents=True, exist_ok=True)
data = pathlib.Path(os.environ["STUDIO_DATA_DIR"])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = {k: v for k, v in os.environ.items() if k.startswith(("STUDIO_", "MLFLOW_", "_ML"))}
        links = {link.name: sorted(os.listdir(link)) for link in data.iterdir()}
        said = {"env": known, "links": links, "starts": len(os.listdir(home)), "pid": os.getpid()}
        self.send_response(200); self.end_headers(); self.wfile.write(json.dumps(said).encode())
    def log_message(self, *_): pass
(home / str(os.getpid())).touch()
http.server.HTTPServer(("127.0.0.1", int(os.environ["CONNECT_TOOL_PORT"])), Handler).serve_forever()
"""


def a_platform(env: dict[str, str] | None = None, stop_s: int = 10):  # type: ignore[no-untyped-def]
    program = (sys.executable, "-c", PROGRAM)
    return processes(program, {**os.environ, **(env or {})}, Clock(), 20, stop_s)


def said_by(session: Process, platform: Processes) -> dict:  # type: ignore[type-arg]
    import json

    session.start()
    assert wait_until_it_listens(session, platform) is not None, session.log
    with urllib.request.urlopen(f"http://127.0.0.1:{session.port}/") as answer:
        return dict(json.loads(answer.read()))


def test_a_session_sees_its_own_settings_and_links_and_none_of_the_users() -> None:
    mine = {
        "MLFLOW_BACKEND_STORE_URI": "x",
        "STUDIO_WORKERS": "9",
        "_MLFLOW_SERVER_FILE_STORE": "x",
    }
    with a_platform(mine) as platform:
        runs = platform.link("runs")
        (Path(runs.place) / "a").touch()
        said = said_by(platform.session({"STUDIO_DATA_LINK": "runs"}, (runs,)), platform)
        assert said["links"] == {"runs": ["a"]}
        assert not set(said["env"]) & set(mine)
        assert said["env"]["STUDIO_DATA_LINK"] == "runs"


def test_a_session_starts_again_on_its_disk_and_a_new_one_on_an_empty_one() -> None:
    with a_platform() as platform:
        session = platform.session({})
        assert said_by(session, platform)["starts"] == 1
        session.stop()
        assert not session.running
        assert session.port is None
        assert said_by(session, platform)["starts"] == 2
        assert said_by(platform.session({}), platform)["starts"] == 1


def test_a_stop_tells_how_it_ended() -> None:
    with a_platform(stop_s=1) as platform:
        gentle, deaf = platform.session({}), platform.session({"DEAF": "1"})
        said_by(gentle, platform)
        said_by(deaf, platform)
        assert not gentle.stop().killed
        stopped = deaf.stop()
        assert stopped.killed
        assert stopped.seconds >= 1


def test_one_that_ends_is_waited_for_no_longer_and_its_last_words_are_kept() -> None:
    with a_platform() as platform:
        session = platform.session({"ENDS": "1"})
        assert last_words(session) == "it has said nothing"
        session.start()
        wait_until(lambda: not session.running, 20)
        assert wait_until_it_listens(session, platform) is None
        assert last_words(session) == "its last words: it cannot start, and says why"


def test_a_read_only_link_holds_its_files_where_there_can_be_one() -> None:
    with a_platform() as platform:
        link = platform.read_only_link("reference", {"genome.txt": b"ACGT"})
        if link is None:  # root writes to any folder
            assert os.geteuid() == 0
            return
        assert (Path(link.place) / "genome.txt").read_bytes() == b"ACGT"
        assert not os.access(link.place, os.W_OK)


def test_nothing_is_left_behind_whatever_happens() -> None:
    pid, folder = 0, Path()

    def fail_halfway() -> None:
        nonlocal pid, folder
        with a_platform() as platform:
            folder = platform.folder
            pid = said_by(platform.session({"DEAF": "1"}), platform)["pid"]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_halfway()
    wait_until(lambda: not is_alive(pid), 10)
    assert not folder.exists()
