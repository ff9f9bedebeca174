"""A sentence or a quote taken apart once: words, names, amounts, clauses, what is denied, what stands beside what."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from answer.quantities import UNITS, WORDS, YEARS, Quantity, quantities
from answer.rules import Words
from ingest.terms import FILLERS
from ingest.vocabulary import WORD, Mention, Vocabulary, words_of

SCOPE = 6
BREAK_COST = 8
# Words that may stand between a group's name and the brackets that tell of it.
BEFORE_BRACKETS = 3
# Two clauses are about as like a third when the likeness of one is this share of the other's.
AS_CLOSE = 0.6
_POSSESSIVE = re.compile(r"['’]s\b")
_BEFORE_NUMBER = re.compile(
    r"\b(more|less|fewer|higher|lower|up|down|most|least) (?:than|to) (?=\d|half|a |one|two|three)", re.IGNORECASE
)
_PIECE = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*|[.,;:!?()–—]")
_COMPOUND = re.compile(r"\w+(?:-\w+)+")
_STOP = re.compile(r"[;:]|\. |, (?:and|but|while)\b")


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence.

    ``denied`` are the stems that its negation speaks of, nearest first; ``cues`` counts its negations; ``trailing``
    says that the negation stands at the end ("the others did not"), so that what it denies stands before it;
    ``narrow`` that it denies only what stands behind it ("without help"); ``doubled`` that one negation denies another
    ("none did not").
    """

    words: frozenset[str]
    stems: frozenset[str]
    denied: tuple[str, ...] = ()
    cues: int = 0
    trailing: bool = False
    narrow: bool = False
    doubled: bool = False

    def denies(self, stem: str, alike: frozenset[str]) -> bool:
        """True when it says that something isn't so, by a negation that reaches the stem or by a word ``alike``."""
        reached = bool(self.cues) and (not self.narrow or stem in self.denied)
        return reached or bool(self.words & alike)

    def likeness(self, other: "Clause") -> float:
        """How much of another clause this one has, a short one counting more."""
        return len(self.stems & other.stems) / math.sqrt(len(other.stems))


