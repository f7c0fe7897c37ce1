"""A real reverse proxy with TLS, as Connect is one: Caddy, with all its files in a folder of ours.

Sites are written as Caddy writes them. Nothing is installed into the system's trust store: whoever
asks is told where the root certificate is.
"""

import contextlib
import http.client
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.running import CLEAN, Answer, Studio, wait_until

_OPTIONS = """
{{
	admin off
	skip_install_trust
	auto_https disable_redirects
	storage file_system {folder}/storage
	log {{
		output file {folder}/caddy.log
	}}
	servers {{
		protocols h1 h2
	}}
}}
"""


@dataclass(frozen=True, slots=True)
class Site:
    """One public host on a port of its own; `rules` is what stands between its braces.

    A `scheme` of "http" is a proxy without TLS.
    """

    host: str
    port: int
    rules: str
    scheme: str = "https"

    @property
    def address(self) -> str:
        """Host and port, as browsers send them."""
        return f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.address}"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running Caddy. `root` is the certificate that its clients have to trust."""

    process: subprocess.Popen[bytes]
    root: Path
    log: Path


@dataclass(frozen=True, slots=True)
class Door:
    """A way through the proxy: a site, and the path below which it shows the `studio`, if one."""

    site: Site
    root: Path
    prefix: str = ""
    studio: Studio | None = None

    @property
    def url(self) -> str:
        return f"{self.site.origin}{self.prefix}"

    def connect(self) -> http.client.HTTPConnection:
        """A connection to the proxy, wherever names such as a1.connect.localhost resolve to."""
        if self.site.scheme == "http":
            connection = http.client.HTTPConnection(self.site.host, self.site.port, timeout=60)
            connection.sock = socket.create_connection(("127.0.0.1", self.site.port), 60)
            return connection
        context = ssl.create_default_context(cafile=str(self.root))
        secure = http.client.HTTPSConnection(
            self.site.host, self.site.port, timeout=60, context=context
        )
        plain = socket.create_connection(("127.0.0.1", self.site.port), 60)
        try:
            secure.sock = context.wrap_socket(plain, server_hostname=self.site.host)
        except OSError:
            plain.close()
            raise
        return secure

    def request(
        self,
        path: str,
        body: bytes | None = None,
        *,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask for a path below the prefix; redirects are not followed."""
        given = {"Content-Type": "application/json", **(headers or {})}
        with contextlib.closing(self.connect()) as connection:
            verb = method or ("GET" if body is None else "POST")
            connection.request(verb, self.prefix + path, body, given)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())


@contextlib.contextmanager
def proxying(folder: Path, sites: Sequence[Site]) -> Iterator[Proxy]:
    """A Caddy that serves these sites, on loopback only."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "Caddyfile"
    config.write_text(_OPTIONS.format(folder=folder) + "".join(map(_written, sites)))
    process = subprocess.Popen(
        ["caddy", "run", "--config", str(config), "--adapter", "caddyfile"],
        env={**CLEAN, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    proxy = Proxy(process, folder / "storage/pki/authorities/local/root.crt", folder / "caddy.log")
    try:
        for site in sites:
            wait_until(lambda site=site: _answers(proxy, site), 30, lambda: _last_words(proxy))
        yield proxy
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _written(site: Site) -> str:
    tls = "tls internal\n" if site.scheme == "https" else ""
    return f"{site.origin} {{\nbind 127.0.0.1\n{tls}{site.rules}\n}}\n"


def _answers(proxy: Proxy, site: Site) -> bool:
    """Whether the site has its certificate and speaks; what stands behind it is not asked for."""
    assert proxy.process.poll() is None, _last_words(proxy)
    try:
        Door(site, proxy.root).connect().close()
    except OSError:
        return False
    return True


def _last_words(proxy: Proxy) -> str:
    return proxy.log.read_text() if proxy.log.exists() else "Caddy said nothing"
