"""Decide, before anything is looked up, whether a message needs help, a refusal or an answer.

Two readers look at every message: the rules of `lexicons/`, which a clinician can review, and the classifier learnt
from `data/` (`safety/classify.py`), which also weighs what the rules say. A label holds when the classifier finds it
likely enough, or when its rules fire. Without the classifier the rules decide alone. Nothing here calls a model on
another machine. A crisis lasts through the conversation until the reader says that they are safe.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from safety.classify import Classifier
from safety.lexicon import Rule, load_lexicons, read_rules, unique, weight, weights

Outcome = Literal["answered", "no_evidence", "crisis", "emergency", "misuse", "injection", "abuse", "off_topic"]
HelpReason = Literal["crisis", "emergency", "check_in", "topic"]

ORDER: tuple[Outcome, ...] = ("emergency", "crisis", "misuse", "injection", "abuse", "off_topic")
"""The outcome shown when several labels hold is the first of these."""

FIRES = 0.7
"""Combined weight from which a label holds."""

CHECK_IN = 0.3
"""Combined weight of crisis rules from which the answer asks how the reader is."""

CALM = 0.75
"""How likely an ordinary or medical question is, from which rules alone don't make a message off topic."""

_ENCODED = re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{24,4000}={0,2}(?![\w+/])")


@dataclass(frozen=True, slots=True)
class Triage:
    """What a message needs. `outcome` is None when it goes on to be answered."""

    outcome: Outcome | None
    labels: tuple[str, ...]
    confidence: float
    notices: tuple[str, ...]
    help_reason: HelpReason | None
    evidence: tuple[str, ...]
    about_other: bool = False
    """The crisis is somebody else's: the wording for a worried person fits better."""
    maybe_off_topic: bool = False
    """The classifier alone finds it off topic: it is answered all the same where the sources speak to it."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was found in one message: the rules that fired, and how likely the classifier finds each label."""

    rules: tuple[Rule, ...]
    likely: Mapping[str, float] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def of(self, label: str) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.label == label)

    def has(self, label: str) -> bool:
        return any(rule.label == label for rule in self.rules)

    def strength(self, label: str, level: str | None = None, rules: Iterable[Rule] | None = None) -> float:
        """From 1 on a label holds (or with ``level`` "check_in" a crisis is to be asked after)."""
        fires = CHECK_IN if level else FIRES
        said = weight(self.of(label) if rules is None else rules) / fires
        if not self.likely:
            return said
        return max(said, self.likely[label] / self.thresholds[level or label])

    @property
    def says_safe(self) -> bool:
        """Whether the reader says that they are safe, and no rule finds a danger beside it."""
        return self.has("safe") and weight(self.of("crisis")) < FIRES

    @property
    def calm(self) -> bool:
        """Whether the classifier finds an ordinary question."""
        return bool(self.likely) and self.likely["ordinary"] + self.likely["medical_advice"] >= CALM


@dataclass(frozen=True, slots=True)
class _Conversation:
    """What earlier turns leave behind; ``turns`` are those since the reader last said that they are safe."""

    crisis_open: bool = False
    crisis_closed: bool = False
    emergency: bool = False
    about_other: bool = False
    warnings: tuple[Rule, ...] = ()
    turns: tuple[str, ...] = ()

    def after(self, text: str, reading: _Reading) -> _Conversation:
        """The conversation once the reader has also said this."""
        warnings = unique((*self.warnings, *reading.of("crisis")))
        emergency = self.emergency or reading.strength("emergency") >= 1
        if reading.says_safe:
            return _Conversation(crisis_closed=self.crisis_open or self.crisis_closed, emergency=emergency)
        now = replace(self, emergency=emergency, warnings=warnings, turns=(*self.turns, text))
        together = warnings if reading.of("crisis") else ()
        if self.crisis_open or max(reading.strength("crisis"), reading.strength("crisis", rules=together)) < 1:
            return now
        other = bool(reading.of("crisis")) and all(rule.other for rule in reading.of("crisis"))
        return replace(now, crisis_open=True, about_other=other)


