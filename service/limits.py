"""How much one client and one site may ask: rates, counted in memory or in Redis, and streams open at once.

Imports no web framework: the chat pages hold their readers to the same rates.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import math
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from limits import RateLimitItem, parse_many
from limits.errors import ConfigurationError
from limits.storage import MemoryStorage, storage_from_string
from limits.storage.base import SlidingWindowCounterSupport, Storage
from limits.strategies import SlidingWindowCounterRateLimiter

from errors import OperatorError
from settings import Settings

IPV6_PREFIX = 64
"""An IPv6 client has a whole network of this length to choose its address from."""

_LOG = logging.getLogger("ketamine_answers")
_Limit = tuple[str, RateLimitItem, str]


class RateStorageError(OperatorError):
    """The place where rates are counted can't be used; the message names the setting."""


class Limiter:
    """Rates per client and per site; safe to share between threads.

    While Redis can't be reached, this process counts for itself.
    """

    def __init__(self, settings: Settings) -> None:
        """Connect to the storage.

        Raises:
            RateStorageError: the address is wrong, or the package for it is missing.
        """
        self._question = parse_many(settings.question_rate)
        self._site = parse_many(settings.site_rate)
        self._read = parse_many(settings.read_rate)
        self._limiter = SlidingWindowCounterRateLimiter(_storage(settings.rate_storage))
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = settings.rate_storage != "memory://"
        # Processes that share a counter must give a client the same name.
        self._key = settings.rate_storage.encode()[-64:] if self._shared else secrets.token_bytes(16)

    @property
    def blocks(self) -> bool:
        """True when counting asks another server, which an event loop must not wait for."""
        return self._shared

    def question(self, client: str, site: str = "") -> int:
        """Count a question; the seconds to wait before it may be asked, 0 when it may be now.

        Args:
            client: an address, or another name of who asks.
            site: id of the website it comes from, empty for none.
        """
        mine, sites = self._hidden(client), f"site/{site}"
        return self._count(
            [("ask", item, mine) for item in self._question] + [("ask", item, sites) for item in self._site]
        )

    def read(self, client: str) -> int:
        """Count another request; the seconds to wait, 0 for none."""
        mine = self._hidden(client)
        return self._count([("read", item, mine) for item in self._read])

    def _count(self, limits: Sequence[_Limit]) -> int:
        try:
            return _count(self._limiter, limits)
        except Exception as error:  # each storage's client raises errors of its own
            _LOG.warning("Rates are counted in this process alone: %s.", type(error).__name__)
            return _count(self._own, limits)

    def _hidden(self, client: str) -> str:
        """A client's name in the storage: its address can't be read back from it."""
        return hashlib.blake2b(_network(client).encode(), key=self._key, digest_size=16).hexdigest()


class Streams:
    """Streams open at once; used from the event loop alone."""

    def __init__(self, settings: Settings) -> None:
        self._most, self._most_each = settings.max_streams, settings.max_streams_per_client
        self._open: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many are open."""
        return self._open.total()

    def is_full(self) -> bool:
        """True when no further stream of anybody may be opened."""
        return self.count >= self._most

    def has_enough(self, client: str) -> bool:
        """True when this client may open no further stream."""
        return self._open[_network(client)] >= self._most_each

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Counts a stream while it is open."""
        name = _network(client)
        self._open[name] += 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]


def _count(limiter: SlidingWindowCounterRateLimiter, limits: Sequence[_Limit]) -> int:
    """Count where all limits have room; else the longest wait, and nothing is counted."""
    full = [limit for limit in limits if not limiter.test(limit[1], limit[0], limit[2])]
    if full:
        return max(_seconds_until_room(limiter, limit) for limit in full)
    for kind, item, name in limits:
        limiter.hit(item, kind, name)
    return 0


def _seconds_until_room(limiter: SlidingWindowCounterRateLimiter, limit: _Limit) -> int:
    kind, item, name = limit
    return max(1, math.ceil(limiter.get_window_stats(item, kind, name).reset_time - time.time()))


def _network(client: str) -> str:
    """An IPv6 address's network; any other name as it is."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if address.version == 4:
        return client
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))


def _storage(uri: str) -> Storage:
    try:
        storage = storage_from_string(uri)
    except (ConfigurationError, ImportError, ValueError) as error:
        raise RateStorageError(f"Setting 'rate_storage': '{uri.rsplit('@', 1)[-1]}' can't be used: {error}.") from error
    if not isinstance(storage, Storage) or not isinstance(storage, SlidingWindowCounterSupport):
        raise RateStorageError("Setting 'rate_storage': use 'memory://' or 'redis://host:6379/0'.")
    return storage
