"""The benchmark's arithmetic, its table, and one small run of every measurement."""

import doctest
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bench import commands, figures, generator, processes, report, snapshots
from bench.__main__ import main
from bench.environment import Environment
from bench.figures import FIGURES, LEAN, OURS, STOCK, Target, percentile, summary
from bench.measurements import OF_A_RUNNING_SERVER, Scale
from bench.servers import Server
from deploy.conformance.proxy import Proxy
from deploy.launch import free_port
from tests.running import running

linux = pytest.mark.skipif(sys.platform != "linux", reason="the benchmark reads /proc")


@pytest.mark.parametrize("module", [figures, report])
def test_the_examples_in_the_docstrings_are_true(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


def test_the_ratio_is_that_of_the_medians_and_each_round_has_its_own() -> None:
    rounds = [
        {STOCK: {"memory_mb": 1000.0}, OURS: {"memory_mb": 100.0}},
        {STOCK: {"memory_mb": 1200.0}, OURS: {"memory_mb": 360.0}},
        {STOCK: {"memory_mb": 1100.0}, OURS: {"memory_mb": 220.0}},
    ]
    [line] = summary(rounds)
    assert line.medians == {STOCK: 1100.0, OURS: 220.0}
    assert line.ratio == pytest.approx(0.2)
    assert line.ratios == pytest.approx((0.1, 0.3, 0.2))
    assert line.met is True


@pytest.mark.parametrize(
    ("target", "ours", "ratio", "met"),
    [
        (Target("ratio", 0.2), 4.0, 0.2, True),
        (Target("ratio", 0.2), 4.0, 0.21, False),
        (Target("ratio", 1.4, more_is_better=True), 100.0, 1.4, True),
        (Target("ratio", 1.4, more_is_better=True), 100.0, 1.39, False),
        (Target("ratio", 0.2), 4.0, None, None),
        (Target("absolute", 100), 99.0, None, True),
        (Target("absolute", 0), 1.0, 0.1, False),
    ],
)
def test_a_target_is_met_or_missed(
    target: Target, ours: float, ratio: float | None, met: bool | None
) -> None:
    assert target.met(ours, ratio) is met


def test_what_one_server_alone_did_is_neither_met_nor_missed() -> None:
    [line] = summary([{OURS: {"start_s": 2.0}}])
    assert line.ratio is None
    assert line.met is None


def test_a_figure_of_zero_for_stock_has_no_ratio() -> None:
    [line] = summary([{STOCK: {"errors": 0.0}, OURS: {"errors": 0.0}}])
    assert line.ratio is None
    assert line.met is True


def test_every_figure_has_a_name_of_its_own() -> None:
    assert len({figure.key for figure in FIGURES}) == len(FIGURES)


def test_the_99th_percentile_leaves_out_the_slowest_hundredth() -> None:
    assert percentile(range(1, 1001), 99) == 990


def test_the_table_shows_both_kinds_of_stock_and_marks_what_was_missed() -> None:
    rounds = [
        {STOCK: {"start_s": 20.0}, LEAN: {"start_s": 10.0}, OURS: {"start_s": 3.0}},
        {STOCK: {"start_s": 20.0}, LEAN: {"start_s": 10.0}, OURS: {"start_s": 7.0}},
    ]
    head, row = report.table(summary(rounds)).splitlines()
    assert " ".join(head.split()) == "stock 2 workers, no jobs ours ratio rounds target"
    assert " ".join(row.split()) == (
        "start to first 200 on /health 20 10 5 s 0.25x 0.15-0.35 ≤ 0.2x ✗"
    )


def test_a_load_that_is_refused_is_an_error_and_no_low_figure() -> None:
    with Proxy(free_port(), "studio.example.com") as refusing, pytest.raises(SystemExit):
        generator.result(generator.start("script", refusing.port, 0.1, "/main.js"))


def test_without_linux_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert main([]) == 1
    assert "needs Linux" in capsys.readouterr().err


@linux
@pytest.mark.mlflow
@pytest.mark.slow
def test_a_running_server_is_measured_completely(tmp_path: Path) -> None:
    scale = Scale(seconds=1, settle_s=0, artifact_mb=2)
    found: dict[str, float] = {}
    with running(tmp_path / "home", {processes.MARK: "measured"}) as studio:
        server = Server(OURS, studio.port, 1.0, "measured")
        assert studio.process.pid in server.pids
        for measure in OF_A_RUNNING_SERVER.values():
            found |= measure(server, scale)
        assert studio.stop() == 0
        assert server.pids == []
    of_servers = [f for f in FIGURES if f.measurement not in ("commands", "snapshots")]
    assert set(found) == {f.key for f in of_servers if not f.measurement.endswith("start")}
    assert found["errors"] == 0
    assert found["processes"] >= 3
    assert found["memory_mb"] > 50
    assert json.loads(json.dumps(found)) == found


def test_the_commands_are_measured_completely(tmp_path: Path) -> None:
    found = commands.measure(tmp_path / "commands")
    assert set(found) == {f.key for f in FIGURES if f.measurement == "commands"}
    assert found["hit_requests"] == 1
    assert all(found.values())


@linux
@pytest.mark.mlflow
@pytest.mark.slow
def test_the_snapshots_are_measured_completely(tmp_path: Path) -> None:
    with running(tmp_path / "home") as studio:
        assert studio.stop() == 0
    database = tmp_path / "home" / "mlflow.db"
    prepared = Environment(Path(sys.executable), database, database)
    scale = Scale(commits_s=1, common_mb=3, large_mb=5)
    found = snapshots.measure(prepared, tmp_path / "snapshots", scale)
    assert set(found) == {f.key for f in FIGURES if f.measurement == "snapshots"}
    assert not (tmp_path / "snapshots").exists()
    assert 1 < found["shipped_bytes"] < 20_000
    assert found["large_memory_mb"] > 20
