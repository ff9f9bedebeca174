"""Check one sentence against the quotes it cites, whoever wrote it: a source, an FAQ entry or a model.

Each check has a name and says why it failed. They compare words, amounts and order by rules that can be read
(``answer/rules.toml``), and meaning by the embedder; what they catch and let pass is measured by
``python -m evals.measure_checks`` on true paraphrases and on mutated ones.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel

from answer import contrast, dissect, quantities, rules
from answer.dissect import Text
from answer.quantities import Quantity
from answer.rules import RULES, Rules, Words
from ingest.embed import Vectors
from ingest.schema import Passage
from ingest.terms import FILLERS
from ingest.vocabulary import Vocabulary, words_of

Embed = Callable[[Sequence[str]], Vectors]

LEAST_COSINE = 0.5
LEAST_SHARED = 0.3
# Share of a name's words that is enough for a name of a loose kind.
LOOSELY = 0.5


class Check(BaseModel):
    """The result of one check; ``reason`` is empty when it passed."""

    name: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words a sentence relies on; the title of their document, which says what they are about; its country codes."""

    text: str
    title: str = ""
    country: tuple[str, ...] = ()

    @classmethod
    def of(cls, passage: Passage, country: Iterable[str]) -> "Quote":
        """A whole passage of a source with these country codes."""
        return cls(passage.text, passage.title, tuple(country))


class Verifier:
    """Runs all checks; safe to share between threads.

    ``digest`` names the version of the rules and of the code that applies them.
    """

    def __init__(self, vocabulary: Vocabulary, embed: Embed | None = None, rules_file: Path = RULES) -> None:
        """Read the rules.

        Args:
            vocabulary: names of drugs, conditions, places …
            embed: gives unit vectors; without it closeness of meaning is judged by shared words alone.
            rules_file: the rules.
        """
        self.digest = _digest(rules_file)
        self._rules = Rules.load(rules_file)
        self._words = Words(self._rules)
        self._vocabulary = vocabulary
        self._vector = lru_cache(maxsize=5_000)(lambda text: embed([text])[0]) if embed else None
        self._names_of_places: dict[str, set[str]] = defaultdict(set)
        for term in vocabulary.terms.values():
            if term.kind == "place" and term.country:
                self._names_of_places[term.country].add(term.name)
        self._text = lru_cache(maxsize=20_000)(lambda text: Text(text, self._words, self._vocabulary))

    def check(self, sentence: str, quotes: Sequence[Quote]) -> list[Check]:
        """All checks of a sentence against the quotes it cites, in a fixed order."""
        return list(self._checks(sentence, quotes))

    def _checks(self, sentence: str, quotes: Sequence[Quote]) -> Iterator[Check]:
        """The checks one by one: who needs only the first that fails doesn't pay for the others."""
        said = self._text(sentence)
        relied = [self._text(quote.text) for quote in quotes]
        made: dict[str, Callable[[], str]] = {
            "cited": lambda: "" if quotes else "cites nothing",
            "numbers": lambda: _numbers(said, relied),
            "names": lambda: self._names(said, quotes),
            "negation": lambda: contrast.negation(said, relied, self._words),
            "direction": lambda: contrast.direction(said, relied, self._words),
            "arms": lambda: contrast.arms(said, relied, self._words),
            "certainty": lambda: contrast.certainty(said, relied, self._words),
            "meaning": lambda: self._meaning(said, quotes),
            "promise": lambda: self._promise(said, relied),
            "verdict": lambda: _pattern(sentence, self._rules.verdict.patterns, "speaks of the reader's own case"),
            "dose": lambda: self._dose(said),
        }
        for name, make in made.items():
            reason = make()
            yield Check(name=name, passed=not reason, reason=reason)

    @property
    def vocabulary(self) -> Vocabulary:
        """The names it goes by."""
        return self._vocabulary

    def unsayable(self, sentence: str, quotes: Sequence[Quote] = (), *, reviewed: bool = False) -> str:
        """Why a sentence may not be said to a reader, true or not: it promises, judges their case, or gives a dose
        without its setting; nothing when it may. A ``reviewed`` message may speak of the reader."""
        said, relied = self._text(sentence), [self._text(quote.text) for quote in quotes]
        promise, dose = self._promise(said, relied), self._dose(said)
        verdict = (
            "" if reviewed else _pattern(sentence, self._rules.verdict.patterns, "speaks of the reader's own case")
        )
        return promise or verdict or dose

    @property
    def denials(self) -> frozenset[str]:
        """The words that negate ("not", "never", "without" …)."""
        return self._words.cues

    def failure(self, sentence: str, quotes: Sequence[Quote]) -> Check | None:
        """The first check that fails; None when every one passes."""
        return next((check for check in self._checks(sentence, quotes) if not check.passed), None)

    def passes(self, sentence: str, quotes: Sequence[Quote]) -> bool:
        """True when every check passes."""
        return self.failure(sentence, quotes) is None

    def _names(self, said: Text, quotes: Sequence[Quote]) -> str:
        names, distinct = self._rules.names, self._words.distinct
        texts, titles = [self._text(q.text) for q in quotes], [self._text(q.title) for q in quotes]
        own = frozenset().union(*(text.names for text in texts))
        around = frozenset().union(*(title.names for title in titles))
        allowed = own | around | self._places(quotes)
        broader = allowed.union(*(self._vocabulary.ancestors(name) for name in allowed)) - distinct
        stems = self._words.widened(frozenset().union(*(text.content for text in (*texts, *titles))))
        kinds_of = frozenset().union(*(self._vocabulary.ancestors(name) for name in own - distinct))
        for name, kind, written in said.named_words:
            if name in distinct:
                known = name in (own & distinct or around & distinct) | kinds_of
            else:
                free = kind not in names.kinds or name in names.free or name in allowed | broader
                known = free or self._said_otherwise(name, written, allowed, stems, kind in names.loose)
            if not known:
                return f"names “{name}”, which the source doesn't"
        return ""

    def _places(self, quotes: Sequence[Quote]) -> frozenset[str]:
        """Names of the countries that the quoted documents come from."""
        codes = {code for quote in quotes for code in quote.country}
        return frozenset(name for code in codes for name in self._names_of_places.get(code, ()))

    def _said_otherwise(
        self, name: str, written: frozenset[str], allowed: frozenset[str], stems: frozenset[str], loose: bool
    ) -> bool:
        """True when the source has the words of a name, or all that it is made of, without the name."""
        parents = self._vocabulary.terms[name].parents
        if written <= stems or (len(parents) > 1 and allowed.issuperset(parents)):
            return True
        plain = frozenset(self._words.stem(word) for word in words_of(name) if word not in FILLERS)
        least = LOOSELY if loose else 1.0
        return any(len(words & stems) >= least * len(words) for words in (written, plain) if words)

    def _meaning(self, said: Text, quotes: Sequence[Quote]) -> str:
        if not said.content or not quotes:
            return ""
        texts = [self._text(text) for quote in quotes for text in (quote.text, quote.title)]
        theirs = self._words.widened(frozenset().union(*(text.content for text in texts)))
        if len(said.content & theirs) / len(said.content) < LEAST_SHARED:
            return "shares hardly a word with the source"
        if self._vector is None:
            return ""
        mine = self._vector(said.text)
        cosine = max(float(self._vector(quote.text) @ mine) for quote in quotes)
        if cosine < LEAST_COSINE and len(quotes) > 1:
            cosine = max(cosine, float(self._vector(" ".join(quote.text for quote in quotes)) @ mine))
        return f"is far from the source in meaning ({cosine:.2f})" if cosine < LEAST_COSINE else ""

    def _promise(self, said: Text, relied: Sequence[Text]) -> str:
        rules = self._rules.promise
        excused = self._words.cues | frozenset(rules.unless)
        for pattern in rules.patterns:
            found = re.search(pattern, said.text, re.IGNORECASE)
            if not found:
                continue
            repeated = any(re.search(pattern, text.text, re.IGNORECASE) for text in relied)
            if not (repeated and excused.intersection(said.around(found.start(), found.end()))):
                return f"promises: “{found[0]}”"
        return ""

    def _dose(self, said: Text) -> str:
        rules = self._rules.dose
        if not any(quantity.kind in rules.kinds for quantity in said.quantities):
            return ""
        instruction = _pattern(said.text, rules.instructions, "gives a dose as an instruction")
        if instruction or said.plain & frozenset(rules.settings):
            return instruction
        return "gives a dose without saying where it was used"


