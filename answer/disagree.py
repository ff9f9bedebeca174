"""Notice where two sources disagree: one found a difference or a link where another found none, or the opposite one.

Two findings are held against each other only when they are of different sources and speak of the same thing: the same
medicines and procedures, the same outcome, the same kind of people. Which way a finding goes is read from words
(``answer/disagree.toml``) and, between two treatments, from what is said to do better or has the larger share. It is
made to be right when it speaks, not to speak often; docs/answers.md says how often it is.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from answer.compose import Chosen
from answer.dissect import Text
from answer.retrieve import Hit
from answer.rules import Rules, Words
from ingest.vocabulary import Vocabulary

RULES = Path(__file__).with_name("disagree.toml")
# An opposing finding is looked for among so many of the best hits …
LOOKED_AT = 15
# … that score at most so much less than the finding it opposes.
COMPARABLE = 0.12
# Least share of words that two findings must have in common.
SAME_WORDS = 0.12
SUBJECTS = frozenset(("condition", "symptom", "body", "drug", "substance", "procedure", "event", "population"))
ILLNESS = frozenset(("condition", "symptom"))
# "More", "better" (dissect gives the pair of poles and the side of it).
AHEAD = frozenset(((0, 0), (1, 0)))
Order = frozenset[tuple[str, str]]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Findings(_Table):
    none: list[str]
    some: list[str]
    never: list[str]
    openly: list[str]
    speed: list[str]
    sections: list[str]
    kinds: list[str]


class _Names(_Table):
    control: list[str]
    general: list[str]
    studied: list[str]
    wide: list[str]


class _Rules(_Table):
    findings: _Findings
    names: _Names


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim read as a finding.

    ``none``: it found no difference; ``names``: what it is about; ``controlled``: against placebo or the like;
    ``order``: pairs of treatments (ahead, behind); ``speed``: it tells how fast; ``routes``: how the medicine is
    given, as far as it or its title says; ``stems``: its words; ``openly``: it names a study that found otherwise.
    """

    none: bool
    names: frozenset[str]
    controlled: bool
    order: Order
    speed: bool
    routes: frozenset[str]
    stems: frozenset[str]
    openly: bool

    def contradicts(self, other: "Finding", studied: frozenset[str]) -> bool:
        """True when one of two opposite findings says itself that a study of its subject found otherwise."""
        shared = (self.names & other.names) - studied
        return (self.openly or other.openly) and bool(shared) and self.none != other.none

    def opposes(self, other: "Finding") -> bool:
        """True when two findings speak of the same thing and go different ways."""
        if self.names != other.names or self.speed != other.speed:
            return False
        if self.routes and other.routes and not self.routes & other.routes:
            return False
        if len(self.names) < 2 and not (self.controlled and other.controlled):
            return False
        if len(self.stems & other.stems) < SAME_WORDS * len(self.stems | other.stems):
            return False
        turned = {(behind, ahead) for ahead, behind in other.order}
        return self.none != other.none or bool(self.order & turned)


