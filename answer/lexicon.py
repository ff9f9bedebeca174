"""The words a speller knows, and which of them a doubtful word may have been meant for."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from answer.sounds import slip_cost, sound_of

LETTERS = 26
SHORTEST, LONGEST = 3, 30
MOST_LONGER, MOST_LETTERS_OFF = 3, 6
BY_EAR, BY_EAR_SHARE, LEAST_SOUND = 0.5, 0.25, 4
COMMONER = 0.12


class Lexicon:
    """Words with how common they are, found by a word that is nearly spelt like them."""

    def __init__(self, common: Mapping[str, float]) -> None:
        """Take in words of a to z and their counts; other words are never found."""
        self._words = [word for word in common if SHORTEST <= len(word) <= LONGEST and _plain(word)]
        self._gain = COMMONER * np.log1p([common[word] for word in self._words])
        self._lengths = np.array([len(word) for word in self._words], np.int16)
        self._letters = _letters(self._words)

    def near(self, typed: str, most: float) -> list[tuple[str, float, float]]:
        """(word, cost, cost less what its being common is worth) of the words within ``most``, the likeliest first."""
        found = []
        for place in self._alike(typed):
            word = self._words[place]
            cost = likeness(typed, word, most)
            if cost <= most:
                found.append((word, cost, cost - float(self._gain[place])))
        return sorted(found, key=lambda near: (near[2], near[0]))

    def _alike(self, typed: str) -> list[int]:
        """Places of the words with nearly the same letters in any order."""
        near = np.flatnonzero(np.abs(self._lengths - len(typed)) <= MOST_LONGER)
        off = np.abs(self._letters[near] - _letters([typed])).sum(axis=1)
        return [int(place) for place in near[off <= min(MOST_LETTERS_OFF, len(typed) // 2 + 1)]]


def likeness(typed: str, meant: str, most: float) -> float:
    """What it costs to take ``typed`` for ``meant``: as a slip of the fingers, or by ear if both sound the same."""
    if len(sound := sound_of(typed)) >= LEAST_SOUND and sound == sound_of(meant):
        return min(slip := slip_cost(typed, meant), BY_EAR + BY_EAR_SHARE * slip)
    first = (typed[0], meant[0])
    if first[0] != first[1] and typed[1:2] != meant[0] and meant[1:2] != typed[0] and typed[1:2] != meant[1:2]:
        return most + 1
    return slip_cost(typed, meant, most)


def _plain(word: str) -> bool:
    return word.isascii() and word.isalpha() and word.islower()


def _letters(words: Sequence[str]) -> NDArray[np.int8]:
    """How often each letter stands in each word."""
    counts = np.zeros((len(words), LETTERS), np.int8)
    codes = np.frombuffer("".join(words).encode("ascii"), np.uint8).astype(np.intp) - ord("a")
    rows = np.repeat(np.arange(len(words)), [len(word) for word in words])
    np.add.at(counts, (rows, codes), 1)
    return counts
