"""Who to call: crisis lines, youth lines, poison centres and emergency numbers by country, from `crisis-lines.toml`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import OperatorError, first_mistake, read_toml

ANYWHERE = "XX"
"""The entry for a country that has none of its own."""

EUROPEAN_UNION = "EU"
"""The entry that a member state without lines of its own falls back to."""

STALE_AFTER = timedelta(days=366)
"""An entry checked longer ago than this is told as a warning."""

SHARED_ENDINGS = frozenset(("ac", "co", "com", "gov", "govt", "nhs", "org"))
"""Second-level parts under which different owners have sites ("nhs.uk", "govt.nz")."""

HelpReason = Literal["crisis", "emergency", "check_in", "topic"]


class CrisisLinesError(OperatorError):
    """`crisis-lines.toml` can't be used; the text names the file and the field to change."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HelpLine(_Strict):
    """One service a reader can turn to; empty text where the sources don't say.

    `sources` are the addresses that state it, last read on `checked`; `called_on` is set once a person phoned it.
    """

    name: str = Field(min_length=1)
    number: str = ""
    hours: str = ""
    text: str = ""
    url: str = ""
    languages: tuple[str, ...] = ()
    source_id: str = ""
    sources: tuple[str, ...] = ()
    checked: date | None = None
    called_on: date | None = None


class Help(_Strict):
    """The help shown with an answer, and why it is shown.

    `lines` are those to show to this reader, in order; `youth` and `poison` are all that the country has.
    """

    reason: HelpReason
    country: str
    emergency: str
    lines: tuple[HelpLine, ...]
    youth: tuple[HelpLine, ...] = ()
    poison: tuple[HelpLine, ...] = ()


class _Country(_Strict):
    emergency: str = Field(min_length=1)
    emergency_sources: tuple[str, ...] = ()
    lines: tuple[HelpLine, ...] = ()
    youth: tuple[HelpLine, ...] = ()
    poison: tuple[HelpLine, ...] = ()

    def all(self) -> Iterator[tuple[str, HelpLine]]:
        """Every service with the field it stands in ("youth.0")."""
        for kind in ("lines", "youth", "poison"):
            for place, line in enumerate(getattr(self, kind)):
                yield f"{kind}.{place}", line


class _File(_Strict):
    eu_members: tuple[str, ...]
    countries: dict[str, _Country]


class CrisisLines:
    """The help of every country, loaded once."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            CrisisLinesError: it is missing or malformed, or an entry lacks two independent sources; names the field.
        """
        file = _read(path)
        for needed in (ANYWHERE, EUROPEAN_UNION):
            if needed not in file.countries:
                raise CrisisLinesError(f"{path.name}: countries.{needed}: this fallback is missing")
        self._countries = file.countries
        self._eu_members = frozenset(file.eu_members)
        for place, line in self._entries():
            if len({_site(address) for address in line.sources}) < 2:
                raise CrisisLinesError(f"{path.name}: {place}.sources: needs two addresses of different sites")
            if line.checked is None:
                raise CrisisLinesError(f"{path.name}: {place}.checked: the day the sources were read is missing")

    def help_for(self, country: str, reason: HelpReason, *, young: bool = False) -> Help:
        """The help for an ISO country code; an unknown or empty one gets the help that works anywhere.

        `young`: the reader is under 18, so youth lines lead. In an emergency a country's one poison centre closes
        the list; regional ones stay in `poison`, since a reader in danger shouldn't have to choose.
        """
        code = country.strip().upper()
        fallback = EUROPEAN_UNION if code in self._eu_members else ANYWHERE
        entry = self._countries.get(code, self._countries[fallback])
        code = code if code in self._countries or code in self._eu_members else ANYWHERE
        lines = [*(entry.youth if young else ()), *(entry.lines or self._countries[fallback].lines)]
        if reason == "emergency" and len(entry.poison) == 1:
            lines += entry.poison
        return Help(
            reason=reason,
            country=code,
            emergency=entry.emergency,
            lines=tuple(lines),
            youth=entry.youth,
            poison=entry.poison,
        )

    def jurisdictions(self, country: str) -> frozenset[str]:
        """The codes whose rules and services hold in a country: its own, and the EU's in a member state."""
        code = country.strip().upper()
        return frozenset({code, EUROPEAN_UNION} if code in self._eu_members else {code})

    def stale(self, today: date) -> list[tuple[str, str]]:
        """(field, what is wrong) of the entries that were checked more than a year before `today`."""
        old = ((place, line) for place, line in self._entries() if line.checked and today - line.checked > STALE_AFTER)
        return [(place, f"{line.name}: last checked on {line.checked}; read its sources again") for place, line in old]

    def _entries(self) -> Iterator[tuple[str, HelpLine]]:
        for code, entry in self._countries.items():
            yield from ((f"countries.{code}.{field}", line) for field, line in entry.all())


def _site(address: str) -> str:
    """The owner's part of an address: "nu.nl" of "https://www.nu.nl/a", "shsc.nhs.uk" of "https://shsc.nhs.uk/b"."""
    parts = (urlsplit(address).hostname or address).split(".")
    return ".".join(parts[-3:] if len(parts) > 2 and parts[-2] in SHARED_ENDINGS else parts[-2:])


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(read_toml(path, CrisisLinesError))
    except ValidationError as error:
        raise CrisisLinesError(f"{path.name}: {first_mistake(error)}") from error
