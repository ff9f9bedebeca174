"""Find people's names in a message: by what stands before or behind them, and by a list of common names."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from safety.known import WORD, Known, fold
from safety.shapes import Found

MOST_WORDS = 4
NEAR = 2
STUDY_NEAR = 4
_BETWEEN = re.compile(r"^[ \-]$|^\. $|^ ?['’]$")
_AFTER_CUE = re.compile(r"""^[\s:,."'“«(]{0,3}$""")
_YEAR = re.compile(r"\W{0,3}(?:(?:and|et|y|e|und|και) [^\W\d_]+ )?\W?(?:19|20)\d\d\b|\W{0,3}et al\b")
_CLOSED = re.compile(r"[\s.!)]*$")
_BEFORE_CONTACT = re.compile(r"^[\s,.:;(–-]{1,3}$")
_LISTED = "listed"
_START = re.compile(r"(?:^|[.!?\n])\s*$")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the message; ``caseless`` where its script knows no capitals."""

    start: int
    end: int
    key: str
    capital: bool
    caseless: bool


class NameFinder:
    """Reads the cues of ``privacy.toml`` and the lists of ``names.toml``; safe to share between threads."""

    def __init__(self, cues: Mapping[str, str], lists: Mapping[str, object], known: Known) -> None:
        """Compile the cues; a missing one raises ``KeyError``."""
        self._known = known
        self._cues = {
            how: re.compile(rf"(?<!\w)(?:{cues[how]})(?!\w)", re.IGNORECASE)
            for how in ("strong", "weak", "loose", "title", "relation")
        }
        self._closing = re.compile(cues["closing"], re.IGNORECASE)
        self._follows = re.compile(cues["follows"], re.IGNORECASE)
        self._articles, self._particles = _words(cues["articles"]), _words(cues["particles"])
        self._stop, self._study, self._thing = _words(cues["stop"]), _words(cues["study"]), _words(cues["thing"])
        self._ambiguous = _words(str(lists["ambiguous"]))
        self._given, self._family = (_listed(lists[part]) for part in ("given", "family"))

    def find(self, text: str, contacts: Sequence[Span]) -> Iterator[Found]:
        """Places that are names; ``contacts`` are spans of numbers and addresses, which names may stand before."""
        words = [_word(found) for found in WORD.finditer(text)]
        starts = [word.start for word in words]
        message = _Message(text, words)
        for how, pattern in self._cues.items():
            for cue in pattern.finditer(text):
                first = bisect_left(starts, cue.end())
                if first < len(words) and _AFTER_CUE.match(text[cue.end() : words[first].start]):
                    for start, end in self._after(message, first, how):
                        yield Found("name", start if how == "relation" else cue.start(), start, end)
        for start, end in self._unannounced(message, contacts):
            yield Found("name", start, start, end)

    def _after(self, message: _Message, first: int, how: str) -> Iterator[Span]:
        """The name that a cue announces, if there is one."""
        words = message.words
        ahead = itertools.takewhile(lambda word: word.key in self._articles, words[first : first + NEAR + 1])
        article = len(list(ahead))
        first += article
        end = self._run(message, first, lower=how)
        if how == "relation":
            end = self._reversed(message, first, end)
        if end > first and self._accepts(message, first, end, how, article > 0):
            yield message.span(first, end)

    def _accepts(self, message: _Message, first: int, end: int, how: str, article: bool) -> bool:
        if how == "strong":
            return True
        word = message.words[first]
        if self._is_thing(message, first, end) or self._is_author(message, first, end, titled=how == "title"):
            return False
        if how in ("title", "relation"):
            return True
        here = message.text[word.end : word.end + 5].startswith(" here")
        if how == "loose":
            return self._is_given(word) or here
        return end - first > 1 or self._is_given(word) or here or (article and word.key[0] > "\u0370")

    def _run(self, message: _Message, first: int, lower: str = "") -> int:
        """Where the name beginning at ``first`` ends; ``first`` where there is none.

        Words count with a capital letter; without one in the list of names, or, behind a ``strong`` cue, at all.
        """
        words, end = message.words, first
        while end < len(words) and end - first < MOST_WORDS and (end == first or message.joined(end)):
            word = words[end]
            particle = end > first and word.key in self._particles
            if particle and end + 1 < len(words) and self._is_capital(words[end + 1]) and message.joined(end + 1):
                end += 1
            elif word.key in self._stop and not (word.capital and self._is_given(word)):
                break
            elif self._belongs(message, first, end, lower):
                end += 1
            else:
                break
        return end

    def _belongs(self, message: _Message, first: int, place: int, lower: str) -> bool:
        word = message.words[place]
        if lower == "strong" and (place == first or (word.capital and word.key not in self._known.words)):
            return True
        if word.capital:
            return self._is_capital(word) or (
                self._is_listed(word) and (lower == "title" or place > first or self._is_whole(message, place))
            )
        if not lower or (lower == _LISTED and not word.caseless):
            return False
        if word.caseless:
            return self._belongs_caseless(message, first, place, lower)
        if place == first:
            return self._is_given(word) or (lower == "title" and word.key in self._family)
        plain = word.key not in self._known.words and word.key not in self._known.names
        return not message.words[first].capital and (self._is_listed(word) or (plain and self._ends(message, place)))

    def _is_whole(self, message: _Message, place: int) -> bool:
        """True for a first name that also means something else ("John"), with a family name behind it."""
        following = message.words[place + 1 : place + 2]
        named = bool(following) and following[0].capital and message.joined(place + 1)
        return named and message.words[place].key in self._given and following[0].key in self._family

    def _belongs_caseless(self, message: _Message, first: int, place: int, how: str) -> bool:
        """The same in a script without capitals: the list decides, and the article of Arabic family names."""
        word, following = message.words[place], message.words[place + 1 : place + 2]
        if place > first:
            return self._is_listed(word) or word.key.startswith("ال")
        whole = bool(following) and word.key in self._given and following[0].key in self._family
        return whole or self._is_given(word) or (how == "title" and word.key.startswith("ال"))

    def _ends(self, message: _Message, place: int) -> bool:
        """True where a clause ends behind a word."""
        word, following = message.words[place], message.words[place + 1 : place + 2]
        return not message.text[word.end : word.end + 1].isspace() or not following or following[0].key in self._stop

    def _reversed(self, message: _Message, first: int, end: int) -> int:
        """The end of "Family, Given", where a name can be written so."""
        after = message.words[end : end + 1]
        if end - first != 1 or not after or message.text[message.words[first].end : after[0].start] != ", ":
            return end
        closes = message.text[after[0].end : after[0].end + 2].strip()[:1] in tuple(",(:;")
        return end + 1 if self._is_capital(after[0]) and (closes or self._is_given(after[0])) else end

    def _unannounced(self, message: _Message, contacts: Sequence[Span]) -> Iterator[Span]:
        """Names without a cue before them."""
        begins = {start for start, _ in contacts}
        place = 0
        while place < len(message.words):
            end = self._run(message, place, "" if message.words[place].capital else _LISTED)
            name = (place, end)
            if end > place and not self._is_thing(message, *name) and not self._is_author(message, *name):
                both = self._reversed(message, place, end)
                start, stop = message.span(place, both)
                if self._is_pointed_at(message, place, both, begins) or self._is_in_list(message, place, end):
                    yield start, stop
            place = max(end, place + 1)

    def _is_pointed_at(self, message: _Message, first: int, end: int, contacts: set[int]) -> bool:
        """True for a name that ends a letter, stands before an identifier, or before words like "born"."""
        start, stop = message.span(first, end)
        likely = end - first > 1 or self._is_given(message.words[first])
        if _CLOSED.match(message.text, stop) and self._closing.search(message.text[max(0, start - 40) : start]):
            return True
        follows = self._follows.match(message.text, stop)
        if follows and (likely or (" here" in follows[0] and bool(_START.search(message.text[:start])))):
            return True
        nearest = min((contact for contact in contacts if contact >= stop), default=None)
        return likely and nearest is not None and bool(_BEFORE_CONTACT.match(message.text[stop:nearest]))

    def _is_in_list(self, message: _Message, first: int, end: int) -> bool:
        keys = [word.key for word in message.words[first:end]]
        after = [word.key for word in message.words[end : end + 1]]
        if tuple(keys[:2]) in self._known.pairs or self._study.intersection(after):
            return False
        if len(keys) == 1:
            word = message.words[first]
            return self._is_given(word) and not word.caseless
        listed = keys[0] in self._given and (keys[0] not in self._ambiguous or keys[-1] in self._family)
        return listed or (keys[-1] in self._family and keys[0] not in self._known.names)

    def _is_author(self, message: _Message, first: int, end: int, *, titled: bool = False) -> bool:
        """True where a study's author is meant: "Zarate 2006", "Dr Berman's trial", "Carlos Zarate"."""
        family = message.words[end - 1].key
        if family not in self._known.authors:
            return False
        after = [word.key for word in message.words[end : end + STUDY_NEAR]]
        before = [word.key for word in message.words[max(0, first - NEAR) : first]]
        if _YEAR.match(message.text, message.words[end - 1].end) or self._study & {*after, *before}:
            return True
        common = family in self._family or family in self._given
        initial = message.words[first].key[0] in self._known.authors[family]
        return not common and (initial if end - first > 1 else titled or family not in self._given)

    def _is_thing(self, message: _Message, first: int, end: int) -> bool:
        """True for a part of another name: "St John's wort", "Alice in Wonderland syndrome"."""
        keys = [word.key for word in message.words[max(0, first - NEAR) : end + NEAR]]
        if self._thing & {word.key for word in message.words[end - 1 : end + NEAR]}:
            return True
        runs = (tuple(keys[i:j]) for i in range(len(keys)) for j in range(i + 2, len(keys) + 1))
        return any(run in self._known.phrases and message.words[first].key in run for run in runs)

    def _is_capital(self, word: Word) -> bool:
        """True for a word that may be a name: it has a capital and is no ordinary word, medicine, scale or place."""
        if not word.capital or word.key in self._stop:
            return False
        if self._is_given(word) or word.key in self._known.authors:
            return True
        return word.key not in self._known.words and word.key not in self._known.names

    def _is_given(self, word: Word) -> bool:
        return word.key in self._given and (word.key not in self._ambiguous) and word.key not in self._known.names

    def _is_listed(self, word: Word) -> bool:
        return word.key in self._given or word.key in self._family or word.key in self._ambiguous


