"""Manifests: what is written can be read, and nothing else can."""

import json
from dataclasses import replace
from typing import Any

import pytest

from studio.snapshots.manifest import ManifestError, Pack, Rows, _digest, encode, parse
from tests.studio.snapshots import ledger

MANIFEST = replace(
    ledger.manifest(7, 1795390212.25),
    kind="delta",
    chain=(
        Pack("packs/00000001-0123456789abcdef.pp", 100, "a" * 64),
        Pack("packs/00000007-fedcba9876543210.pp", 10, "b" * 64),
    ),
    parents=(ledger.state(3, 9),),
    depth=4,
)


def test_a_manifest_reads_back_as_it_was() -> None:
    assert parse(encode(MANIFEST)) == MANIFEST
    unknown = replace(MANIFEST, rows=Rows(None, None))
    assert parse(encode(unknown)) == unknown


def test_the_fields_are_the_documented_ones() -> None:
    document = json.loads(encode(MANIFEST))
    assert list(document) == [
        "v",
        "seq",
        "kind",
        "pages",
        "page_size",
        "root",
        "chain",
        "alembic_rev",
        "wall_ts",
        "rows",
        "parents",
        "depth",
        "self_sha",
    ]
    assert document["chain"][0] == {
        "name": "packs/00000001-0123456789abcdef.pp",
        "len": 100,
        "sha256": "a" * 64,
    }


def test_no_prefix_of_a_manifest_passes_for_one() -> None:
    data = encode(MANIFEST)
    for length in range(len(data)):
        with pytest.raises(ManifestError):
            parse(data[:length])


def test_no_flipped_bit_passes() -> None:
    data = encode(MANIFEST)
    for position in range(len(data)):
        for bit in (1, 4, 32):
            damaged = bytearray(data)
            damaged[position] ^= bit
            try:
                found = parse(bytes(damaged))
            except ManifestError:
                continue
            assert found == MANIFEST  # only the spelling changed


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\0" * 300, "only zeros"),
        (b"[]", "not a JSON object"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"{}", "does not match its own hash"),
    ],
)
def test_the_error_says_what_is_there_instead(data: bytes, why: str) -> None:
    with pytest.raises(ManifestError, match=why):
        parse(data)


def signed(**changes: Any) -> bytes:
    """A manifest with wrong fields and a right hash."""
    document = {**json.loads(encode(MANIFEST)), **changes}
    del document["self_sha"]
    return json.dumps({**document, "self_sha": _digest(document)}).encode()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"v": 2}, "format 2"),
        ({"v": "x"}, "v"),
        ({"kind": "whole"}, "kind"),
        ({"page_size": 1000}, "page_size"),
        ({"page_size": 1 << 17}, "page_size"),
        ({"pages": 0}, "pages"),
        ({"pages": 1 << 40}, "pages"),
        ({"root": "short"}, "root"),
        ({"chain": []}, "chain"),
        ({"chain": [{"name": "../../x.pp", "len": 1, "sha256": "a" * 64}]}, "chain"),
        ({"chain": [{"name": "packs/00000001-0123456789abcdef.pp"}]}, "missing"),
        ({"chain": None}, "wrong kind"),
        ({"rows": 1}, "wrong kind"),
        ({"seq": None}, "wrong kind"),
    ],
)
def test_a_well_signed_manifest_with_a_bad_field_is_refused(
    changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ManifestError, match=why):
        parse(signed(**changes))


def test_a_field_of_a_later_version_does_no_harm() -> None:
    assert parse(signed(later="field")) == MANIFEST