def _numbers(said: Text, relied: Sequence[Text]) -> str:
    known = [quantity for text in relied for quantity in text.quantities]
    for quantity in quantities.quantities(said.text):
        if quantity.kind == "count" and 1 < quantity.value == len(relied):
            continue
        if not (_known(quantity, known) or _counts_known(said.text[quantity.start : quantity.end], known)):
            return f"gives {said.text[quantity.start : quantity.end].strip()}, which the source doesn't"
    return ""


def _known(quantity: Quantity, known: Sequence[Quantity]) -> bool:
    return any(quantity.agrees(other) for other in known)


def _counts_known(amount: str, known: Sequence[Quantity]) -> bool:
    """True for "one of three" where the source speaks of three, and of one of them."""
    share, *counts = quantities.quantities(amount, parts=True)
    return share.kind == "share" and bool(counts) and all(_known(count, known) for count in counts)


def _pattern(text: str, patterns: Iterable[str], complaint: str) -> str:
    for pattern in patterns:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return f"{complaint}: “{found[0]}”"
    return ""


def _digest(rules_file: Path) -> str:
    """Digest of the rules and of the code that applies them."""
    modules = (__file__, contrast.__file__, dissect.__file__, quantities.__file__, rules.__file__)
    parts = [rules_file.read_bytes(), *(Path(str(module)).read_bytes() for module in modules)]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]
