"""Fetching from an address: public hosts only, whatever names, redirects and changing addresses lead to."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from desk.fetch import Fetcher, FetchError, is_public

PDF = b"%PDF-1.4 pretended"
PAGE = "<html><body><p>Café.</p></body></html>".encode("latin-1")


class Handler(BaseHTTPRequestHandler):
    """A web server whose paths misbehave."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Host"]))  # type: ignore[attr-defined]
        kind, _, where = self.path.removeprefix("/").partition("?")
        if kind == "redirect":
            self._head(302, Location=where)
        elif kind == "again":
            self._head(302, Location="/again")
        elif kind == "slow":
            self._head(200, **{"Content-Type": "text/plain"})
            for _ in range(100):
                self.wfile.write(b"a")
                self.wfile.flush()
                time.sleep(0.05)
        elif kind == "large":
            self._head(200, **{"Content-Type": "text/plain"})
            self.wfile.write(b"a" * 3_000_000)
        elif kind == "packed":
            self._head(200, **{"Content-Type": "text/plain", "Content-Encoding": "gzip"})
        elif kind == "missing":
            self._head(404)
        elif kind == "image":
            self._head(200, **{"Content-Type": "image/png"})
        elif kind == "page":
            self._head(200, **{"Content-Type": "text/html; charset=iso-8859-1"})
            self.wfile.write(PAGE)
        else:
            self._head(200, **{"Content-Type": "application/pdf"})
            self.wfile.write(PDF)

    def _head(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    started = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    started.seen = []  # type: ignore[attr-defined]
    threading.Thread(target=started.serve_forever, daemon=True).start()
    yield started
    started.shutdown()
    started.server_close()


class Names:
    """A name service of the test's own: each look-up takes the next answer, the last one stays."""

    def __init__(self, **hosts: Sequence[str]) -> None:
        self.hosts = {name.replace("_", "."): list(found) for name, found in hosts.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.hosts:
            raise OSError("no such host")
        found = self.hosts[host]
        return [found.pop(0) if len(found) > 1 else found[0]]


def fetcher(**hosts: Sequence[str]) -> Fetcher:
    """One that takes 127.0.0.1 for public, so that a server on loopback can stand for the public web."""
    return Fetcher(
        Names(**hosts),
        lambda address: str(address) == "127.0.0.1" or is_public(address),
        seconds=2,
        most_bytes=2_000_000,
    )


def address(server: ThreadingHTTPServer, path: str, host: str = "public.example") -> str:
    return f"http://{host}:{server.server_port}/{path}"


def refusal(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(url)
    return str(caught.value)


def test_a_document_is_fetched_under_its_own_name_and_with_its_hosts_name(server: ThreadingHTTPServer) -> None:
    found = fetcher(public_example=["127.0.0.1"]).fetch(address(server, "trial%20one.pdf#page=2"))
    assert (found.data, found.name, found.url) == (PDF, "trial-one.pdf", address(server, "trial%20one.pdf"))
    assert server.seen == [("/trial%20one.pdf", f"public.example:{server.server_port}")]  # type: ignore[attr-defined]


def test_a_page_in_an_old_encoding_becomes_utf_8(server: ThreadingHTTPServer) -> None:
    found = fetcher(public_example=["127.0.0.1"]).fetch(address(server, "page"))
    assert (found.name, found.data.decode()) == ("page.html", "<html><body><p>Café.</p></body></html>")


def test_a_redirect_is_followed_to_a_public_host(server: ThreadingHTTPServer) -> None:
    there = address(server, "a.pdf", "other.example")
    found = fetcher(public_example=["127.0.0.1"], other_example=["127.0.0.1"]).fetch(
        address(server, f"redirect?{there}")
    )
    assert (found.url, found.data) == (there, PDF)


@pytest.mark.parametrize(
    "inside",
    [
        "127.0.0.2", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.0.0.192", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1",
        "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_inside_are_refused_before_anything_is_sent(inside: str, server: ThreadingHTTPServer) -> None:
    assert not is_public(ipaddress.ip_address(inside))
    asked = fetcher(public_example=["127.0.0.1"], inside_example=[inside])
    assert "isn't a public host" in refusal(asked, address(server, "a.pdf", "inside.example"))
    redirect = address(server, f"redirect?{address(server, 'a.pdf', 'inside.example')}")
    assert "isn't a public host" in refusal(asked, redirect)
    assert [path for path, _ in server.seen if path == "/a.pdf"] == []  # type: ignore[attr-defined]


def test_one_private_address_among_public_ones_is_enough_to_refuse(server: ThreadingHTTPServer) -> None:
    async def both(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1", "10.0.0.1"]

    mixed = Fetcher(both, lambda address: str(address) == "127.0.0.1")
    assert "isn't a public host" in refusal(mixed, address(server, "a.pdf"))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_refused_however_it_is_written(host: str, server: ThreadingHTTPServer) -> None:
    told = refusal(Fetcher(), address(server, "a.pdf", host))
    assert "isn't a public host" in told or "no host" in told
    assert server.seen == []  # type: ignore[attr-defined]


def test_a_name_that_changes_its_address_leads_nowhere_else(server: ThreadingHTTPServer) -> None:
    names = Names(public_example=["127.0.0.1", "127.0.0.9"])
    found = Fetcher(names, lambda address: str(address) == "127.0.0.1").fetch(address(server, "a.pdf"))
    assert (found.data, names.asked) == (PDF, ["public.example"])  # asked once, connected to what was checked


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://public.example/a.pdf", "begins with http"),
        ("file:///etc/passwd", "begins with http"),
        ("http://anna:secret@public.example/a.pdf", "name or password"),
        ("a.pdf", "begins with http"),
        ("http://a:b:c/a.pdf", "isn't an address"),
        ("http://[broken/a.pdf", "There is no host"),
        ("http://nowhere.example/a.pdf", "There is no host"),
    ],
)
def test_what_is_no_address_of_a_document_is_told(url: str, told: str) -> None:
    assert told in refusal(fetcher(public_example=["127.0.0.1"]), url)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("slow", "didn't answer within 2 seconds"),
        ("large", "is larger than 2 MB"),
        ("packed", "packed data"),
        ("missing", "answered with 404"),
        ("image", "isn't a kind of document"),
        ("again", "redirects"),
        ("redirect?file:///etc/passwd", "begins with http"),
    ],
)
def test_servers_that_misbehave_are_told_in_a_sentence(path: str, told: str, server: ThreadingHTTPServer) -> None:
    assert told in refusal(fetcher(public_example=["127.0.0.1"]), address(server, path))
