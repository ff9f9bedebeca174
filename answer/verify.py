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

from answer.quantities import YEARS, Quantity, quantities
from ingest.embed import Vectors
from ingest.terms import FILLERS
from ingest.vocabulary import WORD, Term, Vocabulary, words_of

RULES = Path(__file__).with_name("rules.toml")
Embed = Callable[[Sequence[str]], Vectors]

LEAST_COSINE = 0.5
LEAST_SHARED = 0.3
SCOPE = 6
NEAR = 2
REACHED = 4
COVERED = 0.5
COVERED_HEDGED = 0.65
AS_CLOSE = 0.75
BREAK_COST = 8
MARGIN = 0.12
SEPARATORS = frozenset(
    [",", ";", ":", "(", ")", "and", "versus", "vs", "against", "than", "while", "whereas", "but", "compared"]
)
_POSSESSIVE = re.compile(r"['’]s\b")
_BEFORE_NUMBER = re.compile(
    r"\b(more|less|fewer|higher|lower|up|down|most|least) (?:than|to) (?=\d|half|a |one|two|three)", re.IGNORECASE
)
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
    arms: dict[str, list[str]]
    negation: dict[str, list[str]]
    direction: dict[str, list[str] | list[list[list[str]]]]
    certainty: dict[str, list[str] | list[list[str]] | list[list[list[str]]]]
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

    @property
    def denials(self) -> frozenset[str]:
        """The words that negate."""
        return self._words.cues

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
        stems = frozenset().union(*(text.content for text in (*relied, *titles)))
        for name, kind, words in said.named_words:
            if name in distinct and name not in speaks_of:
                return f"names “{name}”, which the source doesn't"
            if kind not in rules["kinds"] or name in rules["free"] or name in distinct:
                continue
            if name not in broader | allowed and not words <= stems:
                return f"names “{name}”, which the source doesn't"
        return ""

    def _negation(self, said: "_Text", relied: Sequence["_Text"]) -> str:
        """Clause by clause: what one denies, the clause that is most like it on the other side denies too."""
        theirs = [clause for text in relied for clause in text.clauses]
        return self._denies_too_much(said, theirs) or self._denies_too_little(said, theirs)

    def _denies_too_much(self, said: "_Text", theirs: Sequence["_Clause"]) -> str:
        denied = {stem for clause in theirs for stem in clause.denied[:REACHED]}
        affirmed = _affirmed(theirs)
        for clause in said.clauses:
            if not clause.denied:
                continue
            head = clause.denied[0]
            if clause.cues > 1 and all(other.cues < clause.cues for other in theirs):
                return "denies twice what the source denies once"
            close = _closest(clause, theirs) or theirs
            if head in denied or (head not in affirmed and self._denies(close, but_for=clause.words)):
                continue
            if not set(clause.denied[1:NEAR]) & denied:
                return f"denies “{head}”, which the source doesn't"
        return ""

    def _denies_too_little(self, said: "_Text", theirs: Sequence["_Clause"]) -> str:
        affirmed = _affirmed(theirs)
        silent = not self._denies(said.clauses)
        for clause in theirs:
            if not clause.denied:
                continue
            shared = clause.stems & self._words.widened(said.content)
            if silent and len(shared) >= COVERED * len(clause.stems):
                return f"leaves out that the source denies “{clause.denied[0]}”"
            head = next((stem for stem in clause.denied[:NEAR] if stem in said.content), "")
            if not head or len(shared) < min(NEAR, len(clause.stems)):
                continue
            spoken = [mine for mine in said.clauses if head in mine.stems]
            sure = head not in affirmed or all(c.denied for mine in spoken for c in _closest(mine, theirs))
            if spoken and sure and not self._denies(spoken):
                return f"affirms “{head}”, which the source denies"
        return ""

    def _denies(self, clauses: Sequence["_Clause"], but_for: frozenset[str] = frozenset()) -> bool:
        """True when a clause denies something, by a negation or by a word like "unknown" that isn't among ``but_for``."""
        return any(clause.denied or clause.words & self._words.alike - but_for for clause in clauses)

    def _direction(self, said: "_Text", relied: Sequence["_Text"]) -> str:
        words = frozenset().union(*(text.directions for text in relied))
        denies = any(clause.denied for text in (said, *relied) for clause in text.clauses)
        for one, other in self._words.poles:
            for mine, theirs in ((one, other), (other, one)):
                here, there = said.directions & mine, words & theirs
                if here and there and not said.directions & theirs and not words & mine and not denies:
                    return f"says “{_any(here)}” where the source says “{_any(there)}”"
        for order, pole in said.comparisons(self._words):
            for text in relied:
                for other_order, other_pole in text.comparisons(self._words):
                    swapped = any((b, a) in other_order for a, b in order) and not any(
                        pair in other_order for pair in order
                    )
                    same = any(pair in other_order for pair in order)
                    opposite = bool(pole and other_pole and pole[0] == other_pole[0] and pole[1] != other_pole[1])
                    if (swapped and not opposite) or (same and opposite):
                        return "compares the other way round than the source"
        return ""

    def _arms(self, said: "_Text", relied: Sequence["_Text"]) -> str:
        """Which amount belongs to which group: exchanged amounts fit the source's surroundings better when swapped."""
        for text in relied:
            for mine, yours in combinations(said.amounts, 2):
                if mine.kind != yours.kind or mine.agrees(yours):
                    continue
                first = [quantity for quantity in text.quantities if quantity.agrees(mine)]
                second = [quantity for quantity in text.quantities if quantity.agrees(yours)]
                if not first or not second:
                    continue
                kept = max(said.likeness(mine, text, q) for q in first) + max(
                    said.likeness(yours, text, q) for q in second
                )
                swapped = max(said.likeness(mine, text, q) for q in second) + max(
                    said.likeness(yours, text, q) for q in first
                )
                if swapped > kept + MARGIN or _owners_swapped(said, mine, yours, text, first, second):
                    return f"gives {said.text[mine.start : mine.end]} and {said.text[yours.start : yours.end]} the other way round"
        return self._exchanged(said, relied)

    def _exchanged(self, said: "_Text", relied: Sequence["_Text"]) -> str:
        """A clause about one drug that is most like the source's clause about another drug of the sentence."""
        theirs = [(clause, text.arms_of(clause) or text.arms) for text in relied for clause in text.clauses]
        for clause in said.clauses:
            arms = said.arms_of(clause)
            if len(arms) != 1 or len(said.arms) < len(arms) + 1:
                continue
            own = {stem for stem in clause.stems if stem not in said.arm_stems}
            shared = [(len(own & other.stems) / (len(other.stems) ** 0.5), named) for other, named in theirs]
            best = max((share for share, _ in shared), default=0.0)
            close = frozenset().union(*(named for share, named in shared if share and share >= AS_CLOSE * best))
            if best and close and not arms & close and close & said.arms:
                return f"has “{_any(arms)}” where the source has “{_any(close & said.arms)}”"
        return ""

    def _certainty(self, said: "_Text", relied: Sequence["_Text"]) -> str:
        words = frozenset().union(*(text.words for text in relied))
        rules = self._words
        for group, alike in rules.absolutes:
            mine = {word for word in (said.words & group) - said.counted if not said.denies(word)}
            if mine and not words & (group | alike):
                return f"says “{_any(mine)}”, the source doesn't"
        if not said.words & rules.hedges:
            for text in relied:
                for clause in text.clauses:
                    bound = clause.words & rules.binding
                    if bound and len(clause.stems & said.content) >= COVERED_HEDGED * len(clause.stems):
                        return f"leaves out that the source says “{_any(bound)}”"
        shares = [quantity.value for text in relied for quantity in text.quantities if quantity.kind == "share"]
        level = rules.amount(said.words - said.counted)
        if level > max(rules.amount(words), 0) and level > 1 and not (shares and (level < 3 or max(shares) > 0.5)):
            return "says it of more people or more often than the source"
        return ""

    def _meaning(
        self, said: "_Text", quotes: Sequence[Quote], relied: Sequence["_Text"], titles: Sequence["_Text"]
    ) -> str:
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
            if found and not (
                said.denies_near(found.start()) and any(re.search(pattern, t.text, re.IGNORECASE) for t in relied)
            ):
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
        self._arms = rules.arms
        self.cues = frozenset(rules.negation["cues"])
        self.ignored_after = frozenset(rules.negation["ignored_after"])
        self.breaks = frozenset(map(str, rules.direction["breaks"]))
        self.comparators = tuple(map(str, (*rules.direction["comparators"], *rules.direction["pairs_compared"])))
        self.alike = self._plain(rules.negation["alike"])
        self.poles = [(self._plain(one), self._plain(two)) for one, two in rules.direction["pairs"]]
        self.hedges = self._plain(rules.certainty["hedges"])
        self.binding = self._plain(rules.certainty["binding"])
        self.absolutes = [(self._plain(words), self._plain(alike)) for words, alike in rules.certainty["absolutes"]]
        self._amounts = [self._plain(words) for words in rules.certainty["amounts"]]
        self._lay: dict[str, set[str]] = {}
        for one, other in rules.lay["pairs"]:
            for word, meant in ((one, other), (other, one)):
                self._lay.setdefault(self.stem(word), set()).add(self.stem(meant))

    def is_arm(self, term: Term) -> bool:
        """True for what can be one side of a comparison: a drug, a procedure, a placebo."""
        return term.name not in self._arms["never"] and (
            term.kind in self._arms["kinds"] or term.name in self._arms["names"]
        )

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


