"""Check one sentence against the quotes it cites, whoever wrote it: a source, an FAQ entry or a model.

Each check has a name and says why it failed. They compare words, amounts and order by rules that can be read
(``answer/rules.toml``), and meaning by the embedder; what they catch and let pass is measured by
``python -m evals.measure_checks`` on true paraphrases and on mutated ones.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from pathlib import Path

import numpy as np
import Stemmer
from pydantic import BaseModel, ConfigDict

from answer.quantities import Quantity, quantities
from ingest.embed import Vectors
from ingest.terms import FILLERS
from ingest.vocabulary import Vocabulary, words_of

RULES = Path(__file__).with_name("rules.toml")
Embed = Callable[[Sequence[str]], Vectors]

LEAST_COSINE = 0.5
LEAST_SHARED = 0.3
SCOPE = 6
HEAD = 2
BREAK_COST = 8
MARGIN = 0.12
_PIECE = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*|[.,;:!?()–—]")


class Check(BaseModel):
    """The result of one check; ``reason`` is empty when it passed."""

    name: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words a sentence relies on, and the title of their document, which says what they are about."""

    text: str
    title: str = ""


class Rules(BaseModel):
    """``rules.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: dict[str, list[str]]
    negation: dict[str, list[str]]
    direction: dict[str, list[str] | list[list[list[str]]]]
    certainty: dict[str, list[str] | list[list[str]]]
    lay: dict[str, list[list[str]]]
    promise: dict[str, list[str]]
    verdict: dict[str, list[str]]
    dose: dict[str, list[str]]


class Verifier:
    """Runs all checks; safe to share between threads."""

    def __init__(self, vocabulary: Vocabulary, embed: Embed | None = None, rules: Path = RULES) -> None:
        """Read the rules.

        Args:
            vocabulary: names of drugs, conditions, places …
            embed: gives unit vectors; without it closeness of meaning is judged by shared words alone.
            rules: the rules file.
        """
        raw = rules.read_bytes()
        self.digest = hashlib.sha256(raw + Path(__file__).read_bytes()).hexdigest()[:12]
        self._rules = Rules.model_validate(tomllib.loads(raw.decode()))
        self._vocabulary = vocabulary
        self._embed = embed
        self._text = lru_cache(maxsize=20_000)(lambda text: _Text(text, self._words, self._vocabulary))
        self._words = _Words(self._rules)

    def check(self, sentence: str, quotes: Sequence[Quote]) -> list[Check]:
        """All checks of a sentence against the quotes it cites, in a fixed order."""
        said = self._text(sentence)
        relied = [self._text(quote.text) for quote in quotes]
        titles = [self._text(quote.title) for quote in quotes]
        found = {
            "cited": "" if quotes else "cites nothing",
            "numbers": _numbers(said, relied),
            "names": self._names(said, relied, titles),
            "negation": self._negation(said, relied),
            "direction": self._direction(said, relied),
            "arms": self._arms(said, relied),
            "certainty": self._certainty(said, relied),
            "meaning": self._meaning(said, quotes, relied, titles),
            "promise": self._promise(said, relied),
            "verdict": _pattern(sentence, self._rules.verdict["patterns"], "speaks of the reader's own case"),
            "dose": self._dose(said),
        }
        return [Check(name=name, passed=not reason, reason=reason) for name, reason in found.items()]

    def passes(self, sentence: str, quotes: Sequence[Quote]) -> bool:
        """True when every check passes."""
        return all(check.passed for check in self.check(sentence, quotes))

    def _names(self, said: "_Text", relied: Sequence["_Text"], titles: Sequence["_Text"]) -> str:
        rules, vocabulary = self._rules.names, self._vocabulary
        distinct = set(rules["distinct"])
        own = set().union(*(text.names for text in relied))
        around = set().union(*(text.names for text in titles))
        allowed = own | around
        broader = allowed.union(*(vocabulary.ancestors(name) for name in allowed)) - distinct
        speaks_of = own & distinct or around & distinct
        for mention in said.mentions:
            name, kind = mention.term.name, mention.term.kind
            if kind not in rules["kinds"] or name in rules["free"]:
                continue
            if name not in (speaks_of if name in distinct else broader | allowed):
                return f"names “{name}”, which the source doesn't"
        return ""

    def _negation(self, said: "_Text", relied: Sequence["_Text"]) -> str:
        for text in relied:
            for head in text.negated_heads:
                if head in said.affirmed and head not in said.negated and not any(head in t.affirmed for t in relied):
                    return f"affirms “{head}”, which the source denies"
        negated = set().union(*(text.negated for text in relied))
        alike = any(text.words & self._words.alike for text in relied)
        for heads in said.negations:
            if negated & set(heads) or (alike and not any(h in t.affirmed for t in relied for h in heads[:1])):
                continue
            if not any(text.negations for text in relied) or any(h in t.affirmed for t in relied for h in heads[:HEAD]):
                if alike and any(text.negations for text in relied):
                    continue
                return f"denies “{' '.join(heads[:HEAD])}”, which the source doesn't"
        return ""

    def _direction(self, said: "_Text", relied: Sequence["_Text"]) -> str:
        words = frozenset().union(*(text.words for text in relied))
        for one, other in self._words.poles:
            for mine, theirs in ((one, other), (other, one)):
                if said.words & mine and not said.words & theirs and words & theirs and not words & mine:
                    if not said.negations and not any(text.negations for text in relied):
                        return f"says “{_any(said.words & mine)}” where the source says “{_any(words & theirs)}”"
        for order, pole in said.comparisons(self._words):
            for text in relied:
                for other_order, other_pole in text.comparisons(self._words):
                    swapped = any((b, a) in other_order for a, b in order) and not any(pair in other_order for pair in order)
                    same = any(pair in other_order for pair in order)
                    opposite = bool(pole and other_pole and pole[0] == other_pole[0] and pole[1] != other_pole[1])
                    if (swapped and not opposite) or (same and opposite):
                        return "compares the other way round than the source"
        return ""

    def _arms(self, said: "_Text", relied: Sequence["_Text"]) -> str:
        """Which amount belongs to which group: exchanged amounts fit the source's surroundings better when swapped."""
        for text in relied:
            for mine, yours in combinations(said.quantities, 2):
                if mine.kind != yours.kind or mine.agrees(yours):
                    continue
                first = [quantity for quantity in text.quantities if quantity.agrees(mine)]
                second = [quantity for quantity in text.quantities if quantity.agrees(yours)]
                if not first or not second:
                    continue
                kept = max(said.likeness(mine, text, q) for q in first) + max(said.likeness(yours, text, q) for q in second)
                swapped = max(said.likeness(mine, text, q) for q in second) + max(said.likeness(yours, text, q) for q in first)
                if swapped > kept + MARGIN:
                    return f"gives {said.text[mine.start : mine.end]} and {said.text[yours.start : yours.end]} the other way round"
        return self._exchanged(said, relied)

    def _exchanged(self, said: "_Text", relied: Sequence["_Text"]) -> str:
        """Two names of groups that stand in each other's surroundings."""
        for text in relied:
            names = [name for name in dict.fromkeys(said.name_places) if name in text.name_places]
            for one, other in combinations(names, 2):
                kept = said.nearness(one, text, one) + said.nearness(other, text, other)
                swapped = said.nearness(one, text, other) + said.nearness(other, text, one)
                if swapped > 1.25 * kept + MARGIN:
                    return f"has “{one}” where the source has “{other}”"
        return ""

    def _certainty(self, said: "_Text", relied: Sequence["_Text"]) -> str:
        words = frozenset().union(*(text.words for text in relied))
        rules = self._words
        for word in sorted(said.words & rules.absolutes - words):
            return f"says “{word}”, the source doesn't"
        if words & rules.binding and not said.words & rules.hedges:
            return f"leaves out that the source says “{_any(words & rules.binding)}”"
        shares = [quantity.value for text in relied for quantity in text.quantities if quantity.kind == "share"]
        level = rules.amount(said.words)
        if level > max(rules.amount(words), 0) and level > 1 and not (shares and (level < 3 or max(shares) > 0.5)):
            return "says it of more people or more often than the source"
        return ""

    def _meaning(self, said: "_Text", quotes: Sequence[Quote], relied: Sequence["_Text"], titles: Sequence["_Text"]) -> str:
        content = said.content
        if not content or not quotes:
            return ""
        theirs = self._words.widened(frozenset().union(*(text.content for text in (*relied, *titles))))
        if len(content & theirs) / len(content) < LEAST_SHARED:
            return "shares hardly a word with the source"
        if self._embed is None:
            return ""
        texts = [said.text, *(quote.text for quote in quotes), " ".join(quote.text for quote in quotes)]
        vectors = self._embed(texts)
        cosine = float(np.max(vectors[1:] @ vectors[0]))
        return f"is far from the source in meaning ({cosine:.2f})" if cosine < LEAST_COSINE else ""

    def _promise(self, said: "_Text", relied: Sequence["_Text"]) -> str:
        for pattern in self._rules.promise["patterns"]:
            found = re.search(pattern, said.text, re.IGNORECASE)
            if found and not (said.denies_near(found.start()) and any(re.search(pattern, t.text, re.IGNORECASE) for t in relied)):
                return f"promises: “{found[0]}”"
        return ""

    def _dose(self, said: "_Text") -> str:
        rules = self._rules.dose
        if not any(quantity.kind in rules["kinds"] for quantity in said.quantities):
            return ""
        instruction = _pattern(said.text, rules["instructions"], "gives a dose as an instruction")
        if instruction:
            return instruction
        return "" if said.plain & frozenset(rules["settings"]) else "gives a dose without saying where it was used"


