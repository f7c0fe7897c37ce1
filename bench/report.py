"""The table that people read."""

from collections.abc import Sequence

from bench.figures import LEAN, OURS, STOCK, Line, Round

_COLUMNS = {STOCK: "stock", LEAN: "2 workers, no jobs", OURS: "ours"}
_DISTURBED = 0.2
_MARKS = {True: "✓", False: "✗", None: ""}


def table(lines: Sequence[Line]) -> str:
    """Render the summary; the ratio is ours to stock's defaults, with its range over the rounds."""
    shown = [server for server in _COLUMNS if any(server in line.medians for line in lines)]
    head = ["", *(_COLUMNS[server] for server in shown), "", "ratio", "rounds", "target", ""]
    rows = [head]
    for line in lines:
        figure = line.figure
        rows.append(
            [
                figure.title,
                *(number(line.medians.get(server)) for server in shown),
                figure.unit,
                f"{number(line.ratio)}x" if line.ratio is not None else "",
                spread(line.ratios),
                str(figure.target or ""),
                _MARKS[line.met],
            ]
        )
    return "\n".join(_aligned(rows, right=range(1, len(shown) + 1)))


def disturbance(rounds: Sequence[Round]) -> str:
    """A warning when other programs took processor time away, else nothing.

    >>> disturbance([{"ours": {"elsewhere": 0.05}}, {"ours": {"elsewhere": 0.9}}])
    'Other programs kept up to 0.9 cores busy during the load: measure again on a quiet machine.'
    >>> disturbance([{"ours": {"elsewhere": 0.05}}])
    ''
    """
    most = max((found.get("elsewhere", 0.0) for one in rounds for found in one.values()), default=0)
    if most < _DISTURBED:
        return ""
    return (
        f"Other programs kept up to {number(most)} cores busy during the load: "
        "measure again on a quiet machine."
    )


def number(value: float | None) -> str:
    """Three digits that matter, more only where an integer has them.

    >>> number(0.09411), number(12.34), number(1004.6), number(0), number(None)
    ('0.0941', '12.3', '1,005', '0', '-')
    """
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def spread(ratios: Sequence[float]) -> str:
    """From the lowest to the highest ratio of a round.

    >>> spread([0.1, 0.08, 0.12]), spread([0.1])
    ('0.08-0.12', '')
    """
    return f"{number(min(ratios))}-{number(max(ratios))}" if len(ratios) > 1 else ""


def _aligned(rows: Sequence[Sequence[str]], right: range) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
