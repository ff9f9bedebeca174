"""A turn of a conversation taken apart, and the cue words (``follow-ups.toml``) that it is read by."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from errors import OperatorError, read_toml
from ingest.vocabulary import WORD, Mention, words_of

Kind = Literal["new", "follow_up", "simpler", "detailed", "sure", "sources", "scale"]
AGAIN: tuple[Kind, ...] = ("simpler", "detailed", "sure", "sources")


class FollowUpRulesError(OperatorError):
    """The rules file can't be used; the message names the file and what is wrong with it."""


@dataclass(frozen=True)
class Turn:
    """A text taken apart. ``words`` are as typed, in lower case; ``cues`` the same with slips in cue words mended."""

    text: str
    words: list[str]
    cues: list[str]
    mentions: list[Mention]

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        return [match.span() for match in WORD.finditer(self.text)]

    def part(self, start: int, end: int) -> str:
        """The text of the words from ``start`` to ``end`` (exclusive), with what stands between them."""
        return self.text[self.spans[start][0] : self.spans[end - 1][1]] if start < end else ""

    def swapped(self, start: int, end: int, text: str) -> str:
        """The whole text with those words replaced."""
        before, after = self.text[: self.spans[start][0]], self.text[self.spans[end - 1][1] :]
        return " ".join(f"{before}{text}{after}".split())

    def breaks_after(self, place: int) -> bool:
        """True when the word at ``place`` is the last or followed by a mark."""
        end = self.spans[place][1]
        return end == len(self.text) or not self.text[end].isspace()


@dataclass(frozen=True)
class Core:
    """A turn between its openers and closers, and what the openers said."""

    start: int
    end: int
    changes: bool
    closes: bool
    goes_on: bool


class Phrases:
    """Phrases to find in a list of words, the longest first."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = {tuple(words_of(phrase)) for phrase in phrases}
        self._longest = max(map(len, self._phrases), default=0)

    def __contains__(self, words: Sequence[str]) -> bool:
        return tuple(words) in self._phrases

    def at(self, words: Sequence[str], start: int, end: int) -> int:
        """How many words the longest phrase beginning at ``start`` has; 0 without one."""
        lengths = range(min(self._longest, end - start), 0, -1)
        return next((n for n in lengths if tuple(words[start : start + n]) in self._phrases), 0)

    def before(self, words: Sequence[str], start: int, end: int) -> int:
        """How many words the longest phrase ending at ``end`` has."""
        lengths = range(min(self._longest, end - start), 0, -1)
        return next((n for n in lengths if tuple(words[end - n : end]) in self._phrases), 0)


class Cues:
    """The rules file's words and phrases, by what they are for; ``all`` are those that slips are mended to."""

    def __init__(self, rules: dict[str, Any]) -> None:
        """Take the entries in; a missing one raises ``KeyError``."""
        openers, studies, pronouns, asked = rules["openers"], rules["studies"], rules["pronouns"], rules["questions"]
        self.change, self.closing = Phrases(openers["change"]), Phrases(openers["closing"])
        self.polite, self.further = Phrases(openers["polite"]), Phrases(openers["further"])
        self.further_kept, self.tags = Phrases(openers["further_kept"]), Phrases(openers["tags"])
        self.closers, self.told = Phrases(openers["closers"]), Phrases(openers["told"])
        self.again = {kind: Phrases(rules["whole"][kind]) for kind in AGAIN}
        self.filler = frozenset(rules["whole"]["filler"])
        self.nouns, self.pointers = frozenset(studies["nouns"]), frozenset(studies["pointers"])
        self.instruments = Phrases(studies["instruments"])
        self.asked_of_study = {tuple(words_of(asked)): full for asked, full in studies["asked"].items()}
        self.one, self.many = frozenset(pronouns["one"]), frozenset(pronouns["many"])
        self.before_statement = frozenset(pronouns["before_statement"])
        self.pointing, self.people = frozenset(pronouns["pointing"]), frozenset(pronouns["people"])
        self.mine, self.statement = frozenset(pronouns["mine"]), frozenset(pronouns["statement"])
        self.general, self.selves = Phrases(pronouns["general"]), frozenset(pronouns["selves"])
        self.two, self.happening = frozenset(pronouns["two"]), frozenset(pronouns["happening"])
        self.own, self.empty = frozenset(pronouns["own"]), re.compile("|".join(pronouns["empty"]))
        self.auxiliaries, self.leads = frozenset(asked["auxiliaries"]), Phrases(asked["leads"])
        self.comparing = frozenset(pronouns["comparing"])
        self.having = frozenset(pronouns["having"])
        self.be = frozenset(asked["be"])
        self.things, self.of_effects = Phrases(asked["things"]), frozenset(pronouns["of_effects"])
        self.negated, self.contracted = Phrases(asked["negated"]), dict(asked["contracted"])
        self.small, self.prepositions = frozenset(asked["small"]), frozenset(asked["prepositions"])
        self.articles, self.joins = frozenset(asked["articles"]), frozenset(asked["joins"])
        names = rules["names"]
        self.treatments, self.aspects = frozenset(names["treatments"]), frozenset(names["aspects"])
        self.groups = {kind: number for number, kinds in enumerate(names["replace"]) for kind in kinds}
        self.narrowing, self.objects = frozenset(names["narrowing"]), frozenset(names["objects"])
        self.taken, self.effects = frozenset(names["taken"]), frozenset(names["effects"])
        self.compose = rules["compose"]
        self.before, self.kept = dict(self.compose["before"]), frozenset(self.compose["kept"])
        self.all = [
            phrase for part in (openers, rules["whole"], studies) for phrases in part.values() for phrase in phrases
        ]

    @classmethod
    def read(cls, path: Path) -> "Cues":
        """Read a rules file.

        Raises:
            FollowUpRulesError: the file is missing, not TOML, or lacks an entry.
        """
        try:
            return cls(read_toml(path, FollowUpRulesError, str(path)))
        except re.error as error:
            raise FollowUpRulesError(f"{path}: [pronouns] empty: not a pattern: {error}") from error
        except KeyError as error:
            raise FollowUpRulesError(f"{path}: lacks {error}") from error
