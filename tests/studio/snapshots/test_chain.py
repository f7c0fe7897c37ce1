"""Which kind of pack comes next: tables of cases."""

import pytest

from studio.snapshots.chain import Chain, Kind, next_kind
from studio.snapshots.manifest import Pack

MB = 1 << 20
DAY = 24 * 3600.0


def pack(seq: int, length: int = 100_000) -> Pack:
    """A pack of some length."""
    return Pack(f"packs/{seq:08d}-{'0' * 16}.pp", length, "0" * 64)


def chain(deltas: int, base: int = 20 * MB, delta: int = 100_000) -> Chain:
    """A base with some deltas of equal length."""
    found = Chain(pack(1, base))
    for seq in range(2, deltas + 2):
        found = found.then("delta", pack(seq, delta))
    return found


@pytest.mark.parametrize(
    ("before", "comparable", "age_s", "final", "kind"),
    [
        (None, True, 0.0, False, "base"),
        (None, True, 0.0, True, "base"),
        (chain(0), True, 0.0, False, "delta"),
        (chain(19), True, 0.0, False, "delta"),
        (chain(20), True, 0.0, False, "differential"),
        (chain(20), True, 0.0, True, "delta"),
        (chain(3), False, 0.0, False, "base"),
        (chain(3), False, 0.0, True, "base"),
        (chain(3), True, DAY - 1, False, "delta"),
        (chain(3), True, DAY + 1, False, "base"),
        (chain(3), True, DAY + 1, True, "base"),
    ],
)
def test_the_next_kind(
    before: Chain | None, comparable: bool, age_s: float, final: bool, kind: Kind
) -> None:
    assert next_kind(before, comparable=comparable, age_s=age_s, final=final) == kind


@pytest.mark.parametrize(
    ("before", "room"),
    [
        (chain(0, base=20 * MB), 10 * MB),
        (chain(3, base=20 * MB, delta=6 * MB), 2 * MB),
        (chain(3, base=20 * MB, delta=7 * MB), -1 * MB),
        (chain(0, base=100_000), 50_000),
        (chain(5, base=100_000, delta=40_000), 50_000),
        (chain(26, base=100_000, delta=40_000), MB - 26 * 40_000),
        (chain(27, base=100_000, delta=40_000), MB - 27 * 40_000),
    ],
)
def test_a_pack_has_room_until_a_new_base_is_the_better_choice(before: Chain, room: int) -> None:
    assert before.room == room


def test_a_differential_takes_the_place_of_the_deltas_but_not_of_their_weight() -> None:
    after = chain(20, delta=100_000).then("differential", pack(22, 700_000))
    assert after.packs == (pack(1, 20 * MB), pack(22, 700_000))
    assert after.added == 20 * 100_000 + 700_000
    assert after.then("delta", pack(23)).packs[1:] == (pack(22, 700_000), pack(23))


def test_a_base_begins_anew() -> None:
    assert chain(7).then("base", pack(9, 5)) == Chain(pack(9, 5))


def test_in_the_long_run_bases_and_what_follows_them_weigh_about_the_same() -> None:
    """A steady load: each delta is 100 kB, and the database changes by 60 kB for good each time."""
    line, shipped, since_base, bases = Chain(pack(1, 20 * MB)), 0, 0, 0
    for seq in range(2, 2000):
        since_base += 1
        kind = next_kind(line, comparable=True, age_s=0.0, final=False)
        length = 100_000 if kind == "delta" else 60_000 * since_base
        if length > line.room:
            kind, length, since_base = "base", 20 * MB, 0
            bases += 1
        line = line.then(kind, pack(seq, length))
        shipped += length
        assert len(line.packs) <= 21
    assert bases > 10
    assert shipped / 1998 < 600_000, "0.8 kB for each of the 750 commits of 15 s"
