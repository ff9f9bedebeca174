"""How somebody who asked the clinic wants to be reached."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

Route = Literal["email", "phone"]
ROUTES: tuple[Route, ...] = get_args(Route)
LONGEST = 200
_EMAIL = re.compile(r"[^@\s<>,;:\"()]+@[^@\s<>,;:\"()]+\.[^@\s<>,;:\"().]{2,}")
_PHONE = re.compile(r"\+?[\d\s().\-/]+")
LEAST_DIGITS, MOST_DIGITS = 6, 16


class ContactError(Exception):
    """What was typed can't be an address or a number."""


@dataclass(frozen=True, slots=True)
class Contact:
    """An e-mail address or a phone number."""

    route: Route
    address: str

    @classmethod
    def read(cls, route: Route, typed: str) -> Contact:
        """What somebody typed.

        Raises:
            ContactError: it isn't an address, or a number, of that kind.
        """
        address = " ".join(typed.split())
        digits = sum(character.isdigit() for character in address)
        fits = {
            "email": _EMAIL.fullmatch(address) is not None,
            "phone": _PHONE.fullmatch(address) is not None and LEAST_DIGITS <= digits <= MOST_DIGITS,
        }
        if len(address) > LONGEST or not fits[route]:
            raise ContactError
        return cls(route, address)
