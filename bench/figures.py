"""What is measured, what must be reached, and how several rounds become one number.

Pure: measurements come in as plain numbers, verdicts go out.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

STOCK, LEAN, OURS = "stock", "lean", "ours"

Measured = Mapping[str, float]
Round = Mapping[str, Measured]


@dataclass(frozen=True, slots=True)
class Target:
    """A limit for our figure: as a ratio to the stock defaults, or as it is."""

    kind: Literal["ratio", "absolute"]
    limit: float
    more_is_better: bool = False

    def __str__(self) -> str:
        sign = "≥" if self.more_is_better else "≤"
        return f"{sign} {self.limit:g}{'x' if self.kind == 'ratio' else ''}"

    def met(self, ours: float, ratio: float | None) -> bool | None:
        """Whether it is reached; None when there is nothing to compare with."""
        value = ratio if self.kind == "ratio" else ours
        if value is None:
            return None
        return value >= self.limit if self.more_is_better else value <= self.limit


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `measurement` is the name that `--only` takes."""

    key: str
    measurement: str
    title: str
    unit: str
    target: Target | None = None


def _times(limit: float, *, more_is_better: bool = False) -> Target:
    return Target("ratio", limit, more_is_better)


FIGURES = (
    Figure("start_s", "start", "start to first 200 on /health", "s", _times(0.2)),
    Figure("first_start_s", "first-start", "the same with an empty home", "s"),
    Figure("memory_mb", "memory", "memory, idle, all processes (PSS)", "MB", _times(0.25)),
    Figure("processes", "memory", "processes", ""),
    Figure("requests_s", "load", "16 clients: requests", "/s", _times(1.4, more_is_better=True)),
    Figure("p95_ms", "load", "16 clients: p95", "ms", _times(0.5)),
    Figure("log_p50_ms", "load", "  log-batch p50", "ms"),
    Figure("log_p95_ms", "load", "  log-batch p95", "ms"),
    Figure("search_p50_ms", "load", "  runs/search p50", "ms"),
    Figure("search_p95_ms", "load", "  runs/search p95", "ms"),
    Figure("slowest_ms", "load", "  slowest answer", "ms"),
    Figure("errors", "load", "  errors", "", Target("absolute", 0)),
    Figure("elsewhere", "load", "  cores busy with other things", ""),
    Figure("page_kb", "page", "first page load, on the wire", "kB", _times(0.2)),
    Figure("script_s", "script", "main script: requests", "/s", _times(10, more_is_better=True)),
    Figure(
        "health_p99_ms", "health", "health p99 in 8 slow uploads", "ms", Target("absolute", 100)
    ),
    Figure("upload_s", "artifact", "large artifact: upload", "s"),
    Figure("download_s", "artifact", "large artifact: download", "s"),
    Figure("growth_mb", "artifact", "  growth of a process", "MB", Target("absolute", 50)),
    Figure("help_s", "commands", "studioctl --help", "s", Target("absolute", 0.35)),
    Figure("show_s", "commands", "studioctl profile show", "s", Target("absolute", 0.6)),
    Figure("pack_s", "commands", "packing 2,000 files, 20 MB", "s", Target("absolute", 1)),
    Figure("hit_s", "commands", "unchanged Wave build", "s", Target("absolute", 1)),
    Figure("hit_requests", "commands", "  its requests", "", Target("absolute", 2)),
    Figure("commit_alone_p50_ms", "snapshots", "100 MB, 50 commits/s alone: p50", "ms"),
    Figure("commit_alone_p99_ms", "snapshots", "  p99", "ms"),
    Figure("commit_p50_ms", "snapshots", "  while publishing: p50", "ms"),
    Figure("commit_more_ms", "snapshots", "    more than alone", "ms", Target("absolute", 1)),
    Figure("commit_p99_ms", "snapshots", "  while publishing: p99", "ms", Target("absolute", 30)),
    Figure("shipped_bytes", "snapshots", "  shipped per commit", "B", Target("absolute", 1000)),
    Figure("publisher_percent", "snapshots", "  publisher, of a core", "%", Target("absolute", 5)),
    Figure("final_s", "snapshots", "  last publish at the stop", "s", Target("absolute", 2)),
    Figure("restore_s", "snapshots", "  restore", "s", Target("absolute", 1)),
    Figure("start_restoring_s", "snapshots", "  start with an empty home", "s"),
    Figure("start_more_s", "snapshots", "    more than of nothing", "s", Target("absolute", 2)),
    Figure("large_cycle_s", "snapshots", "1 GB: publishing a change", "s"),
    Figure("large_memory_mb", "snapshots", "  publisher, peak", "MB", Target("absolute", 250)),
    Figure("large_restore_s", "snapshots", "  restore", "s", Target("absolute", 5)),
)
MEASUREMENTS = tuple(dict.fromkeys(figure.measurement for figure in FIGURES))


@dataclass(frozen=True, slots=True)
class Line:
    """A figure with what was found: a median per server, and our ratio to stock."""

    figure: Figure
    medians: Mapping[str, float]
    ratio: float | None
    ratios: tuple[float, ...]

    @property
    def met(self) -> bool | None:
        if self.figure.target is None or OURS not in self.medians:
            return None
        return self.figure.target.met(self.medians[OURS], self.ratio)


def summary(rounds: Sequence[Round]) -> list[Line]:
    """One line for each figure that was measured, in the table's order.

    The ratio is that of the medians; `ratios` has that of each round, whose servers ran one right
    after the other and so saw the same machine.

    >>> [line] = summary([{"stock": {"start_s": 20}, "ours": {"start_s": 2}}])
    >>> line.ratio, line.met
    (0.1, True)
    """
    return [line for figure in FIGURES if (line := _line(figure, rounds)).medians]


def _line(figure: Figure, rounds: Sequence[Round]) -> Line:
    servers = dict.fromkeys(server for one in rounds for server in one)
    found = {
        server: [one[server][figure.key] for one in rounds if figure.key in one.get(server, {})]
        for server in servers
    }
    medians = {server: statistics.median(values) for server, values in found.items() if values}
    ratios = tuple(
        ratio
        for one in rounds
        if (ratio := _ratio({server: one[server].get(figure.key) for server in one})) is not None
    )
    return Line(figure, medians, _ratio(medians), ratios)


def _ratio(values: Mapping[str, float | None]) -> float | None:
    ours, stock = values.get(OURS), values.get(STOCK)
    if ours is None or not stock:
        return None
    return ours / stock


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` % of all do not exceed (nearest rank).

    >>> percentile([4, 1, 3, 2], 50), percentile([4, 1, 3, 2], 99), percentile([7], 95)
    (2, 4, 7)
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
