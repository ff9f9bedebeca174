"""Record what was answered: counts always and without text, words only where clinic and reader both agree.

Nothing here may slow down or break an answer: counts are written by a thread of their own, and a database that is down
loses them quietly (one line in the log) until it is back.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import re
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any, Literal

from sqlalchemy.exc import SQLAlchemyError

from answer.schema import Answer, Question
from desk import records
from desk.database import Database
from desk.models import now
from errors import OperatorError
from safety.classify import Classifier
from safety.privacy import Redactor, redactor
from safety.triage import Triager
from settings import ROOT, Settings

NEVER_KEPT = frozenset({"crisis", "emergency", "abuse"})
"""Outcomes and labels whose words are never stored, whatever the settings and the reader say."""

HELP_NEVER_KEPT = frozenset({"crisis", "emergency", "check_in"})
"""Nor are words beside which help was shown because of the reader's own state."""

Reason = Literal["unhelpful", "no_evidence", "low_confidence", "conversation"]
WAITING = 10_000
FEEDBACK_CHARS = 2000
_COUNTRY = re.compile("[A-Z]{2}")
_OWN_ID = re.compile("[0-9a-f]{32}")
_LOG = logging.getLogger("ketamine_answers")


class Recorder:
    """Counts answers and keeps what may be kept; safe to share between threads."""

    def __init__(self, settings: Settings, database: Database, topics: Mapping[str, str] | None = None) -> None:
        """``topics`` names the topic of each source id, for the counts by topic."""
        self._settings, self._database, self._topics = settings, database, topics or {}
        self._triager: Triager | None = None
        self._waiting: deque[Counter[records.Key]] = deque(maxlen=WAITING)
        self._wake, self._idle = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None
        self._closed = self._down = False
        self._idle.set()

    def count(self, answer: Answer, country: str | None = None) -> None:
        """Count an answer by day, outcome, topic, composer, the reader's country, response time and sources.

        Returns at once. Of what ``may_keep`` excludes, only the outcome and the time are counted.
        """
        quiet = not may_keep(answer)
        topics = (self._topics.get(citation.source_id, "") for citation in answer.citations)
        topic = "" if quiet else next(filter(None, topics), "")
        place = country if country and not quiet and _COUNTRY.fullmatch(country) else ""
        counters = records.counters_of(answer, now().date(), topic, place, sources=not quiet)
        with self._lock:
            if self._closed:
                return
            self._waiting.append(counters)
            self._idle.clear()
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="desk-counts", daemon=True)
                self._writer.start()
                atexit.register(self.close)
        self._wake.set()

    def offers_to_keep(self, answer: Answer, *, unhelpful: bool = False) -> bool:
        """Whether the page may ask the reader to let the clinic keep the question of this answer."""
        return self._reason(answer, unhelpful=unhelpful) is not None

    def keep(self, question: Question, answer: Answer, *, consent: bool, unhelpful: bool = False) -> bool:
        """Keep a question without identifiers for the clinic, once. True when it is stored (or was before).

        Nothing is stored without ``consent``, against the settings, or for what ``may_keep`` excludes.
        """
        reason = self._reason(answer, unhelpful=unhelpful)
        if not consent or reason is None or self._is_danger(question.text):
            return False
        return self._try(lambda: self._keep(question, answer, reason))

    def feedback(self, answer: Answer, helpful: bool, text: str | None = None, *, consent: bool = False) -> bool:
        """Store a vote; the last one on an answer counts. True when it is stored.

        Its text only with ``consent`` and ``keep_feedback_text``, without identifiers, and never when it, or the
        answer it is about, speaks of danger.
        """
        said = (text or "").strip()[:FEEDBACK_CHARS]
        wanted = consent and self._settings.keep_feedback_text and said and may_keep(answer)

        def store() -> None:
            kept = self._redactor().redact(said).text if wanted and not self._is_danger(said) else None
            vote = {"answer_id": _answer_id(answer), "at": now(), "helpful": helpful}
            with self._database.writing() as session:
                records.add_vote(session, {**vote, "outcome": answer.outcome, "text": kept})

        return self._try(store)

    def flush(self, seconds: float = 10) -> bool:
        """Wait until all counts so far are written, or lost to a database that is down; False when it takes longer."""
        return self._idle.wait(seconds)

    def close(self) -> None:
        """Write what is waiting, then stop counting."""
        with self._lock:
            self._closed = True
        self._wake.set()
        if self._writer:
            self._writer.join(timeout=10)
        atexit.unregister(self.close)

    def _reason(self, answer: Answer, *, unhelpful: bool) -> Reason | None:
        """Why the question is of interest to the clinic, None where it may not be kept."""
        if not may_keep(answer):
            return None
        reason: Reason = "unhelpful" if unhelpful else "conversation"
        if answer.outcome == "no_evidence":
            reason = "no_evidence"
        elif answer.confidence == "limited" and not unhelpful:
            reason = "low_confidence"
        allowed = self._settings.keep_conversations
        return reason if allowed or (self._settings.keep_unanswered and reason != "conversation") else None

    def _keep(self, question: Question, answer: Answer, reason: Reason) -> None:
        redact = self._redactor().redact
        at = now()
        kept = {
            "answer_id": _answer_id(answer),
            "at": at,
            "consent_at": at,
            "text": redact(question.text).text,
            "reason": reason,
            "outcome": answer.outcome,
            "confidence": answer.confidence or "",
            "language": answer.language[:10],
            "site": (question.site or "")[:200],
            "answer": _shown(answer, lambda text: redact(text).text),
            "status": "open",
        }
        with self._database.writing() as session:
            records.add_kept(session, kept)

    def _redactor(self) -> Redactor:
        return redactor(self._settings.corpus_dir)

    def _is_danger(self, text: str) -> bool:
        """Looked at again, whatever was decided when it was answered: it must never be stored."""
        if self._triager is None:
            self._triager = Triager(ROOT / "safety" / "lexicons", Classifier.load())
        triage = self._triager.triage(text)
        return bool(NEVER_KEPT & {triage.outcome, *triage.labels}) or triage.help_reason in HELP_NEVER_KEPT

    def _write(self) -> None:
        """The thread of the counts: all that waits, in one transaction."""
        while True:
            self._wake.wait()
            with self._lock:
                self._wake.clear()
                batch = list(self._waiting)
                self._waiting.clear()
            if batch:
                self._try(lambda batch=batch: self._add(batch))  # type: ignore[misc]
            with self._lock:
                if self._waiting:
                    self._wake.set()
                    continue
                self._idle.set()
                if self._closed:
                    return

    def _add(self, batch: list[Counter[records.Key]]) -> None:
        counts: Counter[records.Key] = Counter()
        for counters in batch:
            counts.update(counters)
        with self._database.writing() as session:
            records.add_counts(session, counts)

    def _try(self, store: Callable[[], None]) -> bool:
        try:
            store()
        except (SQLAlchemyError, OperatorError, OSError) as error:
            if not self._down:
                # The error's own text could repeat what a reader wrote.
                _LOG.error(
                    "The desk's database can't be written; counts are lost until it is. %s", type(error).__name__
                )
            self._down = True
            return False
        if self._down:
            _LOG.warning("The desk's database can be written again.")
        self._down = False
        return True


def may_keep(answer: Answer) -> bool:
    """Whether words of the turn may be stored at all: never those of a crisis, an emergency, or abuse."""
    reason = answer.help.reason if answer.help else None
    return not NEVER_KEPT & {answer.outcome, *answer.labels} and reason not in HELP_NEVER_KEPT


def _answer_id(answer: Answer) -> str:
    """The answer's id; one that a caller of the API chose could say anything, so only its hash is stored."""
    return answer.id if _OWN_ID.fullmatch(answer.id) else hashlib.sha256(answer.id.encode()).hexdigest()[:32]


def _shown(answer: Answer, redact: Callable[[str], str]) -> dict[str, Any]:
    """What the reader saw. The message may repeat words of the question, so these are redacted too."""
    parts = {"outcome", "language", "message", "sentences", "citations", "notices", "confidence", "composer"}
    shown = answer.model_dump(mode="json", include={*parts, "corpus_version"})
    if shown["message"]:
        shown["message"]["text"] = redact(shown["message"]["text"])
    return shown