class Triager:
    """Reads messages with the lexicons of one folder; loaded once, safe to share between threads."""

    def __init__(self, folder: Path, classifier: Classifier | None = None) -> None:
        self._normaliser, self._lexicons = load_lexicons(folder)
        self._classifier = classifier

    def triage(self, text: str, history: Sequence[str] = ()) -> Triage:
        """Triage `text`, the reader's newest message, after their earlier ones (oldest first)."""
        before = _Conversation()
        for turn in history:
            before = before.after(turn, self._read(turn, before.turns))
        reading = self._read(text, before.turns)
        return _decide(reading, before, before.after(text, reading), encoded=_hides_text(text))

    def _read(self, text: str, earlier: Sequence[str]) -> _Reading:
        rules = read_rules(self._normaliser, self._lexicons, text)
        if self._classifier is None or not text.strip():
            return _Reading(rules)
        likely = self._classifier.probabilities((*earlier, text), weights(rules))
        return _Reading(rules, likely, self._classifier.thresholds)


def _decide(reading: _Reading, before: _Conversation, now: _Conversation, *, encoded: bool) -> Triage:
    strengths = {label: reading.strength(label) for label in ORDER}
    if encoded:
        strengths["injection"] = 1.0
    if reading.says_safe:
        # "I am safe now" after words of danger: the classifier reads those along, the reader has answered them.
        strengths["crisis"] = 0.0
    if now.crisis_open:
        strengths["crisis"] = max(strengths["crisis"], 1.0)
    labels = tuple(label for label in ORDER if strengths[label] >= 1)
    unsure = labels == ("off_topic",) and (reading.calm or not reading.has("off_topic"))
    outcome = labels[0] if labels and not unsure else None
    reason = _help_reason(reading, outcome, now)
    return Triage(
        outcome=outcome,
        labels=labels,
        confidence=_confidence(reading, outcome),
        notices=_notices(reading, outcome, reason),
        help_reason=reason,
        evidence=_evidence(reading, before, now, encoded=encoded),
        about_other=now.crisis_open and now.about_other,
        maybe_off_topic=unsure,
    )


def _confidence(reading: _Reading, outcome: Outcome | None) -> float:
    """How sure the triage is, from 0 to 1."""
    said = {label: max(weight(reading.of(label)), reading.likely.get(label, 0.0)) for label in ORDER}
    return round(said[outcome] if outcome else 1 - max(said.values()), 2)


def _help_reason(reading: _Reading, outcome: Outcome | None, now: _Conversation) -> HelpReason | None:
    if outcome == "emergency":
        return "emergency"
    if outcome == "crisis" or now.crisis_closed:
        return "crisis"
    if now.emergency:
        return "emergency"
    if reading.strength("crisis", level="check_in") >= 1:
        return "check_in"
    return "topic" if reading.has("topic") else None


def _notices(reading: _Reading, outcome: Outcome | None, reason: HelpReason | None) -> tuple[str, ...]:
    notices = []
    advice = reading.likely.get("medical_advice", 0) >= reading.thresholds.get("medical_advice", 1)
    if outcome is None and (advice or reading.has("ask_your_clinician")):
        notices.append("ask_your_clinician")
    if outcome is None and reason == "crisis":
        notices.append("crisis_follow_up")
    if reason == "check_in":
        notices.append("check_in")
    return tuple(notices)


def _evidence(reading: _Reading, before: _Conversation, now: _Conversation, *, encoded: bool) -> tuple[str, ...]:
    names = [f"{rule.label}:{rule.matcher.name}" for rule in reading.rules]
    names += [
        f"{label}:classifier" for label in ORDER if reading.likely.get(label, 0) >= reading.thresholds.get(label, 1)
    ]
    if encoded:
        names.append("injection:encoded_text")
    if before.crisis_open:
        names.append("crisis:earlier_turn" if now.crisis_open else "crisis:said_safe")
    return tuple(names)


def _hides_text(text: str) -> bool:
    """Whether `text` carries readable words in base64: nobody asks a question that way in good faith."""
    return any(_reads_as_words(match[0]) for match in _ENCODED.finditer(text))


def _reads_as_words(encoded: str) -> bool:
    padded = encoded.rstrip("=")
    try:
        plain = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True).decode("ascii")
    except ValueError:
        return False
    return plain.isprintable() and " " in plain
