"""Identifiers known by a word before them or by their form: numbers, addresses, dates, as ``privacy.toml`` tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from safety.known import digits

LEAST_OF_CODE = 4
_YEAR_ONLY = re.compile(r"(?:19|20)\d\d")


class Found(NamedTuple):
    """A place in a text: what it is, where the words that announce it begin, where it begins and ends itself."""

    kind: str
    lead: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern; ``after`` names the kind that must stand before it, ``check`` a sum over its digits."""

    kind: str
    pattern: re.Pattern[str]
    check: str = ""
    after: str = ""
    least_digits: int = 0
    value: str = ""

    @classmethod
    def cued(cls, entry: Mapping[str, str], values: Mapping[str, str]) -> Rule:
        """A value behind a cue; what stands between them is ``gap``."""
        value = values[entry["value"]]
        pattern = rf"(?:{entry['cues']})(?!\w){entry['gap']}(?<![\w])(?P<id>{value})(?!\w)"
        return cls(entry["kind"], _compiled(pattern, values), value=entry["value"])

    @classmethod
    def shaped(cls, entry: Mapping[str, Any], values: Mapping[str, str]) -> Rule:
        """A value known by its form."""
        pattern = _compiled(f"(?P<id>{entry['pattern']})", values)
        optional = {name: entry[name] for name in ("check", "after", "least_digits") if name in entry}
        return cls(entry["kind"], pattern, **optional)

    def find(self, text: str) -> Iterator[Found]:
        """Where it stands in a text."""
        for match in self.pattern.finditer(text):
            if self._holds(match["id"]):
                yield Found(self.kind, match.start(), *match.span("id"))

    def _holds(self, value: str) -> bool:
        number = digits(value)
        if self.check and not _CHECKS[self.check](value if self.check == "iban" else number):
            return False
        if self.value == "code":
            whole = sum(character.isalnum() for character in value)
            return whole >= LEAST_OF_CODE and len(number) >= LEAST_OF_CODE - 1 and not _YEAR_ONLY.fullmatch(value)
        if self.value == "phone":
            return 6 <= len(number) <= 15
        return len(number) >= self.least_digits


def _luhn(number: str) -> bool:
    doubled = [int(d) if place % 2 == 0 else sum(divmod(2 * int(d), 10)) for place, d in enumerate(reversed(number))]
    return sum(doubled) % 10 == 0


def _nhs(number: str) -> bool:
    return -sum(int(d) * weight for d, weight in zip(number, range(10, 1, -1), strict=False)) % 11 == int(number[9])


def _iban(value: str) -> bool:
    compact = value.replace(" ", "")
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


_CHECKS = {"luhn": _luhn, "nhs": _nhs, "iban": _iban}


def _compiled(pattern: str, values: Mapping[str, str]) -> re.Pattern[str]:
    for name in ("date", "month", "units", "upper"):
        pattern = pattern.replace(f"{{{name}}}", values[name])
    return re.compile(pattern, re.IGNORECASE)