@dataclass(frozen=True, slots=True)
class _Clause:
    """Words and stems of a part of a sentence, and the stems behind its negation, nearest first, if it has one."""

    words: frozenset[str]
    stems: frozenset[str]
    denied: tuple[str, ...]
    cues: int


class _Text:
    """A sentence or quote, taken apart once."""

    def __init__(self, text: str, words: _Words, vocabulary: Vocabulary) -> None:
        self.text = text
        self._rules = words
        self._pieces = [(m[0].lower().replace("’", "'"), m.start()) for m in _PIECE.finditer(text)]
        self.plain = frozenset(words_of(text))
        self.words = self.plain | frozenset(
            part for word in re.findall(r"[\w]+(?:-[\w]+)+", text.lower()) for part in [word]
        )
        self.mentions = vocabulary.mentions(_POSSESSIVE.sub("  ", text))
        self.names = frozenset(mention.term.name for mention in self.mentions)
        self.quantities = quantities(text, parts=True)

    @cached_property
    def content(self) -> frozenset[str]:
        """Stems of words that carry meaning, numbers left out, and names."""
        stems = {self._rules.stem(word) for word in self.plain if word not in FILLERS and not word[0].isdigit()}
        return frozenset(stems | {f"={name}" for name in self.names})

    @cached_property
    def amounts(self) -> list[Quantity]:
        """What may be a group's result: amounts that are no years."""
        return [q for q in quantities(self.text) if q.kind != "count" or q.value not in YEARS]

    @cached_property
    def directions(self) -> frozenset[str]:
        """Words that can stand for a direction: not the "more" of "more than half"."""
        return self.words - {m[1].lower() for m in _BEFORE_NUMBER.finditer(self.text)}

    @cached_property
    def counted(self) -> frozenset[str]:
        """Words like "every" and "all" that only introduce a number ("4 of every 1,000")."""
        following = zip(self._pieces, self._pieces[1:], strict=False)
        return frozenset(
            piece for (piece, _), (after, _) in following if after[0].isdigit() and piece in ("every", "all")
        )

    @cached_property
    def clauses(self) -> list["_Clause"]:
        """The text cut at marks and at words like "but"."""
        parts: list[list[str]] = [[]]
        for place, (piece, _) in enumerate(self._pieces):
            if not piece[0].isalnum() or piece in self._rules.breaks:
                parts.append([])
            else:
                after = self._pieces[place + 1][0] if place + 1 < len(self._pieces) else ""
                ignored = piece == "not" and after in self._rules.ignored_after
                parts[-1].append("" if ignored else piece)
        return [clause for part in parts if (clause := self._clause(part)).stems]

    def _clause(self, pieces: Sequence[str]) -> "_Clause":
        content = [
            (place, self._rules.stem(p))
            for place, p in enumerate(pieces)
            if p and p not in FILLERS and not p[0].isdigit() and p not in self._rules.cues
        ]
        cue = next((place for place, piece in enumerate(pieces) if piece in self._rules.cues), None)
        behind = [stem for place, stem in content if cue is not None and place > cue]
        denied = behind or ([stem for _, stem in content] if cue is not None else [])
        cues = sum(1 for piece in pieces if piece in self._rules.cues)
        return _Clause(frozenset(pieces), frozenset(stem for _, stem in content), tuple(denied), cues)

    @cached_property
    def named_words(self) -> list[tuple[str, str, frozenset[str]]]:
        """Names, their kinds and the stems they are written with."""
        words = words_of(_POSSESSIVE.sub("  ", self.text))
        return [
            (
                m.term.name,
                m.term.kind,
                frozenset(self._rules.stem(w) for w in words[m.start : m.end] if w not in FILLERS),
            )
            for m in self.mentions
        ]

    def owner(self, quantity: Quantity, among: frozenset[str]) -> str:
        """The name of a group that stands nearest to an amount; empty when two are about as near."""
        distances = sorted(
            (min(self._distance(quantity, start, end) for start, end in places), name)
            for name, places in self.name_places.items()
            if name in among
        )
        if not distances or (len(distances) > 1 and distances[1][0] - distances[0][0] < 1):
            return ""
        return distances[0][1]

    def _distance(self, quantity: Quantity, start: int, end: int) -> int:
        low, high = (end, quantity.start) if end <= quantity.start else (quantity.end, start)
        between = [piece for piece, at in self._pieces if low <= at < high]
        return sum(BREAK_COST if piece in SEPARATORS else 1 for piece in between)

    def denies(self, word: str) -> bool:
        """True when a word stands behind a negation."""
        return any(self._rules.stem(word) in clause.denied for clause in self.clauses)

    def denies_near(self, position: int) -> bool:
        """True when a negation stands shortly before a character position."""
        before = [piece for piece, start in self._pieces if start < position][-SCOPE:]
        return any(piece in self._rules.cues for piece in before)

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

    @cached_property
    def arms(self) -> frozenset[str]:
        """Names of groups in the whole text."""
        return frozenset(self.name_places)

    @cached_property
    def arm_stems(self) -> frozenset[str]:
        """Stems that those names are written with."""
        return frozenset(stem for name, _, stems in self.named_words if name in self.name_places for stem in stems)

    def arms_of(self, clause: _Clause) -> frozenset[str]:
        """Names of groups in one clause."""
        return frozenset(
            name for name, _, stems in self.named_words if name in self.name_places and stems <= clause.stems
        )

    @cached_property
    def name_places(self) -> dict[str, list[tuple[int, int]]]:
        """Character positions of the names of drugs, conditions, groups …"""
        spans = [m.span() for m in WORD.finditer(_POSSESSIVE.sub("  ", self.text))]
        places: dict[str, list[tuple[int, int]]] = {}
        for mention in self.mentions:
            if self._rules.is_arm(mention.term):
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
                distance += BREAK_COST if piece in SEPARATORS else 1
                if piece[0].isalpha() and piece not in FILLERS:
                    stem = self._named.get(at) or self._rules.stem(piece)
                    weights[stem] = max(weights.get(stem, 0.0), 1 / (1 + distance))
        return weights

    @cached_property
    def _named(self) -> dict[int, str]:
        return {start: f"={name}" for name, places in self.name_places.items() for start, _ in places}


