"""What a person sees while Wave builds, on a terminal and elsewhere."""

import io

import pytest

from deploy.wave.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_one_line_is_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal()
    progress = Progress(900, out)
    progress.show("BUILDING", 118)
    progress.show("BUILDING", 120)
    progress.end()
    first, second = "building: 1 min 58 s of at most 15 min", "building: 2 min of at most 15 min"
    assert out.getvalue() == f"\r{first}\r{second.ljust(len(first))}\n"


def test_a_rewritten_line_is_cut_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    out = Terminal()
    Progress(900, out).show("BUILDING", 118)
    assert out.getvalue() == "\rbuilding: 1 min 58 "


def test_elsewhere_a_line_is_written_when_there_is_news_or_half_a_minute_has_gone() -> None:
    out = io.StringIO()
    progress = Progress(900, out)
    for elapsed in range(0, 70, 2):
        progress.show("BUILDING" if elapsed < 50 else "SCANNING", elapsed)
    progress.end()
    assert [line.partition(" of ")[0] for line in out.getvalue().splitlines()] == [
        "building: 0 s",
        "building: 30 s",
        "scanning: 50 s",
    ]
