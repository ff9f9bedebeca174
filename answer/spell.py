"""Mend slips of the keyboard: a word that the corpus never uses, one slip away from one that it does.

Only for search; a reader's own words are never changed. Short words, names in the vocabulary and
words longer than any real one (trying every slip in them takes minutes) stay as they are.
"""

from collections import Counter
from collections.abc import Iterable

from ingest.vocabulary import Vocabulary, words_of

SHORTEST = 5
LONGEST = 30
RAREST = 2
FAR_COMMONER = 50
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Speller:
    """Knows the words of the corpus and how often it uses them.

    ``used`` counts the words of the passages; ``right`` are these and the words of the vocabulary's names.
    """

    def __init__(self, texts: Iterable[str], questions: Iterable[str], vocabulary: Vocabulary) -> None:
        """Count words.

        Args:
            texts: passages; their words are rightly spelt.
            questions: the questions they answer, in people's own spelling: a word that only they use is itself a slip
                when a right word one slip away is far commoner.
            vocabulary: its names are rightly spelt too.
        """
        self.used: Counter[str] = Counter()
        for text in texts:
            self.used.update(words_of(text))
        names = (name for term in vocabulary.terms.values() for name in (term.name, *term.words))
        named = {word for name in names for word in words_of(name)}
        self.right = named | set(self.used)
        self._counts = Counter(dict.fromkeys(named, RAREST)) + self.used
        for question in questions:
            self._counts.update(words_of(question))

    def mend(self, text: str) -> str:
        """``text`` with slips replaced by the commonest right word one slip away; unchanged without any."""
        slips = {word: self._nearest(word) for word in words_of(text) if self._doubtful(word)}
        mended = {word: better for word, better in slips.items() if better}
        if not mended:
            return text
        return " ".join(mended.get(word, word) for word in words_of(text))

    def _doubtful(self, word: str) -> bool:
        fits = SHORTEST <= len(word) <= LONGEST
        return fits and word.isalpha() and word.isascii() and word not in self.right

    def _nearest(self, word: str) -> str | None:
        least = max(RAREST, FAR_COMMONER * self._counts[word])
        known = [near for near in _one_slip_away(word) if near in self.right and self._counts[near] >= least]
        return max(known, key=lambda near: (self._counts[near], near), default=None)


def _one_slip_away(word: str) -> set[str]:
    """Words with one letter dropped, doubled, swapped with its neighbour, or replaced (Norvig's edits)."""
    pairs = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    dropped = {a + b[1:] for a, b in pairs if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in pairs if len(b) > 1}
    replaced = {a + letter + b[1:] for a, b in pairs if b for letter in LETTERS}
    added = {a + letter + b for a, b in pairs for letter in LETTERS}
    return dropped | swapped | replaced | added
