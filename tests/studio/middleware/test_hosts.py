"""Hosts, patterns and origins: one spelling each, and nothing malformed gets through."""

import pytest

from studio.middleware.hosts import (
    Host,
    HostPattern,
    parse_host,
    parse_hosts,
    parse_origin,
    parse_origins,
)


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.Com", "example.com"),
        ("example.com.", "example.com"),
        ("example.com:443", "example.com"),
        ("example.com:80", "example.com"),
        ("example.com.:0443", "example.com"),
        ("example.com:", "example.com"),
        ("example.com:8443", "example.com:8443"),
        ("localhost", "localhost"),
        ("LOCALHOST.:5000", "localhost:5000"),
        ("127.0.0.1:5000", "127.0.0.1:5000"),
        ("[::1]", "[::1]"),
        ("[::1]:443", "[::1]"),
        ("[0:0:0:0:0:0:0:1]:5000", "[::1]:5000"),
        ("[2001:DB8::A]:8443", "[2001:db8::a]:8443"),
        ("my_host", "my_host"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
    ],
)
def test_a_host_has_one_spelling(text: str, spelling: str) -> None:
    assert str(parse_host(text)) == spelling


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        ":80",
        "example.com..",
        ".example.com",
        "a..b",
        "-a.example.com",
        "user@example.com",
        "user:pw@example.com",
        "a b",
        " example.com",
        "example.com/",
        "example.com/path",
        "http://example.com",
        "example.com?x",
        "example.com#x",
        "example.com\\x",
        "example.com,evil.test",
        "example.com\x00",
        "example.com\n",
        "example.com:80\n",
        "ex\xe4mple.com",
        "\u212aelvin.test",
        "example.com:0",
        "example.com:65536",
        "example.com:http",
        "example.com:80:80",
        "example.com:\u0668\u0660",
        "example.com:-1",
        "::1",
        "[::1",
        "[::1]x",
        "[::1]:x",
        "[fe80::1%eth0]",
        "[127.0.0.1]",
        "[]",
        "a" * 64 + ".com",
        ".".join(["a" * 50] * 6),
        "*.example.com",
        "%65xample.com",
    ],
)
def test_a_malformed_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_host(text)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_three_names_are_loopback(name: str) -> None:
    assert parse_host(f"{name}:5000").is_loopback


@pytest.mark.parametrize(
    "name",
    [
        "localhost.evil.test",
        "a.localhost",
        "127.0.0.1.evil.test",
        "0.0.0.0",
        "127.1",
        "[::]",
        "10.0.0.1",
    ],
)
def test_nothing_else_is_loopback(name: str) -> None:
    assert not parse_host(name).is_loopback


@pytest.mark.parametrize(
    ("listed", "host", "matches"),
    [
        ("a.example.com", "a.example.com", True),
        ("A.Example.com", "a.example.com:443", True),
        ("a.example.com", "a.example.com:80", True),
        ("a.example.com", "a.example.com:8443", False),
        ("a.example.com", "b.example.com", False),
        ("a.example.com", "a.example.com.evil.test", False),
        ("a.example.com:8443", "a.example.com:8443", True),
        ("a.example.com:8443", "a.example.com", False),
        ("a.example.com:443", "a.example.com", True),
        ("*.connect.example.com", "a1.connect.example.com", True),
        ("*.connect.example.com", "a1.connect.example.com:443", True),
        ("*.connect.example.com", "a1.connect.example.com:8443", False),
        ("*.connect.example.com", "connect.example.com", False),
        ("*.connect.example.com", "a.b.connect.example.com", False),
        ("*.connect.example.com", "a1.connect.example.com.evil.test", False),
        ("*.connect.example.com", "evilconnect.example.com", False),
        ("*.connect.example.com:8443", "a1.connect.example.com:8443", True),
        ("[2001:db8::1]:8443", "[2001:db8:0::1]:8443", True),
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.10", False),
    ],
)
def test_a_pattern_matches_whole_labels_and_the_named_port(
    listed: str, host: str, matches: bool
) -> None:
    (pattern,) = parse_hosts(listed)

    assert pattern.matches(parse_host(host)) is matches


def test_a_list_of_hosts_keeps_its_order_and_loses_repeats() -> None:
    assert parse_hosts(" B.example.com ,a.example.com:8443,,b.example.com, ") == (
        HostPattern("b.example.com"),
        HostPattern("a.example.com", 8443),
    )


def test_an_empty_list_of_hosts_is_empty() -> None:
    assert parse_hosts("") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("*", "first label"),
        ("*:443", "first label"),
        ("a.*.example.com", "first label"),
        ("*a.example.com", "first label"),
        ("*.*.example.com", "first label"),
        ("example.*", "first label"),
        ("*.com", "two labels"),
        ("*.localhost", "two labels"),
        ("*.0.0.1", "two labels"),
        ("https://example.com", "leave out the scheme"),
        ("example.com/", "leave out the scheme"),
        ("exa mple.com", "is not a host"),
        ("example.com:port", "no valid port"),
        ("m\xfcnchen.example", "xn--"),
        ("good.example.com, *", "first label"),
    ],
)
def test_an_unusable_host_is_refused_with_advice(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_hosts(text)


def test_only_a_port_other_than_that_of_https_means_plain_http() -> None:
    patterns = parse_hosts("a.test,b.test:443,c.test:80,d.test:5000")

    assert [pattern.serves_http for pattern in patterns] == [False, False, True, True]


@pytest.mark.parametrize(
    ("text", "scheme", "host"),
    [
        ("https://Example.com", "https", Host("example.com")),
        ("https://example.com:443", "https", Host("example.com")),
        ("https://example.com:80", "https", Host("example.com", 80)),
        ("http://example.com:443", "http", Host("example.com", 443)),
        ("http://[::1]:5000", "http", Host("[::1]", 5000)),
    ],
)
def test_an_origin_loses_only_the_default_port_of_its_scheme(
    text: str, scheme: str, host: Host
) -> None:
    origin = parse_origin(text)

    assert (origin.scheme, origin.host) == (scheme, host)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "example.com",
        "https://",
        "https://a.test/",
        "https://a.test?x",
        "file://",
        "*",
        "ftp://a.test",
        "https://u@a.test",
        "https://a.test https://b.test",
        "https://a.test\n",
    ],
)
def test_what_is_not_an_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_origin(text)


def test_listed_origins_are_spelt_as_browsers_spell_them() -> None:
    text = "https://App.example.com:443, http://lab.example.com:8888,https://app.example.com"

    assert parse_origins(text) == ("https://app.example.com", "http://lab.example.com:8888")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("*", "list each origin"),
        ("https://*.connect.example.com", "list each origin"),
        ("null", "is not an origin"),
        ("app.example.com", "scheme://host"),
        ("https://app.example.com/", 'write "https://app.example.com"'),
        ("https://app.example.com/path", "is not an origin"),
        ("https://user@app.example.com", "is not a host"),
    ],
)
def test_an_unusable_origin_is_refused_with_advice(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_origins(text)