@dataclass(frozen=True, slots=True)
class _Message:
    text: str
    words: Sequence[Word]

    def joined(self, place: int) -> bool:
        """True where a word continues a name: one space, a hyphen or an initial's full stop stands before it."""
        before, word = self.words[place - 1], self.words[place]
        between = self.text[before.end : word.start]
        return bool(_BETWEEN.match(between)) and (between != ". " or before.end - before.start == 1)

    def span(self, first: int, end: int) -> Span:
        return self.words[first].start, self.words[end - 1].end


def _word(found: re.Match[str]) -> Word:
    letters = found[0]
    end = found.end() - 2 if letters[-2:] in ("'s", "’s") else found.end()
    caseless = letters[0].lower() == letters[0].upper()
    shouted = len(letters) > 1 and letters.isupper()
    return Word(found.start(), end, fold(letters), letters[0].isupper() and not shouted, caseless)


def _words(text: str) -> frozenset[str]:
    return frozenset(map(fold, text.split()))


def _listed(lists: object) -> frozenset[str]:
    """The names of all languages; Greek ones in their other cases too."""
    if not isinstance(lists, Mapping):
        raise KeyError("given, family")
    names = _words(" ".join(map(str, lists.values())))
    greek = {name for name in names if name[-1] == "σ" and name[0] > "\u0370"}
    return names | {name[:-1] for name in greek} | {f"{name[:-2]}ου" for name in greek if name[-2] == "ο"}
