"""Where something listens, by the kernel's own table."""

import pytest

from deploy.conformance.listening import elsewhere

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
REST = "00000000:00000000 00:00000000 00000000     0        0 5191 1 0 100 0 0 10 0"


def table(*sockets: str) -> str:
    """A table of sockets, each as `address:port state`."""
    lines = [f"   {n}: {s.split()[0]} 00000000:0000 {s.split()[1]} {REST}\n"
             for n, s in enumerate(sockets)]  # fmt: skip
    return HEAD + "".join(lines)


@pytest.mark.parametrize(
    ("sockets", "places"),
    [
        ([], ""),
        (["0100007F:223D 0A"], "127.0.0.1:8765"),
        (["00000000:1F90 0A", "00000000:1F90 0A"], "0.0.0.0:8080"),
        (["00000000000000000000000001000000:223D 0A"], "[::1]:8765"),
        (["00000000000000000000000000000000:1F90 0A"], "[::]:8080"),
        (["0100007F:1F90 0A", "00000000:223D 0A"], ""),
        (["0100007F:1F90 0A", "00000000000000000000000000000000:223D 0A"], ""),
        (["0100007F:1F90 0A", "020011AC:223D 0A"], ""),  # its own address, 172.17.0.2
        (["020011AC:1F90 01"], ""),  # a connection, which listens to nobody
    ],
)
def test_it_is_named_only_where_nobody_asks(sockets: list[str], places: str) -> None:
    assert elsewhere(table(*sockets), 8765) == places


@pytest.mark.parametrize("said", ["", HEAD, "cat: /proc/net/tcp6: No such file or directory\n"])
def test_of_nothing_nothing_is_known(said: str) -> None:
    assert elsewhere(said, 8765) == ""