class _Words:
    """The rules' words as stems."""

    def __init__(self, rules: Rules) -> None:
        self._stemmer = Stemmer.Stemmer("english")
        self.cues = frozenset(rules.negation["cues"])
        self.ignored_after = frozenset(rules.negation["ignored_after"])
        self.breaks = frozenset(map(str, rules.direction["breaks"]))
        self.comparators = tuple(map(str, (*rules.direction["comparators"], *rules.direction["pairs_compared"])))
        self.alike = self._plain(rules.negation["alike"])
        self.poles = [(self._plain(one), self._plain(two)) for one, two in rules.direction["pairs"]]
        self.hedges = self._plain(rules.certainty["hedges"])
        self.binding = self._plain(rules.certainty["binding"])
        self.absolutes = self._plain(rules.certainty["absolutes"])
        self._amounts = [self._plain(words) for words in rules.certainty["amounts"]]
        self._lay: dict[str, set[str]] = {}
        for one, other in rules.lay["pairs"]:
            for word, meant in ((one, other), (other, one)):
                self._lay.setdefault(self.stem(word), set()).add(self.stem(meant))

    def stem(self, word: str) -> str:
        """A word's stem."""
        return str(self._stemmer.stemWord(word.lower()))

    def amount(self, words: frozenset[str]) -> int:
        """The strongest word for how much of a group: 0 few … 4 all; -1 without any."""
        return max((level for level, names in enumerate(self._amounts) if words & names), default=-1)

    def widened(self, stems: frozenset[str]) -> frozenset[str]:
        """Stems, and those of the lay words that stand for them."""
        return stems.union(*(self._lay.get(stem, ()) for stem in stems))

    def _plain(self, words: Iterable[object]) -> frozenset[str]:
        return frozenset(str(word).lower() for word in words)


