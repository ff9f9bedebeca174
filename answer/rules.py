"""The words that the checks look for, read from ``answer/rules.toml``, as sets of words and of stems."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

import Stemmer
from pydantic import BaseModel, ConfigDict

from ingest.vocabulary import Term

RULES = Path(__file__).with_name("rules.toml")
Group = list[str]
Pair = tuple[Group, Group]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(_Table):
    """Which names a quote must name itself."""

    distinct: Group
    kinds: Group
    loose: Group
    free: Group


class Arms(_Table):
    """What can be one side of a comparison."""

    kinds: Group
    names: Group
    never: Group
    separators: Group


class Negation(_Table):
    """How a text says no."""

    cues: Group
    narrow: Group
    alike: Group
    ignored_after: Group
    joins: Group
    renews: Group
    general: Group
    subjects: Group


class Direction(_Table):
    """Opposite words, and where a comparison or a clause turns."""

    pairs: list[Pair]
    comparators: Group
    breaks: Group


class Certainty(_Table):
    """How sure a text is, and of how many."""

    hedges: Group
    binding: Group
    absolutes: list[Pair]
    amounts: list[Group]
    many: Group
    compared_by: Group
    idle: list[tuple[str, str]]
    open: Group


class Same(_Table):
    """Groups of words of one meaning."""

    groups: list[Group]


class Lay(_Table):
    """Everyday words and the words they stand for."""

    pairs: list[tuple[str, str]]


class Promise(_Table):
    """What nobody can promise."""

    patterns: Group
    unless: Group


class Verdict(_Table):
    """Ways to judge a reader's own case."""

    patterns: Group


class Dose(_Table):
    """Amounts that are doses, the words that give them a setting, and instructions."""

    kinds: Group
    settings: Group
    instructions: Group


class Rules(_Table):
    """``rules.toml``, one field per table; each table is explained there."""

    names: Names
    arms: Arms
    negation: Negation
    direction: Direction
    certainty: Certainty
    same: Same
    lay: Lay
    promise: Promise
    verdict: Verdict
    dose: Dose

    @classmethod
    def load(cls, path: Path = RULES) -> "Rules":
        """Read a rules file.

        Raises:
            tomllib.TOMLDecodeError, pydantic.ValidationError: the file isn't a rules file.
        """
        return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


class Words:
    """The rules' words, ready to be looked up."""

    def __init__(self, rules: Rules) -> None:
        self._stemmer = Stemmer.Stemmer("english")
        self._group: dict[str, str] = {}
        for group in rules.same.groups:
            self._group |= {self.stem(word): self.stem(group[0]) for word in group}
        self._arms = rules.arms
        self.distinct = frozenset(rules.names.distinct)
        self.separators = frozenset(rules.arms.separators)
        self.cues = frozenset(rules.negation.cues)
        self.narrow = frozenset(rules.negation.narrow)
        self.ignored_after = frozenset(rules.negation.ignored_after)
        self.joins = frozenset(rules.negation.joins)
        self.renews = frozenset(rules.negation.renews)
        self.alike = frozenset(rules.negation.alike)
        self.subjects = frozenset(rules.negation.subjects)
        self.general = frozenset(map(self.stem, rules.negation.general))
        self.breaks = frozenset(rules.direction.breaks)
        self.comparators = tuple(rules.direction.comparators)
        self.poles = [(frozenset(one), frozenset(other)) for one, other in rules.direction.pairs]
        self.hedges = frozenset(rules.certainty.hedges)
        self.binding = frozenset(rules.certainty.binding)
        self.absolutes = [(frozenset(words), frozenset(alike)) for words, alike in rules.certainty.absolutes]
        self.compared_by = frozenset(rules.certainty.compared_by)
        self.idle = dict(rules.certainty.idle)
        self.open = frozenset(rules.certainty.open)
        self.answer_for_many = frozenset(rules.certainty.many)
        self._amounts = [frozenset(words) for words in rules.certainty.amounts]
        self._lay: dict[str, set[str]] = {}
        for one, other in rules.lay.pairs:
            for word, meant in ((one, other), (other, one)):
                self._lay.setdefault(self.stem(word), set()).add(self.stem(meant))

    def is_arm(self, term: Term) -> bool:
        """True for what can be one side of a comparison: a drug, a procedure, a placebo."""
        rules = self._arms
        return term.name not in rules.never and (term.kind in rules.kinds or term.name in rules.names)

    def stem(self, word: str) -> str:
        """A word's stem, or that of the word that stands for its group of one meaning."""
        stem = str(self._stemmer.stemWord(word.lower()))
        return self._group.get(stem, stem)

    def amount(self, words: frozenset[str]) -> int:
        """The strongest word for how much of a group: 0 few … 4 all; -1 without any."""
        return max((level for level, names in enumerate(self._amounts) if words & names), default=-1)

    def widened(self, stems: Iterable[str]) -> frozenset[str]:
        """Stems, and those of the everyday words that stand for them."""
        stems = frozenset(stems)
        return stems.union(*(self._lay.get(stem, ()) for stem in stems))
