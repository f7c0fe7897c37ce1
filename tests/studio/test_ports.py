"""Reserving the port, and naming who has it."""

import os
import socket

import pytest

from studio import ports
from studio.errors import StartRefused


def test_a_reserved_port_refuses_connections_until_somebody_listens() -> None:
    reserved = ports.reserve("127.0.0.1", 0)
    with reserved, socket.socket() as client:
        assert client.connect_ex(reserved.getsockname()) != 0
        reserved.listen()
        assert client.connect_ex(reserved.getsockname()) == 0


def test_a_taken_port_is_named_with_its_holder() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            StartRefused, match=f"port {port} is taken by .*{os.getpid()}"
        ) as caught:
            ports.reserve("127.0.0.1", port)
    assert caught.value.code == 73
    assert "make run PORT=" in str(caught.value)


def test_on_macos_airplay_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports.sys, "platform", "darwin")
    error = OSError(98, "Address already in use")
    error.errno = ports.errno.EADDRINUSE
    assert "AirPlay" in ports._explanation("127.0.0.1", 5000, error)


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(StartRefused, match=r"192\.0\.2\.1 cannot be used") as caught:
        ports.reserve("192.0.2.1", 0)
    assert caught.value.code == 73
