"""Who to call: crisis lines and emergency numbers by country, from the reviewed file `crisis-lines.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import OperatorError

ANYWHERE = "XX"
"""The entry for a country that has none of its own."""

EUROPEAN_UNION = "EU"
"""The entry that a member state without lines of its own falls back to."""


class CrisisLinesError(OperatorError):
    """`crisis-lines.toml` can't be used; the text names the file and the field to change."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HelpLine(_Strict):
    """One service a reader can turn to; empty text where the source doesn't say."""

    name: str = Field(min_length=1)
    number: str = ""
    hours: str = ""
    text: str = ""
    url: str = ""
    languages: tuple[str, ...] = ()
    source_id: str = Field(min_length=1)


class Help(_Strict):
    """The help shown with an answer, and why it is shown."""

    reason: Literal["crisis", "emergency", "check_in", "topic"]
    country: str
    emergency: str
    lines: tuple[HelpLine, ...]


class _Country(_Strict):
    emergency: str = Field(min_length=1)
    lines: tuple[HelpLine, ...] = ()


class _File(_Strict):
    eu_members: tuple[str, ...]
    countries: dict[str, _Country]


class CrisisLines:
    """The help of every country, loaded once."""

    def __init__(self, path: Path) -> None:
        file = _read(path)
        for needed in (ANYWHERE, EUROPEAN_UNION):
            if needed not in file.countries:
                raise CrisisLinesError(f"{path.name}: countries.{needed}: this fallback is missing")
        self._countries = file.countries
        self._eu_members = frozenset(file.eu_members)

    def help_for(self, country: str, reason: Literal["crisis", "emergency", "check_in", "topic"]) -> Help:
        """The help for an ISO country code; an unknown or empty one gets the help that works anywhere."""
        code = country.strip().upper()
        entry = self._countries.get(code)
        if entry is None:
            entry = self._countries[EUROPEAN_UNION if code in self._eu_members else ANYWHERE]
            code = code if code in self._eu_members else ANYWHERE
        return Help(reason=reason, country=code, emergency=entry.emergency, lines=entry.lines)

    def jurisdictions(self, country: str) -> frozenset[str]:
        """The codes whose rules and services hold in a country: its own, and the EU's in a member state."""
        code = country.strip().upper()
        return frozenset({code, EUROPEAN_UNION} if code in self._eu_members else {code})


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CrisisLinesError(f"{path.name}: can't be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise CrisisLinesError(f"{path.name}: not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise CrisisLinesError(f"{path.name}: {field}: {first['msg']}") from error
