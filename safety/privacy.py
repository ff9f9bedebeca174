"""Take what identifies a person out of a text: names, numbers, addresses (``docs/privacy.md`` says how well).

Patterns and cue words lie in ``privacy.toml``, common names in ``names.toml``. What the corpus itself says (authors,
medicines, scales, help lines) is never touched. Rules only: nothing here calls a model or the network.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from errors import OperatorError
from safety.known import Known, digits
from safety.names import NameFinder, Span
from settings import load_settings

NEAR_ADDRESS = 45
LEAST_OF_CODE = 4
_HERE = Path(__file__).parent
_PLACEHOLDER = re.compile(r"\[[a-z ]+?(?: \d+)?\]")
_PLAIN = str.maketrans({"\u00a0": " ", "\u202f": " ", "–": "-", "‑": "-", "−": "-", "’": "'", "\u2007": " "})
_YEAR_ONLY = re.compile(r"(?:19|20)\d\d")


class PrivacyRulesError(OperatorError):
    """The rules or the names can't be used; the message names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """Something that identifies a person: where it stands in the text, and what is shown in its place."""

    kind: str
    start: int
    end: int
    placeholder: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without identifiers. ``found`` holds places, not words: only who has the original can restore it."""

    text: str
    found: tuple[Identifier, ...]

    @property
    def bare(self) -> str:
        """The text without the placeholders too, for looking something up."""
        placeholders = {identifier.placeholder for identifier in self.found}
        return " ".join(_PLACEHOLDER.sub(lambda p: " " if p[0] in placeholders else p[0], self.text).split())


def redact(text: str) -> Redacted:
    """``text`` without identifiers, by the corpus of the settings.

    Raises:
        PrivacyRulesError: the rules or the names can't be used.
    """
    return _redactor(load_settings().corpus_dir).redact(text)


def restore(text: str, original: str, found: Iterable[Identifier]) -> str:
    """``text`` with the placeholders of ``found`` replaced by what stood in ``original``."""
    words = {identifier.placeholder: original[identifier.start : identifier.end] for identifier in found}
    return _PLACEHOLDER.sub(lambda placeholder: words.get(placeholder[0], placeholder[0]), text)


class Redactor:
    """Finds identifiers by one set of rules; loaded once, safe to share between threads."""

    def __init__(self, rules: Mapping[str, Any], names: Mapping[str, Any], known: Known) -> None:
        """Compile the rules; a missing entry raises ``KeyError``, a bad pattern ``re.error``."""
        values = dict(rules["values"])
        self._protected = re.compile("|".join(rules["protected"]), re.IGNORECASE)
        self._rules = [_Rule.cued(entry, values) for entry in rules["cued"]]
        self._rules += [_Rule.shaped(entry, values) for entry in rules["shape"]]
        self._names = NameFinder(rules["names"], names, known)
        self._known = known

    @classmethod
    def load(cls, corpus: Path, folder: Path = _HERE) -> Redactor:
        """Read ``privacy.toml`` and ``names.toml`` in ``folder``, and what the corpus says.

        Raises:
            PrivacyRulesError: a file is missing, not TOML, lacks an entry, or holds a bad pattern.
        """
        rules, names = (_read(folder / name) for name in ("privacy.toml", "names.toml"))
        try:
            return cls(rules, names, Known.read(corpus))
        except KeyError as error:
            raise PrivacyRulesError(f"{folder}: privacy.toml or names.toml lacks {error}") from error
        except re.error as error:
            raise PrivacyRulesError(f"{folder / 'privacy.toml'}: not a pattern: {error.pattern!r}: {error}") from error

    def redact(self, text: str) -> Redacted:
        """``text`` with placeholders where identifiers stood; the same words get the same placeholder."""
        found = self._find(text)
        placeholders = _placeholders(text, found)
        parts, place = [], 0
        for kind, start, end in found:
            parts += [text[place:start], placeholders[kind, text[start:end]]]
            place = end
        identifiers = (Identifier(k, start, end, placeholders[k, text[start:end]]) for k, start, end in found)
        return Redacted("".join([*parts, text[place:]]), tuple(identifiers))

    def _find(self, text: str) -> list[tuple[str, int, int]]:
        plain = _plain(text)
        taken = [match.span() for match in self._protected.finditer(plain)]
        taken += [match.span() for match in _PLACEHOLDER.finditer(plain)]
        found: list[tuple[str, int, int]] = []
        for rule in self._rules:
            if rule.after != "name":
                self._apply(rule, plain, taken, found)
        contacts = [(start, end) for _, start, end in found]
        for start, end in self._names.find(plain, contacts):
            _add("name", start, end, taken, found)
        for rule in self._rules:
            if rule.after == "name":
                self._apply(rule, plain, taken, found)
        return sorted(found, key=lambda item: item[1])

    def _apply(self, rule: _Rule, plain: str, taken: list[Span], found: list[tuple[str, int, int]]) -> None:
        for start, end in rule.spans(plain):
            is_public = rule.kind == "phone" and digits(plain[start:end]) in self._known.numbers
            if not is_public and (not rule.after or _stands_behind(rule.after, plain, start, found)):
                _add(rule.kind, start, end, taken, found)


@dataclass(frozen=True, slots=True)
class _Rule:
    """One pattern; ``after`` names the kind that must stand before it, ``check`` a sum over its digits."""

    kind: str
    pattern: re.Pattern[str]
    check: str = ""
    after: str = ""
    least_digits: int = 0
    value: str = ""

    @classmethod
    def cued(cls, entry: Mapping[str, str], values: Mapping[str, str]) -> _Rule:
        """A value behind a cue; what stands between them is ``gap``."""
        value = values[entry["value"]]
        pattern = rf"(?:{entry['cues']})(?!\w){entry['gap']}(?<![\w])(?P<id>{value})(?!\w)"
        return cls(entry["kind"], _compiled(pattern, values), value=entry["value"])

    @classmethod
    def shaped(cls, entry: Mapping[str, Any], values: Mapping[str, str]) -> _Rule:
        """A value known by its form."""
        pattern = _compiled(f"(?P<id>{entry['pattern']})", values)
        optional = {name: entry[name] for name in ("check", "after", "least_digits") if name in entry}
        return cls(entry["kind"], pattern, **optional)

    def spans(self, text: str) -> Iterator[Span]:
        """Where it stands in a text."""
        for match in self.pattern.finditer(text):
            if self._holds(match["id"]):
                yield match.span("id")

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


@lru_cache(maxsize=4)
def _redactor(corpus: Path) -> Redactor:
    return Redactor.load(corpus)


def _compiled(pattern: str, values: Mapping[str, str]) -> re.Pattern[str]:
    for name in ("date", "month", "units", "upper"):
        pattern = pattern.replace(f"{{{name}}}", values[name])
    return re.compile(pattern, re.IGNORECASE)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PrivacyRulesError(f"{path}: can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PrivacyRulesError(f"{path}: not valid TOML: {error}") from error


def _plain(text: str) -> str:
    """``text`` with ASCII digits, spaces, dashes and apostrophes, character for character."""
    text = text.translate(_PLAIN)
    return text if text.isascii() else "".join(str(int(c)) if c.isdecimal() else c for c in text)


def _stands_behind(kind: str, text: str, start: int, found: Sequence[tuple[str, int, int]]) -> bool:
    ends = [end for other, _, end in found if other == kind and end <= start]
    if not ends:
        return False
    between = text[max(ends) : start]
    return len(between) <= NEAR_ADDRESS if kind == "address" else not between.strip(" ,(:;-")


def _add(kind: str, start: int, end: int, taken: list[Span], found: list[tuple[str, int, int]]) -> None:
    """Add a span unless it overlaps one that is already taken."""
    if all(end <= one or start >= other for one, other in taken):
        taken.append((start, end))
        found.append((kind, start, end))


def _placeholders(text: str, found: Sequence[tuple[str, int, int]]) -> dict[tuple[str, str], str]:
    """A placeholder for each different identifier, none that the text itself holds: [name], [name 2] …"""
    placeholders: dict[tuple[str, str], str] = {}
    used = set(_PLACEHOLDER.findall(text))
    for kind, start, end in found:
        number = 1
        while (kind, text[start:end]) not in placeholders:
            candidate = f"[{kind}]" if number == 1 else f"[{kind} {number}]"
            if candidate not in used:
                placeholders[kind, text[start:end]] = candidate
                used.add(candidate)
            number += 1
    return placeholders
