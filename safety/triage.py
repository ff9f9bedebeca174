"""Decide, before anything is looked up, whether a message needs help, a refusal or an answer.

Rules only: nothing here calls a model or the network. The rules and every phrase in them live in `lexicons/`.
A label's rules that fired are combined (`1 - product of (1 - weight)`), so that two warning signs together
can mean what neither means alone. A crisis lasts through the conversation until the reader says that they
are safe.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from safety.lexicon import Rule, load_lexicons

Outcome = Literal["answered", "no_evidence", "crisis", "emergency", "misuse", "injection", "abuse", "off_topic"]
HelpReason = Literal["crisis", "emergency", "check_in", "topic"]

ORDER: tuple[Outcome, ...] = ("emergency", "crisis", "misuse", "injection", "abuse", "off_topic")
"""The outcome shown when several labels hold is the first of these."""

FIRES = 0.7
"""Combined weight from which a label holds."""

CHECK_IN = 0.3
"""Combined weight of crisis rules from which the answer asks how the reader is."""

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


@dataclass(frozen=True, slots=True)
class _Reading:
    """The rules that fired in one message."""

    rules: tuple[Rule, ...]

    def of(self, label: str) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.label == label)

    def has(self, label: str) -> bool:
        return any(rule.label == label for rule in self.rules)


@dataclass(frozen=True, slots=True)
class _Conversation:
    """What earlier turns leave behind."""

    crisis_open: bool = False
    crisis_closed: bool = False
    emergency: bool = False
    about_other: bool = False
    warnings: tuple[Rule, ...] = field(default=())

    def after(self, reading: _Reading) -> _Conversation:
        """The conversation once the reader has also said this."""
        warnings = _unique((*self.warnings, *reading.of("crisis")))
        told_now = _weight(reading.of("crisis")) >= FIRES
        emergency = self.emergency or _weight(reading.of("emergency")) >= FIRES
        if reading.has("safe") and not told_now:
            closed = self.crisis_open or self.crisis_closed
            return _Conversation(crisis_closed=closed, emergency=emergency)
        if self.crisis_open or not reading.of("crisis") or _weight(warnings) < FIRES:
            return replace(self, emergency=emergency, warnings=warnings)
        other = all(rule.other for rule in reading.of("crisis"))
        return _Conversation(True, self.crisis_closed, emergency, other, warnings)


class Triager:
    """Reads messages with the lexicons of one folder; loaded once, safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._normaliser, self._lexicons = load_lexicons(folder)

    def triage(self, text: str, history: Sequence[str] = ()) -> Triage:
        """Triage `text`, the reader's newest message, after their earlier ones (oldest first)."""
        before = _Conversation()
        for turn in history:
            before = before.after(self._read(turn))
        reading = self._read(text)
        return _decide(reading, before, before.after(reading), encoded=_hides_text(text))

    def _read(self, text: str) -> _Reading:
        sentences = self._normaliser.sentences(text)
        return _Reading(_unique(rule for lexicon in self._lexicons for rule in lexicon.read(sentences)))


def _decide(reading: _Reading, before: _Conversation, now: _Conversation, *, encoded: bool) -> Triage:
    weights = {label: _weight(reading.of(label)) for label in ORDER}
    if encoded:
        weights["injection"] = 1.0
    if now.crisis_open:
        weights["crisis"] = max(weights["crisis"], _weight(now.warnings))
    labels = tuple(label for label in ORDER if weights[label] >= FIRES)
    outcome = labels[0] if labels else None
    reason = _help_reason(reading, outcome, now)
    return Triage(
        outcome=outcome,
        labels=labels,
        confidence=round(weights[outcome] if outcome else 1 - max(weights.values()), 2),
        notices=_notices(reading, outcome, reason),
        help_reason=reason,
        evidence=_evidence(reading, before, now, encoded=encoded),
        about_other=now.crisis_open and now.about_other,
    )


def _help_reason(reading: _Reading, outcome: Outcome | None, now: _Conversation) -> HelpReason | None:
    if outcome == "emergency":
        return "emergency"
    if outcome == "crisis" or now.crisis_closed:
        return "crisis"
    if now.emergency:
        return "emergency"
    if _weight(reading.of("crisis")) >= CHECK_IN:
        return "check_in"
    return "topic" if reading.has("topic") else None


def _notices(reading: _Reading, outcome: Outcome | None, reason: HelpReason | None) -> tuple[str, ...]:
    notices = []
    if outcome is None and reading.has("ask_your_clinician"):
        notices.append("ask_your_clinician")
    if outcome is None and reason == "crisis":
        notices.append("crisis_follow_up")
    if reason == "check_in":
        notices.append("check_in")
    return tuple(notices)


def _evidence(reading: _Reading, before: _Conversation, now: _Conversation, *, encoded: bool) -> tuple[str, ...]:
    names = [f"{rule.label}:{rule.matcher.name}" for rule in reading.rules]
    if encoded:
        names.append("injection:encoded_text")
    if before.crisis_open:
        names.append("crisis:earlier_turn" if now.crisis_open else "crisis:said_safe")
    return tuple(names)


def _weight(rules: Iterable[Rule]) -> float:
    doubt = 1.0
    for rule in rules:
        doubt *= 1 - rule.weight
    return 1 - doubt


def _unique(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple({rule.matcher.name: rule for rule in rules}.values())


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
