"""What may be stored of anybody's words at all, and only in what form: no danger, no identifiers."""

from __future__ import annotations

from answer.schema import Answer
from safety.classify import Classifier
from safety.privacy import redactor
from safety.triage import Triager
from settings import ROOT, Settings

NEVER_KEPT = frozenset({"crisis", "emergency", "abuse"})
"""Outcomes and labels whose words are never stored, whatever the settings and the reader say."""

HELP_NEVER_KEPT = frozenset({"crisis", "emergency", "check_in"})
"""Nor are words beside which help was shown because of the reader's own state."""


class Caution:
    """Looks at words again when they are about to be stored, whatever was decided when they were answered."""

    def __init__(self, settings: Settings, triager: Triager | None = None) -> None:
        """``triager`` finds danger; without one it is loaded when it is first needed, which takes seconds."""
        self._corpus, self._triager = settings.corpus_dir, triager

    def is_danger(self, text: str) -> bool:
        """Whether a text speaks of danger: it must never be stored."""
        if self._triager is None:
            self._triager = Triager(ROOT / "safety" / "lexicons", Classifier.load())
        triage = self._triager.triage(text)
        return bool(NEVER_KEPT & {triage.outcome, *triage.labels}) or triage.help_reason in HELP_NEVER_KEPT

    def redact(self, text: str) -> str:
        """The text without identifiers."""
        return redactor(self._corpus).redact(text).text


def may_keep(answer: Answer) -> bool:
    """Whether words of the turn may be stored at all: never those of a crisis, an emergency, or abuse."""
    reason = answer.help.reason if answer.help else None
    return not NEVER_KEPT & {answer.outcome, *answer.labels} and reason not in HELP_NEVER_KEPT