class _Text:
    """A sentence or quote, taken apart once."""

    def __init__(self, text: str, words: _Words, vocabulary: Vocabulary) -> None:
        self.text = text
        self._rules = words
        self._pieces = [(m[0].lower().replace("’", "'"), m.start()) for m in _PIECE.finditer(text)]
        self.plain = frozenset(words_of(text))
        self.words = self.plain | frozenset(part for word in re.findall(r"[\w]+(?:-[\w]+)+", text.lower()) for part in [word])
        self.mentions = vocabulary.mentions(text)
        self.names = frozenset(mention.term.name for mention in self.mentions)
        self.quantities = quantities(text, parts=True)
        self.negations, self.negated_heads = self._denials()
        self.negated = frozenset(stem for heads in self.negations for stem in heads)

    @cached_property
    def content(self) -> frozenset[str]:
        """Stems of words that carry meaning, numbers left out, and names."""
        stems = {self._rules.stem(word) for word in self.plain if word not in FILLERS and not word[0].isdigit()}
        return frozenset(stems | {f"={name}" for name in self.names})

    @cached_property
    def affirmed(self) -> frozenset[str]:
        """Stems outside the reach of every negation."""
        return frozenset(self._affirmed)

    def denies_near(self, position: int) -> bool:
        """True when a negation stands shortly before a character position."""
        before = [piece for piece, start in self._pieces if start < position][-SCOPE:]
        return any(piece in self._rules.cues for piece in before)

    def _denials(self) -> tuple[list[list[str]], list[str]]:
        """For each negation the stems in its reach; and the first stem of each."""
        self._affirmed: set[str] = set()
        reaches: list[list[str]] = []
        heads: list[str] = []
        reach: list[str] | None = None
        for place, (piece, _) in enumerate(self._pieces):
            after = self._pieces[place + 1][0] if place + 1 < len(self._pieces) else ""
            if piece in self._rules.cues and after not in self._rules.ignored_after:
                reach = []
                reaches.append(reach)
            elif not piece[0].isalnum() or piece in self._rules.breaks:
                reach = None
            elif piece not in FILLERS and not piece[0].isdigit():
                stem = self._rules.stem(piece)
                if reach is not None and len(reach) < SCOPE:
                    reach.append(stem)
                else:
                    self._affirmed.add(stem)
        heads = [reached[0] for reached in reaches if reached]
        return [reached for reached in reaches if reached], heads

    def comparisons(self, words: _Words) -> Iterator[tuple[set[tuple[str, str]], tuple[int, int] | None]]:
        """For each comparison: pairs (name before, name behind), and which pole of which pair it stands at."""
        lowered = self.text.lower()
        for comparator in words.comparators:
            for found in re.finditer(rf"\b{comparator}\b", lowered):
                left, right = lowered[: found.start()], lowered[found.end() :]
                stop = re.search(r"[;:]|\. |, (?:and|but|while)\b", right)
                before = self._names_between(max(left.rfind("; "), left.rfind(". ")) + 1, found.start())
                behind = self._names_between(found.end(), found.end() + (stop.start() if stop else len(right)))
                pairs = {(a, b) for a in before[-2:] for b in behind[:2] if a != b}
                if pairs:
                    yield pairs, _pole(words_of(left)[-8:], words)

    def likeness(self, quantity: Quantity, other: "_Text", theirs: Quantity) -> float:
        """How much the surroundings of two amounts have in common, near words counting most."""
        mine, yours = self._surroundings(quantity.start, quantity.end), other._surroundings(theirs.start, theirs.end)
        return sum(min(weight, yours[stem]) for stem, weight in mine.items() if stem in yours)

    def nearness(self, name: str, other: "_Text", theirs: str) -> float:
        """How much the surroundings of two names have in common, the names' own words left out."""
        best = 0.0
        for start, end in self.name_places[name]:
            mine = self._surroundings(start, end)
            for their_start, their_end in other.name_places[theirs]:
                yours = other._surroundings(their_start, their_end)
                best = max(best, sum(min(w, yours[stem]) for stem, w in mine.items() if stem in yours and stem[0] != "="))
        return best

    @cached_property
    def name_places(self) -> dict[str, list[tuple[int, int]]]:
        """Character positions of the names of drugs, conditions, groups …"""
        spans = [m.span() for m in re.finditer(r"[^\W_]+(?:[.'’][^\W_]+)*", self.text)]
        places: dict[str, list[tuple[int, int]]] = {}
        for mention in self.mentions:
            if mention.term.kind in ("drug", "procedure", "event", "substance", "condition", "population"):
                place = (spans[mention.start][0], spans[mention.end - 1][1])
                places.setdefault(mention.term.name, []).append(place)
        return places

    def _names_between(self, start: int, end: int) -> list[str]:
        inside = [(s, name) for name, places in self.name_places.items() for s, e in places if start <= s and e <= end]
        return [name for _, name in sorted(inside)]

    def _surroundings(self, start: int, end: int) -> dict[str, float]:
        """Stems (names as "=name") around a stretch, weighted by nearness; marks and conjunctions count as distance."""
        weights: dict[str, float] = {}
        for pieces in (reversed([p for p in self._pieces if p[1] < start]), (p for p in self._pieces if p[1] >= end)):
            distance = 0
            for piece, at in pieces:
                distance += BREAK_COST if piece in ",;:()and" and piece or piece in ("versus", "vs", "against", "than", "while", "whereas", "but", "compared") else 1
                if piece[0].isalpha() and piece not in FILLERS:
                    stem = self._named.get(at) or self._rules.stem(piece)
                    weights[stem] = max(weights.get(stem, 0.0), 1 / (1 + distance))
        return weights

    @cached_property
    def _named(self) -> dict[int, str]:
        return {start: f"={name}" for name, places in self.name_places.items() for start, _ in places}


def _numbers(said: _Text, relied: Sequence[_Text]) -> str:
    known = [quantity for text in relied for quantity in text.quantities]
    for quantity in quantities(said.text):
        if not any(quantity.agrees(other) for other in known):
            return f"gives {said.text[quantity.start : quantity.end].strip()}, which the source doesn't"
    return ""


def _pole(before: Sequence[str], words: _Words) -> tuple[int, int] | None:
    for word in reversed(before):
        for number, (one, other) in enumerate(words.poles):
            if word in one or word in other:
                return number, int(word in other)
    return None


def _pattern(text: str, patterns: Iterable[str], complaint: str) -> str:
    for pattern in patterns:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return f"{complaint}: “{found[0]}”"
    return ""


def _any(words: frozenset[str]) -> str:
    return min(words)
