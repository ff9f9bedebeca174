"""Audit a text: compare each of its sentences with the literature and say how far the literature carries it.

A sentence is compared with the passages closest to it, by the checks of ``answer/verify.py`` and by words that make a
sentence sound certain or careful (``answer/audit.toml``). A small logistic model, fitted on labelled sentences
(``python -m evals.measure_audit --fit``), weighs what they found; its weights lie beside this file in ``audit.json``.
It finds what a person should read again. It doesn't replace that person: docs/audit.md says how often it errs.
"""

import math
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal

import numpy as np
import Stemmer
from pydantic import BaseModel, Field, RootModel

from answer.cover import Coverage
from answer.engine import Engine
from answer.quantities import quantities
from answer.retrieve import Hit
from answer.verify import Check, Quote
from errors import OperatorError
from ingest.load import UnusableFileError, load_file
from ingest.split import sentences
from ingest.terms import FILLERS
from ingest.vocabulary import words_of

Label = Literal["supported", "overstated", "contradicted", "not_covered", "not_a_claim"]
JUDGED: tuple[Label, ...] = ("supported", "overstated", "contradicted")
FLAGGED: tuple[Label, ...] = ("overstated", "contradicted")
COMPARED = ("names", "numbers", "negation", "direction", "arms", "certainty", "meaning")
FIELD_KINDS = frozenset(("condition", "drug", "substance", "symptom", "procedure", "scale", "route"))
LEXICON = Path(__file__).with_name("audit.toml")
MODEL = Path(__file__).with_name("audit.json")

