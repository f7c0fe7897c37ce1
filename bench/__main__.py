"""`python -m bench`: measure, print the table, write `bench-results/latest.json`."""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from bench import commands, environment, machine, measurements, report, servers, snapshots
from bench.figures import MEASUREMENTS, OURS, Figure, Line, Round, summary
from bench.measurements import Scale

_OURS_ALONE: dict[str, Callable[[environment.Environment, Path, Scale], dict[str, float]]] = {
    "commands": lambda _prepared, folder, _scale: commands.measure(folder),
    "snapshots": snapshots.measure,
}
_RESULTS = Path(__file__).parent.parent / "bench-results"


def main(argv: Sequence[str] | None = None) -> int:
    """Compare the servers; the exit code says only whether it could be measured."""
    options = _options(argv)
    if sys.platform != "linux":
        print("error: the benchmark reads memory from /proc: it needs Linux", file=sys.stderr)
        return 1
    scale = Scale.quick() if options.quick else Scale()
    if options.seconds:
        scale = replace(scale, seconds=options.seconds)
    _RESULTS.mkdir(exist_ok=True)
    prepared = environment.prepare(_RESULTS / "environment")
    before = machine.facts()
    print(f"{before['cores']} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    began = time.monotonic()
    rounds: list[Round] = []
    with tempfile.TemporaryDirectory(prefix="mlflow-studio-bench-") as folder:
        compared = options.servers if set(options.only) - _OURS_ALONE.keys() else ()
        if not options.quick:
            _warm_up(compared, prepared, Path(folder))
        for number in range(1 if options.quick else options.rounds):
            place = Path(folder, str(number))
            found = {
                name: _measure(name, options.only, prepared, place, scale) for name in compared
            }
            for key, measure in _OURS_ALONE.items():
                if key in options.only:
                    more = measure(prepared, place / key, scale)
                    found[OURS] = {**found.get(OURS, {}), **more}
            rounds.append(found)
    lines = summary(rounds)
    print(f"\n{report.table(lines)}\n")
    if options.quick:
        print("A quick run: these numbers only show that everything works.")
    if note := report.disturbance(rounds):
        print(note)
    facts = {**before, "seconds": round(time.monotonic() - began)}
    _write(facts, scale, rounds, lines)
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure this Studio against stock `mlflow server`."
    )
    parser.add_argument("--quick", action="store_true", help="one small round, to see it work")
    parser.add_argument("--rounds", type=int, default=2, help="how often each server is measured")
    parser.add_argument("--seconds", type=float, help="how long each load lasts (default 10)")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=MEASUREMENTS)
    parser.add_argument("--servers", nargs="+", choices=servers.NAMES, default=servers.NAMES)
    return parser.parse_args(argv)


def _warm_up(names: Sequence[str], prepared: environment.Environment, folder: Path) -> None:
    """Start each server once and forget it, so that no one pays for reading files from disk."""
    for name in names:
        with servers.running(name, prepared, folder / name) as server:
            print(f"warm-up: {name} started in {server.start_s:.1f} s", flush=True)


def _measure(
    name: str,
    only: Sequence[str],
    prepared: environment.Environment,
    folder: Path,
    scale: Scale,
) -> dict[str, float]:
    """All figures of one server in one round, from servers of its own."""
    found: dict[str, float] = {}
    if "first-start" in only:
        with servers.running(name, prepared, folder / name, empty=True) as server:
            found["first_start_s"] = server.start_s
    if set(only) - {"first-start", *_OURS_ALONE}:
        with servers.running(name, prepared, folder / name) as server:
            if "start" in only:
                found["start_s"] = server.start_s
            # Stock's load starts when its job consumers have loaded, else it would look worse.
            if set(only) & measurements.OF_A_RUNNING_SERVER.keys():
                settled = measurements.memory(server, scale)
                found |= settled if "memory" in only else {}
            for key, measure in measurements.OF_A_RUNNING_SERVER.items():
                if key in only and key != "memory":
                    found |= measure(server, scale)
    shown = "  ".join(f"{key} {report.number(value)}" for key, value in found.items())
    print(f"{name}: {shown}", flush=True)
    return found


def _write(
    facts: dict[str, object], scale: Scale, rounds: Sequence[Round], lines: Sequence[Line]
) -> None:
    document = {
        "machine": facts,
        "scale": asdict(scale),
        "summary": [_entry(line.figure, line) for line in lines],
        "rounds": rounds,
    }
    path = _RESULTS / "latest.json"
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"every number is in {os.path.relpath(path)}")


def _entry(figure: Figure, line: Line) -> dict[str, object]:
    return {
        "figure": figure.key,
        "title": figure.title.strip(),
        "unit": figure.unit,
        "medians": line.medians,
        "ratio": line.ratio,
        "ratios": line.ratios,
        "target": str(figure.target) if figure.target else None,
        "met": line.met,
    }


if __name__ == "__main__":
    sys.exit(main())