class Text:
    """A sentence or quote, taken apart once; each part is worked out when first asked for."""

    def __init__(self, text: str, words: Words, vocabulary: Vocabulary) -> None:
        self.text = text
        self._words = words
        self._pieces = [(m[0].lower().replace("’", "'"), m.start()) for m in _PIECE.finditer(text)]
        self._pairs = [(one, two) for (one, _), (two, _) in pairwise(self._pieces)]
        self._cleared = _POSSESSIVE.sub("  ", text)
        self.plain = frozenset(words_of(text))
        joined = {f"{one}-{two}" for one, two in self._pairs if one[0].isalpha() and two[0].isalpha()}
        self.words = self.plain | frozenset(_COMPOUND.findall(text.lower())) | joined
        self.mentions = _with_inner(vocabulary.mentions(self._cleared), words_of(self._cleared), vocabulary)
        self.names = frozenset(mention.term.name for mention in self.mentions)
        self.quantities = quantities(text, parts=True)

    @cached_property
    def content(self) -> frozenset[str]:
        """Stems of words that carry meaning, numbers left out, and names as "=name"."""
        stems = {self._words.stem(word) for word in self.plain if word not in FILLERS and not word[0].isdigit()}
        return frozenset(stems | {f"={name}" for name in self.names})

    @cached_property
    def amounts(self) -> list[Quantity]:
        """What may be a group's result: amounts that are no years and no times like "day 3"."""
        found = (q for q in quantities(self.text) if q.kind != "count" or q.value not in YEARS)
        return [q for q in found if q.kind != "hours" or q.is_counted(self.text)]

    @cached_property
    def directions(self) -> frozenset[str]:
        """Words that can stand for a direction: not the "more" of "more than half" nor the "least" of "at least"."""
        return self.words - {m[1].lower() for m in _BEFORE_NUMBER.finditer(self.text)} - self.idle

    @cached_property
    def numbered(self) -> frozenset[str]:
        """Words like "every" and "all" that only introduce a number ("4 of every 1,000")."""
        return frozenset(piece for piece, after in self._pairs if after[0].isdigit() and piece in ("every", "all"))

    @cached_property
    def idle(self) -> frozenset[str]:
        """Words that mean something else beside their neighbour: the "all" of "above all", the "most" of "at most" and
        of "most clearly"."""
        found = {self._words.idle.get(f"{one} {two}", "") for one, two in self._pairs}
        return frozenset(found | {one for one, two in self._pairs if one in ("most", "least") and two.endswith("ly")})

    @cached_property
    def asserted(self) -> frozenset[str]:
        """Its words without those that stand only where something is left open: "whether it is proven"."""
        apart = [clause.words for clause in self.clauses if clause.words & self._words.open]
        others = [clause.words for clause in self.clauses if not clause.words & self._words.open]
        return self.words - frozenset().union(*apart).difference(*others)

    @cached_property
    def compared(self) -> frozenset[str]:
        """Words that compare and don't count: the "often" of "equally often"."""
        return frozenset(after for piece, after in self._pairs if piece in self._words.compared_by)

    @cached_property
    def clauses(self) -> list[Clause]:
        """The text cut at marks and at words like "but"; a comma cuts only where a clause begins behind it.

        What stands in brackets is a clause of its own, and the words around it are one.
        """
        parts: list[list[str]] = [[]]
        current = [0]
        taken = -1
        for place, (word, _) in enumerate(self._pieces):
            piece = word
            after = self._pieces[place + 1][0] if place + 1 < len(self._pieces) else ""
            if place == taken:
                continue
            if f"{piece} {after}" in self._words.cues:
                piece, taken = f"{piece} {after}", place + 1
            elif self._begins_clause(piece, after):
                current[-1] = len(parts)
                parts.append([])
            if piece == ")" and len(current) > 1:
                current.pop()
            elif piece == "(":
                current.append(len(parts))
                parts.append([])
            elif piece == "," and after not in self._words.joins:
                continue
            elif not piece[0].isalnum() or piece in self._words.breaks:
                current[-1] = len(parts)
                parts.append([])
            else:
                parts[current[-1]].append("" if self._is_no_cue(place, after) else piece)
        return [clause for part in parts if (clause := self._clause(part)).stems]

    def _begins_clause(self, piece: str, after: str) -> bool:
        """True for the "and" of "and none did"."""
        return piece in ("and", "but") and after in self._words.subjects

    def _is_no_cue(self, place: int, after: str) -> bool:
        """True for the "not" of "not only", and the "no" of "yes-or-no" and of "No, it …"."""
        piece, start = self._pieces[place]
        joined = "-" in (self.text[start - 1 : start], self.text[start + len(piece) : start + len(piece) + 1])
        ignored = (piece == "not" and after in self._words.ignored_after) or (piece == "no" and after == ",")
        return ignored or (joined and piece in self._words.cues)

    def _clause(self, pieces: Sequence[str]) -> Clause:
        content = [(place, self._words.stem(piece)) for place, piece in enumerate(pieces) if self._carries(piece)]
        stems = frozenset(stem for _, stem in content)
        # "Nor" goes with the "neither" or "not" before it.
        found = [(place, piece) for place, piece in enumerate(pieces) if piece in self._words.cues and piece != "nor"]
        # "No difference with six rather than one" denies once.
        found = [(place, piece) for place, piece in found if " " not in piece] or found
        found = found or [(place, piece) for place, piece in enumerate(pieces) if piece == "nor"]
        if not found:
            return Clause(frozenset(pieces), stems)
        behind = tuple(stem for place, stem in content if place > found[0][0])
        before = tuple(stem for _, stem in reversed(content))
        narrow = all(piece in self._words.narrow for _, piece in found)
        return Clause(
            frozenset(pieces),
            stems,
            behind or before,
            len(found),
            not behind,
            narrow,
            _doubled(pieces, found, self._words.renews),
        )

    def _carries(self, piece: str) -> bool:
        return bool(piece) and not (
            piece in FILLERS or piece[0].isdigit() or piece in self._words.cues or piece in UNITS or piece in WORDS
        )

    @cached_property
    def named_words(self) -> list[tuple[str, str, frozenset[str]]]:
        """Names, their kinds and the stems they are written with."""
        words, stem = words_of(self._cleared), self._words.stem
        return [
            (m.term.name, m.term.kind, frozenset(stem(w) for w in words[m.start : m.end] if w not in FILLERS))
            for m in self.mentions
        ]

    def denies(self, word: str) -> bool:
        """True when a word stands behind a negation."""
        return any(self._words.stem(word) in clause.denied for clause in self.clauses)

    def around(self, start: int, end: int) -> list[str]:
        """The words shortly before and behind a stretch of characters."""
        before = [piece for piece, at in self._pieces if at < start][-SCOPE:]
        return before + [piece for piece, at in self._pieces if at >= end][:SCOPE]

    # Groups that are compared

    @cached_property
    def name_places(self) -> dict[str, list[tuple[int, int]]]:
        """Character positions of the names of drugs, procedures, groups …"""
        spans = [m.span() for m in WORD.finditer(self._cleared)]
        places: dict[str, list[tuple[int, int]]] = {}
        for mention in self.mentions:
            if self._words.is_arm(mention.term):
                place = (spans[mention.start][0], spans[mention.end - 1][1])
                places.setdefault(mention.term.name, []).append(place)
        return places

    @cached_property
    def arms(self) -> frozenset[str]:
        """Names of groups in the whole text."""
        return frozenset(self.name_places)

    @cached_property
    def arm_stems(self) -> frozenset[str]:
        """Stems that those names are written with."""
        return frozenset(stem for name, _, stems in self.named_words if name in self.name_places for stem in stems)

    def arms_of(self, clause: Clause) -> frozenset[str]:
        """Names of groups in one clause."""
        named = ((name, stems) for name, _, stems in self.named_words if name in self.name_places)
        return frozenset(name for name, stems in named if stems <= clause.stems)

    def owner(self, quantity: Quantity, among: frozenset[str]) -> str:
        """The group that an amount belongs to: the one in its place of a row, the one that its brackets stand behind,
        or the nearest; empty when unclear."""
        if quantity.start in self._respective:
            return self._respective[quantity.start]
        if behind := self._before_brackets(quantity, among):
            return behind
        distances = sorted((self.reach(quantity, name), name) for name in self.name_places if name in among)
        if not distances or (len(distances) > 1 and distances[1][0] - distances[0][0] < 1):
            return ""
        return distances[0][1]

    def _before_brackets(self, quantity: Quantity, among: frozenset[str]) -> str:
        """The group of "midazolam (a sedative, 12 people)"; empty when the brackets hold several amounts of a kind."""
        opened = self.text.rfind("(", 0, quantity.start)
        closed = self.text.find(")", quantity.start)
        if opened < 0 or closed < 0 or ")" in self.text[opened : quantity.start]:
            return ""
        inside = [other for other in self.amounts if opened < other.start < closed and other.kind == quantity.kind]
        ends = [(end, name) for name in among for _, end in self.name_places[name] if end <= opened]
        if len(inside) > 1 or not ends:
            return ""
        end, name = max(ends)
        between = self.text[end:opened].lower().split()
        return name if len(between) <= BEFORE_BRACKETS and not self._words.separators & frozenset(between) else ""

    def reach(self, quantity: Quantity, name: str) -> int:
        """How far an amount is from a group's name, in words, a separating word counting more."""
        return min(self._distance(quantity, start, end) for start, end in self.name_places[name])

    @cached_property
    def _respective(self) -> dict[int, str]:
        """Owners of the amounts in "with A than with B: dizziness (38% and 14%)", by position."""
        owners: dict[int, str] = {}
        rows = [(start, name) for name, places in self.name_places.items() for start, _ in places]
        for one, other in pairwise(self.amounts):
            between = self.text[one.end : other.start].strip().lower()
            if one.kind != other.kind or between not in ("and", "versus", "vs", "against"):
                continue
            if "(" not in self.text[max(0, one.start - 7) : one.start]:
                continue
            compared = self._compared_before(one.start, sorted(rows))
            if compared:
                owners[one.start], owners[other.start] = compared
        return owners

    def _compared_before(self, position: int, rows: Sequence[tuple[int, str]]) -> tuple[str, str] | None:
        """The last two groups before a position that a word of comparison stands between."""
        found = None
        for (start, one), (end, other) in pairwise(rows):
            between = f" {' '.join(words_of(self.text[start:end]))} "
            if end < position and one != other and any(f" {word} " in between for word in self._words.comparators):
                found = one, other
        return found

    def _distance(self, quantity: Quantity, start: int, end: int) -> int:
        low, high = (end, quantity.start) if end <= quantity.start else (quantity.end, start)
        between = [piece for piece, at in self._pieces if low <= at < high]
        return sum(BREAK_COST if piece in self._words.separators else 1 for piece in between)

    def comparisons(self) -> Iterator[tuple[set[tuple[str, str]], tuple[int, int] | None]]:
        """For each comparison: pairs (name before, name behind), and which pole of which pair it stands at."""
        lowered = self.text.lower()
        for comparator in self._words.comparators:
            for found in re.finditer(rf"\b{comparator}\b", lowered):
                left, right = lowered[: found.start()], lowered[found.end() :]
                stop = _STOP.search(right)
                before = self._names_between(max(left.rfind("; "), left.rfind(". ")) + 1, found.start())
                behind = self._names_between(found.end(), found.end() + (stop.start() if stop else len(right)))
                pairs = {(a, b) for a in before[-2:] for b in behind[:2] if a != b}
                if pairs:
                    yield pairs, self._pole(words_of(left)[-8:])

    def _pole(self, before: Sequence[str]) -> tuple[int, int] | None:
        for word in reversed(before):
            for number, (one, other) in enumerate(self._words.poles):
                if word in one or word in other:
                    return number, int(word in other)
        return None

    def _names_between(self, start: int, end: int) -> list[str]:
        inside = [(s, name) for name, places in self.name_places.items() for s, e in places if start <= s and e <= end]
        return [name for _, name in sorted(inside)]

    def likeness(self, quantity: Quantity, other: "Text", theirs: Quantity) -> float:
        """How much the surroundings of two amounts have in common, near words counting most."""
        mine, yours = self._surroundings(quantity.start, quantity.end), other._surroundings(theirs.start, theirs.end)
        return _common(mine, yours)

    def name_likeness(self, name: str, other: "Text", their_name: str) -> float:
        """How much the surroundings of two groups' names have in common where most, other groups left out."""
        mine = [self._plainly(start, end) for start, end in self.name_places[name]]
        yours = [other._plainly(start, end) for start, end in other.name_places[their_name]]
        return max(_common(one, two) for one in mine for two in yours)

    def _plainly(self, start: int, end: int) -> dict[str, float]:
        around = self._surroundings(start, end)
        return {stem: weight for stem, weight in around.items() if stem[0] != "=" and stem not in self.arm_stems}

    def _surroundings(self, start: int, end: int) -> dict[str, float]:
        """Stems (names as "=name") around a stretch, weighted by nearness; marks and conjunctions count as distance."""
        weights: dict[str, float] = {}
        for pieces in (reversed([p for p in self._pieces if p[1] < start]), (p for p in self._pieces if p[1] >= end)):
            distance = 0
            for piece, at in pieces:
                distance += BREAK_COST if piece in self._words.separators else 1
                if piece[0].isalpha() and piece not in FILLERS:
                    stem = self._named.get(at) or self._words.stem(piece)
                    weights[stem] = max(weights.get(stem, 0.0), 1 / (1 + distance))
        return weights

    @cached_property
    def _named(self) -> dict[int, str]:
        return {start: f"={name}" for name, places in self.name_places.items() for start, _ in places}


