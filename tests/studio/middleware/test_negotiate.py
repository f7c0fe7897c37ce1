"""Choosing a content coding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.middleware.negotiate import encoding

ALL = {"identity", "gzip", "br"}


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ([], "identity"),
        ([""], "identity"),
        (["gzip, deflate, br, zstd"], "br"),
        (["gzip", "br"], "br"),
        (["gzip"], "gzip"),
        (["GZIP"], "gzip"),
        (["x-gzip"], "gzip"),
        (["deflate"], "identity"),
        (["*"], "br"),
        (["br;q=0, *"], "gzip"),
        (["br;q=0,gzip;q=0,*"], "identity"),
        (["gzip;q=1.0, br;q=0.5"], "gzip"),
        (["br ; q=0.4 , gzip ;q=0.4"], "br"),
        (["identity, gzip;q=0.5"], "identity"),
        (["identity;q=0.1, gzip;q=0.5"], "gzip"),
        (["br;q=2, gzip"], "gzip"),
        (["br;q=nan, gzip;q=-1"], "identity"),
        (["br;q=x"], "identity"),
        (["br, br;q=0"], "identity"),
        (["br;q=0, gzip;q=0, identity;q=0"], "identity"),
    ],
)
def test_the_coding_chosen(accept: list[str], expected: str) -> None:
    assert encoding(accept, ALL) == expected


def test_only_what_is_available_is_chosen() -> None:
    assert encoding(["br, gzip"], {"identity", "gzip"}) == "gzip"


@given(st.lists(st.text()), st.sets(st.sampled_from(sorted(ALL))))
def test_no_header_raises_or_gives_what_is_not_there(
    accept: list[str], available: set[str]
) -> None:
    assert encoding(accept, available) in available | {"identity"}


codings = st.sampled_from(["br", "gzip", "identity", "deflate", "*"])
weights = st.sampled_from(["", ";q=0", ";q=0.0", ";q=0.001", "; q=0.5", ";q=1", ";Q=0"])


@given(st.lists(st.tuples(codings, weights)), st.sampled_from(["br", "gzip"]))
def test_a_refused_coding_is_never_chosen(items: list[tuple[str, str]], refused: str) -> None:
    named = [name + weight for name, weight in items] + [f"{refused};q=0"]
    assert encoding([", ".join(named)], ALL) != refused