SEARCHED = 40
CLOSE = 8
PAIRED = 4
SHOWN = 3
SPREAD = 0.06
LIKENESS = 0.3
FURTHEST = 0.4
MOST_COUNTED = 3
FAR_COSINE = 0.45
LEAST_HELD = 0.3
SAME_COSINE = 0.9
SAME_HELD = 0.8
UNCOVERED = 0.5
FRAGMENT_COSINE = 0.4
FRAGMENT_WORDS = 9
MOST_CHARS = 200_000
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}|^(?:>|#{1,6}|\d+[.)])\s+")
_STEMMER = Stemmer.Stemmer("english")


class UnreadableTextError(OperatorError):
    """A text can't be audited; the message names the file and says why."""


class TooLongError(UnreadableTextError):
    """A text has more than ``MOST_CHARS`` characters."""


class Closest(BaseModel):
    """Words of the literature close to a sentence, and how close (cosine)."""

    source_id: str
    title: str
    passage_id: str
    quote: str
    cosine: float


class Suggestion(BaseModel):
    """What could be said instead: words of a source as they stand there."""

    text: str
    source_id: str


class Finding(BaseModel):
    """One sentence of the audited text, its label and why."""

    text: str
    label: Label
    reason: str = ""
    closest: list[Closest] = Field(default_factory=list)
    suggestion: Suggestion | None = None


class Lexicon(RootModel[dict[str, list[str]]]):
    """``audit.toml``: patterns by group."""


class Model(BaseModel):
    """``audit.json``: a logistic model of the labels in ``JUDGED``, in that order.

    ``features`` maps a name to (mean, scale); ``threshold`` is the least chance of a flag for a sentence to be flagged.
    """

    features: dict[str, tuple[float, float]]
    weights: dict[str, dict[str, float]]
    intercepts: dict[str, float]
    threshold: float

    def chances(self, features: dict[str, float]) -> dict[str, float]:
        """The chance of each label; they sum to 1."""
        scaled = {name: (features[name] - mean) / scale for name, (mean, scale) in self.features.items()}
        totals = {
            label: self.intercepts[label] + sum(weight * scaled[name] for name, weight in weights.items())
            for label, weights in self.weights.items()
        }
        most = max(totals.values())
        powers = {label: math.exp(total - most) for label, total in totals.items()}
        return {label: power / sum(powers.values()) for label, power in powers.items()}

    def judge(self, features: dict[str, float]) -> Label:
        """The label: a flag when its chance reaches the threshold."""
        chances = self.chances(features)
        if 1 - chances["supported"] < self.threshold:
            return "supported"
        return max(FLAGGED, key=lambda label: chances[label])


@dataclass(frozen=True, slots=True)
class Near:
    """Passages close to a sentence, one or a pair, with the checks of the sentence against them."""

    hits: tuple[Hit, ...]
    cosine: float
    checks: tuple[Check, ...]

    @property
    def quote(self) -> str:
        """Their words."""
        return " ".join(hit.passage.text for hit in self.hits)

    def failed(self, names: Sequence[str]) -> list[Check]:
        """The failed checks among ``names``."""
        return [check for check in self.checks if not check.passed and check.name in names]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a sentence (``text``) is judged by: the passages closest to it, best first, and what the model looks at."""

    text: str
    near: tuple[Near, ...]
    coverage: Coverage
    features: dict[str, float]

    @property
    def is_far(self) -> bool:
        """True when the literature doesn't speak of what the sentence says."""
        shares_little = self.features["held"] < LEAST_HELD or self.features["top"] < FAR_COSINE
        return shares_little or self.coverage.probability < UNCOVERED

    @property
    def is_verbatim(self) -> bool:
        """True when the closest passage says nearly the same in nearly the same words, and no check objects."""
        closest = self.near[0]
        return closest.cosine >= SAME_COSINE and self.features["held"] >= SAME_HELD and not closest.failed(COMPARED)


class Auditor:
    """Audits sentences against the literature of one engine; the clinic's own texts never count as a source."""

    def __init__(self, engine: Engine) -> None:
        """Read lexicon and weights."""
        self._engine, self._vocabulary = engine, engine.vocabulary
        self._verifier = engine.verifier
        self._lexicon = Lexicon.model_validate(tomllib.loads(LEXICON.read_text(encoding="utf-8")))
        self._model = Model.model_validate_json(MODEL.read_text(encoding="utf-8"))

    def audit(self, texts: Sequence[str]) -> list[Finding]:
        """A finding for each sentence, in order; a sentence that occurs twice is judged once."""
        found = {text: self.conclude(self.evidence(text)) for text in dict.fromkeys(texts)}
        return [found[text] for text in texts]

    def evidence(self, text: str) -> Evidence:
        """What a sentence is judged by."""
        asked = self._with_subject(text)
        hits = [hit for hit in self._engine.search(asked, SEARCHED) if hit.source.provenance != "clinic"]
        best = sorted(hits, key=lambda hit: -hit.cosine)[:CLOSE]
        near = tuple(Near((hit,), hit.cosine, self._check(text, hit)) for hit in best)
        joint = [Near((*one.hits, *other.hits), one.cosine, self._check(text, *one.hits, *other.hits))
                 for one, other in combinations(near[:PAIRED], 2)]  # fmt: skip
        coverage = self._engine.coverage(asked)
        return Evidence(text, near, coverage, self._features(text, near, joint, coverage))

    def _with_subject(self, text: str) -> str:
        """A sentence that names no drug is read as one about the subject of the literature."""
        names_drug = any(mention.term.kind == "drug" for mention in self._vocabulary.mentions(text))
        return text if names_drug else f"{self._lexicon.root['subject'][0]}: {text}"

    def _check(self, text: str, *hits: Hit) -> tuple[Check, ...]:
        return tuple(self._verifier.check(text, [Quote.of(hit.passage, hit.source.country) for hit in hits]))

    def conclude(self, evidence: Evidence, model: Model | None = None) -> Finding:
        """The finding that follows from the evidence, by the fitted model or by another one."""
        label, reason = self._label(evidence, model or self._model)
        closest = [_closest(near) for near in evidence.near[:SHOWN]] if label != "not_a_claim" else []
        suggestion = self._suggestion(evidence) if label in FLAGGED else None
        return Finding(text=evidence.text, label=label, reason=reason, closest=closest, suggestion=suggestion)

    def _label(self, evidence: Evidence, model: Model) -> tuple[Label, str]:
        if promise := self._promise(evidence):
            return "overstated", promise
        if self._states_nothing(evidence.text):
            return "not_a_claim", ""
        if evidence.is_far:
            return "not_covered", ", ".join(evidence.coverage.missing)
        if evidence.is_verbatim:
            return "supported", ""
        label = model.judge(evidence.features)
        return label, _reason(label, evidence)

    def _promise(self, evidence: Evidence) -> str:
        """The reason when a sentence promises what neither it nor a close passage denies."""
        reasons = [check.reason for near in evidence.near for check in near.failed(["promise"])]
        if not reasons or len(reasons) < len(evidence.near):
            return ""
        left, _ = self._without_denials(evidence.text)
        still = [check for check in self._verifier.check(left, []) if check.name == "promise" and not check.passed]
        return reasons[0] if still else ""

    def _states_nothing(self, text: str) -> bool:
        if self._count("not_a_claim", text):
            return True
        names_something = any(mention.term.kind in FIELD_KINDS for mention in self._vocabulary.mentions(text))
        if names_something or quantities(text) or len(words_of(text)) > FRAGMENT_WORDS:
            return False
        return all(hit.cosine < FRAGMENT_COSINE for hit in self._engine.search(text, CLOSE))

    def _suggestion(self, evidence: Evidence) -> Suggestion | None:
        """The closest words of the literature that pass the checks themselves."""
        for near in evidence.near:
            hit = near.hits[0]
            quote = Quote.of(hit.passage, hit.source.country)
            for said in [hit.passage.text] if hit.passage.kind == "claim" else sentences(hit.passage.text):
                if self._verifier.passes(said, [quote]):
                    return Suggestion(text=said, source_id=hit.source.id)
        return None

    def _features(self, text: str, near: Sequence[Near], joint: Sequence[Near], coverage: Coverage) -> dict[str, float]:
        """What the model looks at, by name. Close passages count by nearness to the closest one."""
        top = near[0].cosine if near else 0.0
        weights = np.exp([(item.cosine - top) / SPREAD for item in near]) if near else np.zeros(0)
        weights = weights / (weights.sum() or 1.0)

        def share(holds: Callable[[Near], bool]) -> float:
            return float(sum(weight for weight, item in zip(weights, near, strict=True) if holds(item)))

        def passing(names: Sequence[str]) -> float:
            return max((item.cosine for item in (*near, *joint) if not item.failed(names)), default=0.0)

        bare_text, denied = self._without_denials(text)
        strong, hedged = self._count("strong", bare_text), self._count("hedged", bare_text) + denied
        counterpart = max(near, key=lambda item: item.cosine + LIKENESS * self._shared(text, item.quote), default=None)
        caution = share(lambda item: self._count("caution", item.quote) > 0 or _is_limit(item))
        return {
            "top": top,
            "gap": min(top - passing(COMPARED), FURTHEST),
            "gap_without_names": min(top - passing(COMPARED[1:]), FURTHEST),
            "fails_names": share(lambda item: bool(item.failed(["names"]))),
            "fails_numbers": share(lambda item: bool(item.failed(["numbers"]))),
            "fails_direction": share(lambda item: bool(item.failed(["direction"]))),
            "counter_negation": float(bool(counterpart and counterpart.failed(["negation"]))),
            "counter_arms": float(bool(counterpart and counterpart.failed(["arms"]))),
            "no_numbers": float(bool(near) and all(item.failed(["numbers"]) for item in (*near[:PAIRED], *joint))),
            "held": max((self._shared(text, item.quote) for item in (*near, *joint)), default=0.0),
            "strong": float(min(strong, MOST_COUNTED)),
            "hedged": float(min(hedged, MOST_COUNTED)),
            "bare": float(hedged == 0),
            "caution": caution,
            "caution_bare": caution * (hedged == 0),
            "caution_strong": caution * (strong > 0),
            "weak": share(lambda item: item.hits[0].source.evidence == "low"),
            "weak_strong": share(lambda item: item.hits[0].source.evidence == "low") * (strong > 0),
            "attributed": float(self._count("attributed", text) > 0),
            "amounts": float(bool(quantities(text))),
            "same_differs": share(lambda item: self._opposed(text, item.quote)),
            "uncovered": 1 - coverage.probability,
            "length": math.log(1 + len(words_of(text))),
        }

    def _without_denials(self, text: str) -> tuple[str, int]:
        """A text without phrases like "not proven", and how many there were: they hold strong words and are careful."""
        count = 0
        for pattern in self._lexicon.root["denied"]:
            text, found = re.subn(pattern, " ", text, flags=re.IGNORECASE)
            count += found
        return text, count

    def _opposed(self, text: str, quote: str) -> bool:
        """True when one says "the same" and the other only that things differ."""
        mine, theirs = bool(self._count("same", text)), bool(self._count("same", quote))
        differ = self._count("differs", text) if theirs else self._count("differs", quote)
        return mine != theirs and differ > 0

    def _shared(self, text: str, quote: str) -> float:
        """Share of a sentence's words of meaning that a quote holds."""
        mine, theirs = _stems(text), _stems(quote)
        return len(mine & theirs) / (len(mine) or 1)

    def _count(self, group: str, text: str) -> int:
        return sum(len(re.findall(pattern, text, re.IGNORECASE)) for pattern in self._lexicon.root[group])


def read_text(path: Path) -> list[str]:
    """The headings and sentences of a Markdown, text or HTML file, in order.

    Raises:
        UnreadableTextError: missing, empty, binary or too large; the message names the file and says why.
    """
    return _read(path, str(path))


def read_bytes(data: bytes, name: str) -> list[str]:
    """``read_text`` for what was piped in; ``name`` stands for the file in messages."""
    suffix = ".html" if data.lstrip()[:1] == b"<" else ".md"
    with NamedTemporaryFile(suffix=suffix) as file:
        file.write(data)
        file.flush()
        return _read(Path(file.name), name)


def _read(path: Path, name: str) -> list[str]:
    try:
        source = load_file(path)
    except UnusableFileError as error:
        problem = error.problem
        raise UnreadableTextError(f"{name}{f':{problem.line}' if problem.line else ''}: {problem.message}") from error
    if sum(len(block.text) for block in source.blocks) > MOST_CHARS:
        raise TooLongError(f"{name}: is longer than {MOST_CHARS:,} characters; audit it in parts")
    # Without a heading of its own, a file's heading is made of its name.
    found = [] if source.heading == re.sub(r"[-_]+", " ", path.stem).strip() else [source.heading]
    section = ""
    for block in source.blocks:
        if block.section != section:
            section = block.section
            found.append(section)
        found += sentences(block.text)
    return [plain for text in found if any(map(str.isalpha, plain := _plain(text)))]


def _plain(text: str) -> str:
    """Without Markdown's marks for links and stress."""
    return _MARKS.sub("", _LINK.sub(r"\1", text)).strip()


@lru_cache(maxsize=20_000)
def _stems(text: str) -> frozenset[str]:
    words = [word for word in words_of(text) if word not in FILLERS and not word[0].isdigit()]
    return frozenset(_STEMMER.stemWords(words))


def _is_limit(near: Near) -> bool:
    return near.hits[0].passage.section.lower().startswith("limits")


def _reason(label: Label, evidence: Evidence) -> str:
    """Why a sentence was flagged: what the checks say of the closest passage that they say anything of."""
    if label not in FLAGGED:
        return ""
    order = ("certainty", "names") if label == "overstated" else ("numbers", "arms", "direction", "negation")
    found = (check.reason for near in evidence.near[:PAIRED] for check in near.failed(order))
    return next(found, "says more than the sources" if label == "overstated" else "differs from the sources")


def _closest(near: Near) -> Closest:
    hit = near.hits[0]
    return Closest(
        source_id=hit.source.id,
        title=hit.source.title,
        passage_id=hit.passage.id,
        quote=hit.passage.text,
        cosine=round(near.cosine, 3),
    )