def _common(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(min(weight, other[stem]) for stem, weight in one.items() if stem in other)


def _doubled(pieces: Sequence[str], cues: Sequence[tuple[int, str]], renews: frozenset[str]) -> bool:
    """True when a negation follows another one, with no "and" or "who" between."""
    return any(not renews.intersection(pieces[one + 1 : two + 1]) for (one, _), (two, _) in pairwise(cues))


def closest(clause: Clause, others: Sequence[Clause]) -> list[Clause]:
    """The clauses that share most with one, those about as like it included; empty when none shares anything."""
    shared = [(clause.likeness(other), other) for other in others]
    best = max((share for share, _ in shared), default=0.0)
    return [other for share, other in shared if share and share >= AS_CLOSE * best]


def _with_inner(mentions: Sequence[Mention], words: Sequence[str], vocabulary: Vocabulary) -> list[Mention]:
    """Mentions, and the drug inside a longer term of another kind: "ketamine drip" names a drug too."""
    found: list[Mention] = []
    for mention in mentions:
        found.append(mention)
        if mention.term.kind == "drug" or mention.end - mention.start == 1:
            continue
        for place in range(mention.start, mention.end):
            inner = [one.term for one in vocabulary.mentions(words[place]) if one.term.kind == "drug"]
            found += [Mention(term, place, place + 1) for term in inner]
    return found