def _affirmed(clauses: Sequence[_Clause]) -> set[str]:
    return {stem for clause in clauses for stem in clause.stems if stem not in clause.denied}


def _closest(clause: _Clause, others: Sequence[_Clause]) -> list[_Clause]:
    """The clauses that share most with one, those about as like it included; empty when none shares anything."""
    shared = [(len(clause.stems & other.stems) / (len(other.stems) ** 0.5), other) for other in others]
    best = max((share for share, _ in shared), default=0.0)
    return [other for share, other in shared if share and share >= AS_CLOSE * best]


def _owners_swapped(
    said: _Text, one: Quantity, other: Quantity, text: _Text, ones: Sequence[Quantity], others: Sequence[Quantity]
) -> bool:
    """True when each of two amounts belongs to the group that has the other amount in the source."""
    among = frozenset(said.name_places) & frozenset(text.name_places)
    mine = said.owner(one, among), said.owner(other, among)
    if not all(mine) or mine[0] == mine[1]:
        return False
    pairs = [(text.owner(a, among), text.owner(b, among)) for a in ones for b in others]
    return mine[::-1] in pairs and mine not in pairs


def _numbers(said: _Text, relied: Sequence[_Text]) -> str:
    known = [quantity for text in relied for quantity in text.quantities]
    for quantity in quantities(said.text):
        if quantity.kind == "count" and 1 < quantity.value == len(relied):
            continue
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


def _any(words: Iterable[str]) -> str:
    return min(words)
