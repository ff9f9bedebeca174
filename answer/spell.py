"""Mend slips of the keyboard and spellings by ear: words that nobody uses, close to one that the corpus does.

Only for search; a reader's own words are never changed. What is certain is looked up in ``slips.toml``; the rest is
judged by what the slip would cost (``answer.sounds``), how long the word is, how common the right one is, and whether
the question holds other slips. A word that the corpus, the vocabulary or the embedder knows is never a slip, and
neither is a capitalised name: "does ketamine help tinnitus?" must not become a question that can be answered.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import permutations

from answer.lexicon import Lexicon, likeness
from answer.slips import Slips
from ingest.vocabulary import WORD, Term, Vocabulary, words_of

SHORTEST, SHORTEST_SURE = 4, 5
LONGEST = 30
RAREST = 2
FAR_COMMONER = 50
COMMON = 20
# A word that the corpus never uses counts as often as the corpus's own would, by this much less.
OTHERS_COMMON = 0.1
# What a slip may cost for each letter of the word, by what it would be mended to or stands among: other slips, none,
# a medicine's name, a word that the corpus never uses, a name in capitals, another spelling of the same name.
SHARE, SHARE_ALONE, MEDICINE_SHARE, OTHER_SHARE, NAME_SHARE, SAME_NAME_SHARE = 0.2, 0.15, 0.14, 0.1, 0.1, 0.12
AMONG_OTHERS = 1.25
ONE_SLIP, FARTHEST, FARTHEST_SHORT = 1.05, 2.4, 0.75
SURE = 1.0
# A text with more strange words than this is no misspelt question; looking for what each was meant for takes a while.
MOST_DOUBTFUL = 40
LEAST_NAME = 6
MOST_PARTS, LEAST_RUN_TOGETHER = 3, 5
STARTS = ("un", "non", "over", "under", "self")
ENDINGS = ("s", "ed", "ing", "ly", "er", "ers", "al", "ment", "able", "ness")
MEDICINES = frozenset(("drug", "substance"))
NO_SLIPS = Slips({}, (), frozenset(), ())


class Speller:
    """Knows the words of the corpus and how often it uses them.

    ``used`` counts the words of the passages; ``right`` are these and the words of the vocabulary's names; ``small``
    are the small words that any English question holds.
    """

    def __init__(
        self,
        texts: Iterable[str],
        questions: Iterable[str],
        vocabulary: Vocabulary,
        slips: Slips = NO_SLIPS,
        farthest: float = FARTHEST,
    ) -> None:
        """Count words.

        Args:
            texts: passages; their words are rightly spelt.
            questions: the questions they answer, in people's own spelling: a word that only they use is itself a slip
                when a right word is near that is far commoner.
            vocabulary: its names are rightly spelt too.
            slips: what is known of people's spelling, and words that are none though the corpus never uses them.
            farthest: most that a slip may cost; about 1 for each.
        """
        self.used: Counter[str] = Counter()
        for text in texts:
            self.used.update(words_of(text))
        terms = vocabulary.terms.values()
        named = {word for term in terms for name in _names_of(term) for word in words_of(name)}
        self._names = {name.lower() for term in terms for name in _names_of(term) if len(name) >= SHORTEST}
        self._medicines = {name.lower() for term in terms if term.kind in MEDICINES for name in _names_of(term)}
        self.right = named | set(self.used)
        self._farthest, self._shortest = farthest, SHORTEST if slips.words else SHORTEST_SURE
        self._slips, self.small = slips, slips.glue
        others = [word for word in slips.plain if len(word) >= SHORTEST]
        rare = {rare for term in terms for rare in self._rare_spellings(term)} if slips.words else set()
        self._rare = rare.difference(others)
        known = self.right.union(others) - self._rare
        self._known = known.union(root for word in known for root in _roots(word)) - self._rare
        self._counts = Counter(dict.fromkeys(named, RAREST)) + self.used
        for question in questions:
            self._counts.update(words_of(question))
        common = {word: OTHERS_COMMON * len(others) / place for place, word in enumerate(others, start=1)}
        common |= {word: float(self._counts[word]) for word in self.right if self._counts[word] >= RAREST}
        self._near = lru_cache(maxsize=5_000)(Lexicon({word: common[word] for word in common.keys() - self._rare}).near)

    def mend(self, text: str) -> str:
        """``text`` with slips replaced by what was meant, in small letters; unchanged without any."""
        typed = words_of(text)
        names, acronyms = _capitalised(text), _acronyms(text)
        words = self._joined(self._slips.mend(typed, names | acronyms))
        doubtful = {word for word in words if self._doubtful(word)} - acronyms
        if not doubtful or len(doubtful) > MOST_DOUBTFUL:
            return text if words == typed else " ".join(words)
        names &= doubtful
        sure = [self._meant(word, 1.0) for word in doubtful - names]
        slack = AMONG_OTHERS if len(sure) - sure.count(None) + len(set(typed) - set(words)) > 1 else 1.0
        mended = {word: self._meant(word, slack) for word in doubtful - names}
        mended |= {word: self._meant(word, NAME_SHARE / SHARE_ALONE) for word in names}
        words = [mended.get(word) or word for word in words]
        return text if words == typed else " ".join(words)

    def _doubtful(self, word: str) -> bool:
        if not (self._shortest <= len(word) <= LONGEST and word.isalpha() and word.isascii()):
            return False
        if word in self._rare:
            return True
        return not any(root in self._known for start in _starts(word) for root in (start, *_roots(start)))

    def _rare_spellings(self, term: Term) -> Iterator[str]:
        """Spellings of a name that the vocabulary lists though they are slips: "spravto" beside "spravato"."""
        words = {word for name in _names_of(term) for word in words_of(name) if word.isalpha()}
        for rare, common in permutations(words, 2):
            if rare[0] != common[0] or abs(len(rare) - len(common)) > 1:
                continue
            far = self.used[common] >= FAR_COMMONER * self.used[rare] and self.used[common] >= RAREST
            if far and len(rare) >= SHORTEST and likeness(rare, common, FARTHEST) <= SAME_NAME_SHARE * len(common):
                yield rare

    def _meant(self, word: str, slack: float) -> str | None:
        """What a doubtful word was meant for, if that is likely enough: a right word, or several run together."""
        near = self._likely(word, slack)
        if near and near[1] <= SURE and near[0] in self.right:
            return near[0]
        return self._apart(word) or (near[0] if near else None)

    def _likely(self, word: str, slack: float) -> tuple[str, float] | None:
        least = 0 if word in self._rare else FAR_COMMONER * self._counts[word]
        for near, cost, _ in self._near(word, self._farthest):
            if cost <= self._most(word, near, slack) and (not least or self._counts[near] >= least):
                return near, cost
            if near not in self.right:
                # Most likely a word that the corpus never uses: not one that is less likely.
                return None
        return None

    def _most(self, word: str, near: str, slack: float) -> float:
        """The most that the slip from one word to the other may cost."""
        letters = max(len(word), len(near))
        if near not in self.right:
            return OTHER_SHARE * letters
        if len(word) < SHORTEST_SURE:
            return FARTHEST_SHORT * slack if self._counts[near] >= COMMON else 0.0
        share = MEDICINE_SHARE if near in self._medicines else SHARE if slack > 1 else SHARE_ALONE
        return min(self._farthest, max(ONE_SLIP, share * letters) * slack)

    def _apart(self, word: str) -> str | None:
        """Words run together, no more than one of which is not a small one: "howlong", "ivketamine"."""
        found = self._parts(word, MOST_PARTS) if len(word) >= LEAST_RUN_TOGETHER else None
        return " ".join(found) if found and sum(part not in self._slips.glue for part in found) <= 1 else None

    def _parts(self, word: str, most: int) -> list[str] | None:
        if word in self._slips.glue or self._stands_alone(word):
            return [word]
        for end in range(len(word) - 1, 0, -1) if most > 1 else ():
            start, rest = word[:end], word[end:]
            small = start in self._slips.glue
            if small and (parts := self._parts(rest, most - 1)):
                return [start, *parts]
            if not small and self._stands_alone(start) and rest in self._slips.glue and len(rest) > 1:
                return [start, rest]
        return None

    def _stands_alone(self, word: str) -> bool:
        return word in self._names or (len(word) > 3 and self.used[word] >= COMMON)

    def _joined(self, words: list[str]) -> list[str]:
        """The words with the pieces of one put together: "spra vato", "loraz a pam"."""
        if not self._slips.words:
            return words
        place, joined = 0, list[str]()
        while place < len(words):
            length = next((n for n in (3, 2) if self._is_one(words[place : place + n], n)), 1)
            joined.append("".join(words[place : place + length]))
            place += length
        return joined

    def _is_one(self, pieces: Sequence[str], length: int) -> bool:
        """True when pieces, at least one of them no word, make up a word that is common or a name."""
        if len(pieces) < length or all(self._is_word(piece) for piece in pieces):
            return False
        whole = "".join(pieces)
        if len(whole) < LEAST_NAME or not whole.isalpha():
            return False
        return whole in self._names or self.used[whole] >= RAREST

    def _is_word(self, word: str) -> bool:
        return word in self._slips.glue or word in self.used


def _names_of(term: Term) -> tuple[str, ...]:
    return (term.name, *term.words)


def _starts(word: str) -> Iterator[str]:
    """The word, and what is left of it without a syllable before: "open" of "reopen"."""
    yield word
    for start in STARTS:
        if word.startswith(start) and len(word) - len(start) >= SHORTEST:
            yield word.removeprefix(start)


def _roots(word: str) -> Iterator[str]:
    """What the word may be a form of: "stammer" of "stammers", "hope" of "hoping", "stop" of "stopped"."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
            root = word.removesuffix(ending)
            if root[-1] == root[-2]:
                yield root[:-1]
            if root[-1] == "i":
                yield root[:-1] + "y"
            yield root
            yield root + "e"


def _capitalised(text: str) -> set[str]:
    """Words that begin with a capital inside a sentence in which others don't: names, as a rule."""
    words = WORD.findall(text)
    if sum(word[0].islower() for word in words) < len(words) / 2:
        return set()
    return {word.lower() for word in words[1:] if word[0].isupper()}


def _acronyms(text: str) -> set[str]:
    """Words in capitals, if not all are."""
    words = WORD.findall(text)
    found = {word.lower() for word in words if word.isupper() and len(word) > 1}
    return found if len(found) <= len(words) / 2 else set()
