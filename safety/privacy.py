"""Take what identifies a person out of a text: names, numbers, addresses (``docs/privacy.md`` says how well).

Patterns and cue words lie in ``privacy.toml``, common names in ``names.toml``. What the corpus itself says (authors,
medicines, scales, help lines) is never touched. Rules only: nothing here calls a model or the network.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from errors import OperatorError, read_toml
from safety.known import WORD, Known, digits
from safety.names import NameFinder
from safety.shapes import Found, Rule
from settings import load_settings

NEAR_ADDRESS = 45
LEAST_SAID = 4
_HERE = Path(__file__).parent
_PLACEHOLDER = re.compile(r"\[[a-z ]+?(?: \d+)?\]")
_PLAIN = str.maketrans({"\u00a0": " ", "\u202f": " ", "–": "-", "‑": "-", "−": "-", "—": "-", "’": "'", "\u2007": " "})
_CUT = "\0"
_SENTENCE_END = re.compile(r"(?<=[.?!;؟…])\s+(?=[^a-z\s])|\n")


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
    """A text without identifiers. ``found`` holds places, not words: only who has the original can restore it.

    ``bare`` is the text without the placeholders and the words that only announce them, for looking something up.
    """

    text: str
    found: tuple[Identifier, ...]
    bare: str


def redact(text: str) -> Redacted:
    """``text`` without identifiers, by the corpus of the settings.

    Raises:
        PrivacyRulesError: the rules or the names can't be used.
    """
    return redactor(load_settings().corpus_dir).redact(text)


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
        self._rules = [Rule.cued(entry, values) for entry in rules["cued"]]
        self._rules += [Rule.shaped(entry, values) for entry in rules["shape"]]
        self._names = NameFinder(rules["names"], names, known)
        self._known = known

    @classmethod
    def load(cls, corpus: Path, folder: Path = _HERE) -> Redactor:
        """Read ``privacy.toml`` and ``names.toml`` in ``folder``, and what the corpus says.

        Raises:
            PrivacyRulesError: a file is missing, not TOML, lacks an entry, or holds a bad pattern.
        """
        paths = (folder / "privacy.toml", folder / "names.toml")
        rules, names = (read_toml(path, PrivacyRulesError, str(path)) for path in paths)
        try:
            return cls(rules, names, Known.read(corpus))
        except KeyError as error:
            raise PrivacyRulesError(f"{folder}: privacy.toml or names.toml lacks {error}") from error
        except re.error as error:
            raise PrivacyRulesError(f"{folder / 'privacy.toml'}: not a pattern: {error.pattern!r}: {error}") from error

    def redact(self, text: str) -> Redacted:
        """``text`` with placeholders where identifiers stood; the same words get the same placeholder."""
        found = self._find(text)
        names = _placeholders(text, found)
        identifiers = tuple(Identifier(f.kind, f.start, f.end, names[f.kind, text[f.start : f.end]]) for f in found)
        shown = _replaced(text, ((f.start, f.end, names[f.kind, text[f.start : f.end]]) for f in found))
        return Redacted(shown, identifiers, _bare(text, found) if found else text)

    def _find(self, text: str) -> list[Found]:
        plain = _plain(text)
        taken = [match.span() for match in self._protected.finditer(plain)]
        taken += [match.span() for match in _PLACEHOLDER.finditer(plain)]
        found: list[Found] = []
        behind_names = [rule for rule in self._rules if rule.after == "name"]
        for rule in self._rules:
            if rule not in behind_names:
                self._apply(rule, plain, taken, found)
        for name in self._names.find(plain, [(item.start, item.end) for item in found]):
            _add(name, taken, found)
        for rule in behind_names:
            self._apply(rule, plain, taken, found)
        return sorted(found, key=lambda item: item.start)

    def _apply(self, rule: Rule, plain: str, taken: list[tuple[int, int]], found: list[Found]) -> None:
        for item in rule.find(plain):
            is_public = rule.kind == "phone" and digits(plain[item.start : item.end]) in self._known.numbers
            if not is_public and (not rule.after or _stands_behind(rule.after, plain, item.start, found)):
                _add(item, taken, found)


@lru_cache(maxsize=4)
def redactor(corpus: Path) -> Redactor:
    """The project's rules with what a corpus folder says, read once a process; raises what ``Redactor.load`` does."""
    return Redactor.load(corpus)


def _plain(text: str) -> str:
    """``text`` with ASCII digits, spaces, dashes and apostrophes, character for character."""
    text = text.translate(_PLAIN)
    return text if text.isascii() else "".join(str(int(c)) if c.isdecimal() else c for c in text)


def _stands_behind(kind: str, text: str, start: int, found: Sequence[Found]) -> bool:
    ends = [item.end for item in found if item.kind == kind and item.end <= start]
    if not ends:
        return False
    between = text[max(ends) : start]
    return len(between) <= NEAR_ADDRESS if kind == "address" else not between.strip(" ,(:;-")


def _add(item: Found, taken: list[tuple[int, int]], found: list[Found]) -> None:
    """Add a place unless it overlaps one that is already taken."""
    if all(item.end <= start or item.start >= end for start, end in taken):
        taken.append((item.start, item.end))
        found.append(item)


def _replaced(text: str, places: Iterable[tuple[int, int, str]]) -> str:
    """``text`` with other words in some places, given in order."""
    parts, done = [], 0
    for start, end, words in places:
        parts += [text[done : max(start, done)], words]
        done = end
    return "".join([*parts, text[done:]])


def _bare(text: str, found: Sequence[Found]) -> str:
    """``text`` without identifiers, what announces them, and sentences that say hardly more ("I'm … of …")."""
    cut = _replaced(text.replace(_CUT, " "), ((item.lead, item.end, f" {_CUT} ") for item in found))
    sentences = _SENTENCE_END.split(cut)
    told = [said for said in sentences if _CUT not in said or "?" in said or len(WORD.findall(said)) >= LEAST_SAID]
    return " ".join(" ".join(told or sentences).replace(_CUT, " ").split())


def _placeholders(text: str, found: Sequence[Found]) -> dict[tuple[str, str], str]:
    """A placeholder for each different identifier, none that the text itself holds: [name], [name 2] …"""
    placeholders: dict[tuple[str, str], str] = {}
    used = set(_PLACEHOLDER.findall(text))
    for kind, _, start, end in found:
        numbered = itertools.chain([f"[{kind}]"], (f"[{kind} {number}]" for number in itertools.count(2)))
        if (kind, text[start:end]) not in placeholders:
            placeholder = next(name for name in numbered if name not in used)
            placeholders[kind, text[start:end]] = placeholder
            used.add(placeholder)
    return placeholders
