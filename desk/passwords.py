"""Passwords: which are good enough, and argon2 hashes of them."""

from __future__ import annotations

import threading
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from errors import OperatorError

SHORTEST, LONGEST = 12, 200
_LEAST_DIFFERENT = 6
_AT_ONCE = threading.BoundedSemaphore(2)
"""A check takes 64 MiB and a core for a moment: a flood of sign-ins waits in line instead of filling the memory."""

_HASHER = PasswordHasher()


class WeakPasswordError(OperatorError):
    """A password that is too easy to guess; the message says the rule."""


def check_strength(password: str, name: str) -> None:
    """Nothing when ``password`` may be used by the user called ``name``.

    Raises:
        WeakPasswordError: too short, too long, too few different characters, or made of the name.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPasswordError(f"A password needs {SHORTEST} to {LONGEST} characters; a few unrelated words do well.")
    if len(set(password.casefold())) < _LEAST_DIFFERENT:
        raise WeakPasswordError(f"A password needs at least {_LEAST_DIFFERENT} different characters.")
    if name.casefold() in password.casefold():
        raise WeakPasswordError("A password may not contain the user's name.")


def hashed(password: str) -> str:
    """What is stored instead of a password."""
    return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one; takes as long when there is no such user (``stored`` is None)."""
    with _AT_ONCE:
        try:
            good = _HASHER.verify(stored or _nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
    return good and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")
