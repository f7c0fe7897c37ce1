"""Who may show the Studio in a frame."""

import pytest

from studio.middleware.frame import (
    TRACE_RENDERER,
    ancestors,
    applied,
    limits,
    parse_frame_ancestors,
)
from studio.middleware.headers import Headers
from studio.middleware.hosts import parse_host
from studio.middleware.policy import Policy

EXT = parse_host("a1.connect.example.com")


def a_policy(
    frame_ancestors: tuple[str, ...] | None = None, frame_options: str | None = None
) -> Policy:
    return Policy("same-origin", 8080, frame_ancestors=frame_ancestors, frame_options=frame_options)


@pytest.mark.parametrize(
    ("host", "sources"),
    [
        ("a1.connect.example.com", "'self' connect.example.com example.com"),
        ("a1.connect.example.com:443", "'self' connect.example.com example.com"),
        ("example.com", "'self'"),
        ("studio.example.com", "'self' example.com"),
        ("a1.connect.localhost", "'self' connect.localhost"),
        ("localhost", "'self'"),
        ("localhost:5000", "'self'"),
        ("127.0.0.1", "'self'"),
        ("10.1.2.3:8080", "'self'"),
        ("[2001:db8::1]", "'self'"),
        (
            "a.connect.example.com:8443",
            "'self' connect.example.com example.com connect.example.com:8443 example.com:8443",
        ),
    ],
)
def test_only_parents_of_our_own_host_may_frame_us(host: str, sources: str) -> None:
    assert " ".join(ancestors(parse_host(host))) == sources


def test_without_a_host_only_we_may_frame_us() -> None:
    assert ancestors(None) == ("'self'",)


def test_the_list_of_the_user_replaces_ours() -> None:
    policy = a_policy(frame_ancestors=("https://portal.example.org",))

    assert limits(policy, EXT, "/") == (
        (b"content-security-policy", b"frame-ancestors https://portal.example.org"),
    )


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (
            "DENY",
            (
                (b"content-security-policy", b"frame-ancestors 'none'"),
                (b"x-frame-options", b"DENY"),
            ),
        ),
        (
            "SAMEORIGIN",
            (
                (b"content-security-policy", b"frame-ancestors 'self'"),
                (b"x-frame-options", b"SAMEORIGIN"),
            ),
        ),
        ("NONE", None),
    ],
)
def test_the_frame_options_of_mlflow_keep_their_meaning(
    option: str, expected: Headers | None
) -> None:
    assert limits(a_policy(frame_options=option), EXT, "/") == expected


@pytest.mark.parametrize(
    ("path", "limited"),
    [
        (f"{TRACE_RENDERER}/index.html", False),
        (f"{TRACE_RENDERER}/js/main.js", False),
        (TRACE_RENDERER, True),
        (f"{TRACE_RENDERER}-evil/index.html", True),
        (f"{TRACE_RENDERER}/../../../index.html", True),
        (f"{TRACE_RENDERER}/..\\..\\index.html", True),
        (f"/x{TRACE_RENDERER}/index.html", True),
        ("/", True),
    ],
)
def test_only_the_trace_renderer_may_be_framed_by_everybody(path: str, limited: bool) -> None:
    assert (limits(a_policy(), EXT, path) is not None) is limited


def test_the_legacy_header_gives_way_and_a_policy_of_mlflow_stays() -> None:
    theirs = ((b"X-Frame-Options", b"SAMEORIGIN"), (b"content-security-policy", b"sandbox"))

    assert applied(limits(a_policy(), parse_host("localhost"), "/"), theirs) == (
        (b"content-security-policy", b"sandbox"),
        (b"content-security-policy", b"frame-ancestors 'self'"),
    )


def test_where_we_set_no_limits_the_answer_stays_as_it_is() -> None:
    theirs = ((b"x-frame-options", b"SAMEORIGIN"),)

    assert applied(None, theirs) == theirs


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("'self'", ("'self'",)),
        ("'none'", ("'none'",)),
        ("'SELF' Example.com", ("'self'", "example.com")),
        ("example.com,*.example.org  https://a.test:8443", None),
        ("[2001:db8::1]:8443", ("[2001:db8::1]:8443",)),
        ("a.test a.test", ("a.test",)),
    ],
)
def test_a_list_of_ancestors_is_read(text: str, sources: tuple[str, ...] | None) -> None:
    expected = sources or ("example.com", "*.example.org", "https://a.test:8443")

    assert parse_frame_ancestors(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no frame ancestor"),
        (" , ", "no frame ancestor"),
        ("*", "not everything"),
        ("*.com", "nearly everything"),
        ("https:", "cannot be a frame ancestor"),
        ("https://*", "not everything"),
        ("a.*.test", "not everything"),
        ("a.test; script-src *", "one line"),
        ("a.test\r\nSet-Cookie: x", "one line"),
        ("a.test/path", "not everything"),
        ("javascript:alert(1)", "cannot be a frame ancestor"),
        ("self", "with its quotes"),
        ("none", "with its quotes"),
        ("'none' a.test", "stands alone"),
        ("'unsafe-inline'", "cannot be a frame ancestor"),
        ("user@a.test", "cannot be a frame ancestor"),
        ("\xe9.test", "cannot be a frame ancestor"),
    ],
)
def test_an_unusable_list_of_ancestors_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_frame_ancestors(text)