class Disagreements:
    """Finds opposing findings; safe to share between threads."""

    def __init__(self, vocabulary: Vocabulary, rules: Path = RULES) -> None:
        """Read the rules.

        Raises:
            tomllib.TOMLDecodeError, pydantic.ValidationError: the file isn't a rules file.
        """
        data = _Rules.model_validate(tomllib.loads(rules.read_text(encoding="utf-8")))
        self._none, self._some = _any(data.findings.none), _any(data.findings.some)
        self._never, self._speed = _any(data.findings.never), _any(data.findings.speed)
        self._openly = _any(data.findings.openly)
        self._studied = frozenset(data.names.studied)
        self._sections, self._kinds = tuple(data.findings.sections), frozenset(data.findings.kinds)
        self._control, self._wide = frozenset(data.names.control), frozenset(data.names.wide)
        self._ignored = frozenset((*data.names.control, *data.names.general))
        self._words, self._vocabulary = Words(Rules.load()), vocabulary
        self._read = lru_cache(maxsize=20_000)(self._read_uncached)

    def weave(
        self, question: str, chosen: Sequence[Chosen], hits: Sequence[Hit], most_words: int
    ) -> tuple[list[Chosen], tuple[str, ...]]:
        """The sentences of an answer, with an opposing finding right behind the one it opposes; those passages' ids.

        A finding that wasn't chosen takes the place of the last sentences where there is no room for it.
        """
        pair = self._pair(question, chosen, hits)
        if pair is None:
            return list(chosen), ()
        one, other = pair
        rest = [item for item in chosen if item not in pair]
        woven = [item for item in chosen if item != other]
        woven.insert(woven.index(one) + 1, other)
        while rest and (len(woven) > max(len(chosen), 2) or _length(woven) > most_words):
            woven.remove(rest.pop())
        if _length(woven) > most_words:
            return list(chosen), ()
        return woven, (one.hit.passage.id, other.hit.passage.id)

    def _pair(self, question: str, chosen: Sequence[Chosen], hits: Sequence[Hit]) -> tuple[Chosen, Chosen] | None:
        """The first sentence chosen that a comparable one opposes, and that one: of those chosen if possible."""
        mentions = self._vocabulary.mentions(question)
        asked = {m.term.name for m in mentions if m.term.kind in SUBJECTS} - self._ignored - self._studied
        named = self._vocabulary.named_with_ancestors(question)
        taken = {item.hit.passage.id for item in chosen}
        near = [Chosen(hit.passage.text, hit) for hit in hits[:LOOKED_AT] if hit.passage.id not in taken]
        for one in chosen:
            mine = self.finding(one.hit)
            if mine is None or not asked <= mine.names or not mine.names - self._studied <= named:
                continue
            for other in (*chosen, *near):
                theirs = self.finding(other.hit)
                apart = other.hit.source.id != one.hit.source.id
                as_direct = other.hit.score >= one.hit.score - COMPARABLE
                if theirs and apart and as_direct and (mine.opposes(theirs) or mine.contradicts(theirs, self._studied)):
                    return one, other
        return None

    def finding(self, hit: Hit) -> Finding | None:
        """What a claim of a study found; None for one that tells no finding, or two in one."""
        passage, section = hit.passage, hit.passage.section.lower()
        if passage.kind != "claim" or hit.source.kind not in self._kinds or not section.startswith(self._sections):
            return None
        return self._read(passage.text, passage.titled)

    def _read_uncached(self, claim: str, titled: str) -> Finding | None:
        own, *elsewhere = self._openly.split(claim, maxsplit=1)
        none = bool(self._none.search(own))
        some = bool(self._some.search(self._none.sub(" ", own)))
        if not (none or some) or self._never.search(claim):
            return None
        text = Text(claim, self._words, self._vocabulary)
        if self._wide & text.names:
            return None
        around = {mention.term for mention in self._vocabulary.mentions(titled)}
        return Finding(
            none=none,
            names=self._subject(text) | ({term.name for term in around if term.kind == "population"} - self._ignored),
            controlled=bool(self._control & text.names),
            order=frozenset() if none else frozenset(self._order(text)),
            speed=bool(self._speed.search(claim)),
            routes=frozenset(term.name for term in around if term.kind == "route"),
            stems=text.content,
            openly=bool(elsewhere),
        )

    def _subject(self, text: Text) -> frozenset[str]:
        """What a claim is about; depression only beside another illness, since nearly all findings are about it."""
        named = {m.term.name: m.term.kind for m in text.mentions if m.term.kind in SUBJECTS}
        names = frozenset(named.keys() - self._ignored)
        besides = any(named[name] in ILLNESS for name in names - {"depression"})
        return names if besides else names - {"depression"}

    def _order(self, text: Text) -> Iterator[tuple[str, str]]:
        """Pairs of treatments, the one that did better or has the larger share first."""
        for pairs, pole in text.comparisons():
            if pole in AHEAD:
                yield from pairs
        shares = [amount for amount in text.amounts if amount.kind == "share"]
        for one, other in pairwise(shares):
            owners = text.owner(one, text.arms), text.owner(other, text.arms)
            if all(owners) and owners[0] != owners[1] and one.value != other.value:
                yield owners if one.value > other.value else owners[::-1]


def _any(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


def _length(chosen: Sequence[Chosen]) -> int:
    return sum(len(item.text.split()) for item in chosen)
