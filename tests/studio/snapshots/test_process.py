"""The publisher as the process that it is: what it says, when it stops."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from studio.snapshots import layout, scan
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place, Run


def test_it_publishes_what_changes_and_says_so(place: Place, run: Run) -> None:
    process = run("--interval", "0.2")
    ledger.until(lambda: place.status().get("drill"), "the first publish and its drill")
    ledger.commit(place.db, 3)
    ledger.until(lambda: place.published_runs() == 3, "the second publish")
    ledger.until(lambda: place.status()["seq"] == 2, "the status")
    found = place.status()
    assert found["pid"] == process.pid
    assert found["session"] == scan.sessions(place.link)[0].sid
    assert found["link"] == str(place.link)
    assert found["drill"]["ok"] is True
    assert found["last_error"] is None
    assert found["bytes"] > 500
    assert found["database_bytes"] == place.db.stat().st_size
    assert abs(found["published_at"] - time.time()) < 20
    code, said = ledger.terminate(process)
    assert code == 0
    assert f"published state 1 of session {found['session']}: " in said
    assert said.count("published state") == 1, "one line in five minutes is enough"
    assert "everything is published; the last state is" in said
    assert place.status()["final"] == "published"
    assert json.loads(layout.end_file(place.link, found["session"]).read_text())["final_seq"] == 2


def test_sigterm_publishes_what_is_left_though_the_interval_is_not_over(
    place: Place, run: Run
) -> None:
    process = run("--interval", "600")
    ledger.until(lambda: place.status().get("drill"), "the first publish")
    ledger.commit(place.db, *range(3, 50))
    code, _ = ledger.terminate(process)
    assert code == 0
    assert place.restored() == list(range(1, 50))


def test_sigterm_at_once_still_publishes(place: Place, run: Run) -> None:
    process = run("--once", "--interval", "600")
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "everything is published" in said
    assert place.restored() == [1, 2]


def test_without_a_change_nothing_is_written(place: Place, run: Run) -> None:
    process = run("--interval", "0.05")
    ledger.until(lambda: place.status().get("drill"), "the first publish")
    before = sorted(place.link.rglob("*"))
    time.sleep(0.7)  # several intervals
    assert sorted(place.link.rglob("*")) == before
    code, said = ledger.terminate(process)
    assert code == 0
    assert said.count("published state") == 1


def test_without_a_schema_it_waits_and_ends_without_a_trace(place: Place, run: Run) -> None:
    place.db.unlink()
    process = run("--interval", "0.05")
    ledger.until(lambda: place.status(), "the status")
    ledger.create(place.db, revision=None)
    time.sleep(0.3)
    code, said = ledger.terminate(process)
    assert (code, list(place.link.iterdir())) == (0, [])
    assert "there was nothing to publish" in said
    assert place.status()["final"] == "nothing"


def test_errors_are_reported_and_survived(place: Place, run: Run) -> None:
    (place.link / "mlflow-studio").write_text("in the way")
    process = run("--interval", "0.05")
    ledger.until(lambda: place.status().get("failures", 0) >= 1, "the first failure")
    found = place.status()
    assert found["dirty"] is True
    assert "mlflow-studio" in found["last_error"]
    assert found["last_error_at"] > 0
    assert found["seq"] is None
    (place.link / "mlflow-studio").unlink()
    ledger.until(lambda: place.status()["seq"], "publishing after the error")
    assert place.status()["failures"] == 0
    assert place.status()["last_error"] is None
    assert ledger.terminate(process)[0] == 0
    assert place.restored() == [1, 2]


def test_at_the_end_an_error_is_told_and_does_not_hang(place: Place, run: Run) -> None:
    (place.link / "mlflow-studio").write_text("in the way")
    process = run("--final-seconds", "1")
    ledger.until(lambda: place.status().get("failures", 0) >= 1, "the first failure")
    began = time.monotonic()
    code, said = ledger.terminate(process)
    assert time.monotonic() - began < 4
    assert code == 0
    assert "the newest changes are NOT published" in said
    assert place.status()["final"] == "unpublished"


def test_a_link_that_hangs_is_left_behind_in_time(place: Place, tmp_path: Path) -> None:
    hanging = tmp_path / "hanging.py"
    hanging.write_text(
        "import sys, time\n"
        "from studio.snapshots import __main__, layout\n"
        "layout.put = lambda path, source: time.sleep(600)\n"
        "sys.exit(__main__.main(sys.argv[1:]))\n"
    )
    last = ("--nice", "0", "--once", "--final-seconds", "1")
    words = ledger.command(place.link, place.home, "publish", *last)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(hanging), *words[3:]],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert 1 < time.monotonic() - began < 6
    assert done.returncode == 0
    assert "NOT published: the time was up after 1 s; this session has no state" in done.stderr
    assert place.status()["final"] == "unpublished"


def test_a_state_is_pinned_on_demand(place: Place, run: Run) -> None:
    process = run("--once", "--pin", "before-upgrade")
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    (found,) = scan.sessions(place.link)
    assert found.ended
    assert found.head is not None
    assert f"state {found.head} is kept on the link for good (before-upgrade)" in said
    pin = layout.pinned_file(place.link, found.head, "before-upgrade")
    assert pin.read_bytes() == layout.manifest_file(place.link, found.head).read_bytes()
