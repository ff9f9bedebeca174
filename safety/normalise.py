"""Bring a message into the plain form that the lexicons are written in.

Lower case, no accents, no apostrophes, one space between words; tricks such as `k1ll`, `s*icide`, `d i e`,
`dieeee`, look-alike letters and invisible characters are undone. The text is cut into sentences, because what
stands in one sentence says little about a word in another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

KEY_LENGTH = 3
"""How many first letters of a word stand for it in a sentence's keys (see `Sentence`)."""

_APOSTROPHES = dict.fromkeys(map(ord, "'`\u2018\u2019\u00b4\u02bc"))
_LOOKALIKES = str.maketrans("аеорсхуіѕјкмтнвοαικνρτυ", "aeopcxyisjkmthboaikvptu")
_INVISIBLE = frozenset(("Mn", "Cf"))
_LEET = str.maketrans("013457@$!", "oieastasi")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[.,:/](?=\d)")
_SPELLED_OUT = re.compile(r"(?<!\w)[^\W\d_](?:([ .\-_])[^\W\d_])(?:\1[^\W\d_])+(?!\w)")
_BETWEEN_LETTERS = re.compile(r"(?<=[^\W\d_])[._](?=[^\W\d_])")
_TOKEN = re.compile(r"[^\W_](?:[\w@$!*]*[^\W_])?|[.!?;…؟؛\n]")
_SENTENCE_ENDS = frozenset(".!?;…؟؛\n")
_AMOUNT = re.compile(r"\d+(?:mgs?|mls?|mcg|kg|g|hrs?|hours?|mins?|h|x|am|pm|st|nd|rd|th|s|d|w|y|yo|yrs?|f|m|k)")
_LONG_RUN = re.compile(r"(\w)\1{2,}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Normalised words, each followed by one space, and the keys (first letters) of the words in it."""

    text: str
    keys: frozenset[str]

    @classmethod
    def of(cls, words: Iterable[str]) -> Sentence:
        """Build a sentence from words that are already in plain form."""
        words = tuple(words)
        return cls("".join(f"{word} " for word in words), frozenset(word[:KEY_LENGTH] for word in words))


def fold(text: str) -> str:
    """Lower-case `text` without accents, apostrophes, invisible or control characters."""
    text = text.translate(_APOSTROPHES)
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in decomposed if unicodedata.category(c) not in _INVISIBLE)
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text.casefold())


class Normaliser:
    """Turns raw text into sentences, with the spelling knowledge of the lexicons."""

    def __init__(
        self,
        spelling: Mapping[str, str],
        fuzzy: Iterable[str],
        masked: Iterable[str],
        joined: Mapping[str, str],
        vocabulary: Iterable[str],
    ) -> None:
        self._vocabulary = frozenset(vocabulary)
        self._masked = tuple(masked)
        self._joined = {tuple(pair.split()): word for pair, word in joined.items()}
        self._spelling = {slip: word for word in fuzzy for slip in _slips(word) if slip not in self._vocabulary}
        self._spelling.update(spelling)

    def sentences(self, text: str) -> tuple[Sentence, ...]:
        """Cut `text` into normalised sentences; empty ones are left out."""
        return tuple(Sentence.of(self._join(words)) for words in self._cut(text) if words)

    def _cut(self, text: str) -> Iterator[list[str]]:
        prepared = _BETWEEN_DIGITS.sub(" ", fold(text))
        prepared = _SPELLED_OUT.sub(lambda found: re.sub(r"[ .\-_]", "", found[0]), prepared)
        prepared = _BETWEEN_LETTERS.sub(" ", prepared)
        words: list[str] = []
        for token in _TOKEN.findall(prepared):
            if token in _SENTENCE_ENDS:
                yield words
                words = []
            else:
                words.extend(self._plain(token).split())
        yield words

    def _join(self, words: list[str]) -> Iterator[str]:
        """Write `do not` as `dont`, so that a phrase needs one form only."""
        following = iter([*words[1:], ""])
        skip = False
        for word, after in zip(words, following, strict=True):
            if not skip:
                yield self._joined.get((word, after), word)
            skip = not skip and (word, after) in self._joined

    def _plain(self, token: str) -> str:
        """One word in plain form (a spelling entry may stand for several words)."""
        if token in self._spelling:
            return self._spelling[token]
        if not token.isascii() and any("a" <= letter <= "z" for letter in token):
            token = token.translate(_LOOKALIKES)
        if "*" in token:
            token = self._unmask(token)
        if not token.isalpha() and not token.isdigit() and not _AMOUNT.fullmatch(token):
            token = token.translate(_LEET)
        token = self._shorten(token)
        return self._spelling.get(token, token)

    def _unmask(self, token: str) -> str:
        pattern = re.compile("".join("." if letter == "*" else re.escape(letter) for letter in token))
        return next((word for word in self._masked if pattern.fullmatch(word)), token.replace("*", ""))

    def _shorten(self, token: str) -> str:
        """Undo drawn-out letters: `soooo` is `so`, `killll` is `kill`."""
        if token.isdigit() or not _LONG_RUN.search(token):
            return token
        double = _LONG_RUN.sub(r"\1\1", token)
        return double if double in self._vocabulary else _LONG_RUN.sub(r"\1", token)


def _slips(word: str) -> Iterator[str]:
    """Every form of `word` with one letter left out, doubled, or swapped with its neighbour."""
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]
        yield word[: i + 1] + word[i:]
        if i:
            yield word[: i - 1] + word[i] + word[i - 1] + word[i + 1 :]
