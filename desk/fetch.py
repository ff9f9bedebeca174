"""Fetch a document from a public address: never from a private one, whatever a name or a redirect leads to.

A name is looked up once a request; the connection goes to the very address that was checked, so that a name that
changes its address in between leads nowhere else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

from errors import OperatorError
from ingest.load import FORMATS
from ingest.load.formats import MAX_DOCUMENT_BYTES

MAX_SECONDS = 30.0
"""Longest time for fetching a document, redirects and all, in seconds."""

MAX_REDIRECTS = 5
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host name."""

_TYPES = {
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
}
_HEADERS = {
    "User-Agent": "ketamine-answers",
    "Accept": ", ".join((*_TYPES, "*/*;q=0.1")),
    "Accept-Encoding": "identity",
}
# Public by number, but inside a hoster's network; and wrappings of addresses that may be private.
_INSIDE = ("192.0.0.0/24", "168.63.129.16/32", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
_REFUSED = tuple(map(ipaddress.ip_network, _INSIDE))


class FetchError(OperatorError):
    """A document can't be fetched; the message says why."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave: its bytes, a file name, and the address it came from in the end."""

    data: bytes
    name: str
    url: str


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet: not private, loopback, link-local, metadata or reserved."""
    inner = getattr(address, "ipv4_mapped", None)
    if inner is not None:
        return is_public(inner)
    refused = any(address in network for network in _REFUSED if network.version == address.version)
    return address.is_global and not address.is_multicast and not address.is_reserved and not refused


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, from the system."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Fetcher:
    """Fetches documents; ``resolve`` and ``allowed`` are replaced by tests alone."""

    def __init__(
        self,
        resolve: Resolve = look_up,
        allowed: Callable[[Address], bool] = is_public,
        *,
        seconds: float = MAX_SECONDS,
        most_bytes: int = MAX_DOCUMENT_BYTES,
    ) -> None:
        self._resolve, self._allowed, self._seconds, self._most = resolve, allowed, seconds, most_bytes

    def fetch(self, url: str) -> Fetched:
        """The document at an address.

        Raises:
            FetchError: not a public http(s) address, not there, too large, too slow, or no kind of document.
        """
        try:
            return asyncio.run(asyncio.wait_for(self._follow(url.strip()), self._seconds))
        except TimeoutError as error:
            raise FetchError(f"{url} didn't answer within {self._seconds:g} seconds.") from error

    async def _follow(self, given: str) -> Fetched:
        url = _parsed(given)
        for _ in range(MAX_REDIRECTS + 1):
            found = await self._get(url)
            if isinstance(found, Fetched):
                return found
            url = _parsed(str(url.join(found)))
        raise FetchError(f"{given} leads on and on: more than {MAX_REDIRECTS} redirects.")

    async def _get(self, url: httpx.URL) -> Fetched | str:
        """The document, or where else to look."""
        pinned = url.copy_with(host=await self._checked(url))
        headers = {**_HEADERS, "Host": url.netloc.decode("ascii")}
        options = {"sni_hostname": url.raw_host.decode("ascii")}
        try:
            async with (
                httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=self._seconds) as client,
                client.stream("GET", pinned, headers=headers, extensions=options) as response,
            ):
                if response.has_redirect_location:
                    return response.headers["Location"]
                if response.status_code != httpx.codes.OK:
                    raise FetchError(f"{url} answered with {response.status_code}, not with a document.")
                return Fetched(await self._body(url, response), _name(url, response), str(url))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
            raise FetchError(f"{url} can't be reached ({type(error).__name__}).") from error

    async def _checked(self, url: httpx.URL) -> str:
        """The address to connect to, when all addresses of the host are allowed."""
        host = url.host
        try:
            found = [ipaddress.ip_address(each.partition("%")[0]) for each in await self._resolve(host, _port(url))]
        except (OSError, UnicodeError, ValueError) as error:
            raise FetchError(f"There is no host “{host}”.") from error
        if not found or not all(self._allowed(address) for address in found):
            raise FetchError(f"“{host}” isn't a public host: documents are fetched from public addresses only.")
        return str(found[0])

    async def _body(self, url: httpx.URL, response: httpx.Response) -> bytes:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise FetchError(f"{url} sends packed data that was not asked for. Save the document, then upload it.")
        data = bytearray()
        async for chunk in response.aiter_raw():
            data += chunk
            if len(data) > self._most:
                raise FetchError(f"{url} is larger than {self._most // 1_000_000} MB.")
        charset = response.charset_encoding
        if _suffix(url, response) == ".html" and charset and charset.lower() not in ("utf-8", "utf8", "us-ascii"):
            return _in_utf8(bytes(data), charset)
        return bytes(data)


def _parsed(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(f"“{text}” isn't an address.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise FetchError("Give an address that begins with http:// or https://.")
    if url.userinfo:
        raise FetchError("An address with a name or password in it isn't fetched.")
    return url.copy_with(fragment=None)


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _suffix(url: httpx.URL, response: httpx.Response) -> str:
    """What the document is: as its name says, else as the server says."""
    own = PurePosixPath(unquote(url.path)).suffix.lower()
    return own if own in FORMATS else _TYPES.get(response.headers.get("Content-Type", "").partition(";")[0].strip(), "")


def _name(url: httpx.URL, response: httpx.Response) -> str:
    suffix = _suffix(url, response)
    if not suffix:
        raise FetchError(f"{url} isn't a kind of document that can be read: {', '.join(FORMATS)}.")
    stem = PurePosixPath(unquote(url.path)).stem or url.host
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.")[:100] + suffix


def _in_utf8(data: bytes, charset: str) -> bytes:
    try:
        return data.decode(charset).encode()
    except (LookupError, UnicodeDecodeError):
        return data
