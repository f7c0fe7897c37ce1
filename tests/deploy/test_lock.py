"""What is dropped from a compiled lock, and what is refused."""

import pytest

from deploy.lock import left_out, without

LOCK = """\
fonts==1.0 \\
    --hash=sha256:aa
    # via plots
numbers==2.0 \\
    --hash=sha256:bb \\
    --hash=sha256:cc
    # via
    #   -r requirements.in
    #   plots
plots==3.0 \\
    --hash=sha256:dd
    # via server
server==4.0 \\
    --hash=sha256:ee
    # via -r requirements.in
shapes==1.1 \\
    --hash=sha256:ff
    # via
    #   fonts
    #   plots
"""


def test_what_only_a_dropped_package_needs_falls_away_with_it() -> None:
    kept, fell_away = without(LOCK, {"plots": "for clients"})
    assert fell_away == ["fonts", "shapes"]
    assert [line for line in kept.splitlines() if "==" in line] == [
        "numbers==2.0 \\",
        "server==4.0 \\",
    ]


def test_a_kept_package_keeps_all_its_lines() -> None:
    kept, _ = without(LOCK, {"plots": "for clients"})
    start, end = LOCK.index("numbers"), LOCK.index("plots==")
    assert LOCK[start:end] in kept


def test_dropping_nothing_changes_nothing() -> None:
    assert without(LOCK, {}) == (LOCK, [])


def test_a_name_that_nothing_requires_any_more_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing requires ghosts"):
        without(LOCK, {"plots": "for clients", "ghosts": "gone"})


def test_the_reasons_are_read_with_their_names() -> None:
    text = "# why\n\nplots    draws figures\nfonts  only for plots\n"
    assert left_out(text) == {"plots": "draws figures", "fonts": "only for plots"}
