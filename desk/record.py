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
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy.exc import SQLAlchemyError

from answer.schema import Answer, Question
from desk import records
from desk.caution import Caution, may_keep
from desk.contact import Contact
from desk.database import Database
from desk.models import now
from errors import OperatorError
from settings import Settings

if TYPE_CHECKING:
    from answer.engine import Engine

Reason = Literal["unhelpful", "no_evidence", "low_confidence", "conversation"]
WAITING = 10_000
REMEMBERED = 20_000
"""Answers of this process whose votes still find them by id."""

FEEDBACK_CHARS = 2000
_COUNTRY = re.compile("[A-Z]{2}")
_OWN_ID = re.compile("[0-9a-f]{32}")
_LOG = logging.getLogger("ketamine_answers")


class Recorder:
    """Counts answers and keeps what may be kept; safe to share between threads."""

    def __init__(self, settings: Settings, database: Database, topics: Mapping[str, str] | None = None) -> None:
        """``topics`` names the topic of each source id, for the counts by topic."""
        self._settings, self._database, self._topics = settings, database, topics or {}
        self._caution = Caution(settings)
        self._answered: OrderedDict[str, tuple[str, bool]] = OrderedDict()
        self._waiting: deque[Counter[records.Key]] = deque(maxlen=WAITING)
        self._wake, self._idle = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None
        self._closed = self._down = False
        self._idle.set()

    @classmethod
    def of(cls, settings: Settings, database: Database, engine: Engine | None) -> Recorder:
        """The recorder of a process; it names topics by the first one of each source."""
        sources = engine.sources() if engine else []
        topics = {view.meta.id: view.meta.topics[0] for view in sources if view.meta.topics}
        recorder = cls(settings, database, topics)
        recorder._caution = Caution(settings, engine.triager if engine else None)
        return recorder

    @property
    def keeps_questions(self) -> bool:
        """Whether any question may be kept, by the settings."""
        return self._settings.keep_unanswered or self._settings.keep_conversations

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
            self._remember(answer, quiet)
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
        if not consent or reason is None or self._caution.is_danger(question.text):
            return False
        return self._try(lambda: self._keep(question, answer, reason))

    def offers_words(self, answer: Answer) -> bool:
        """Whether the page may ask for words beside a vote on this answer."""
        return self._settings.keep_feedback_text and may_keep(answer)

    def offers_to_ask_clinic(self, answer: Answer) -> bool:
        """Whether the page may offer to pass the question of this answer on to the clinic."""
        return self._settings.ask_clinic and answer.outcome == "no_evidence" and may_keep(answer)

    def ask_clinic(self, question: Question, answer: Answer, contact: Contact, *, consent: bool) -> bool:
        """Make a ticket of a question, without identifiers, and of how to reach who asked. True when it is stored.

        Nothing is stored without ``consent`` or where ``offers_to_ask_clinic`` is False.
        """
        if not consent or not self.offers_to_ask_clinic(answer) or self._caution.is_danger(question.text):
            return False
        return self._try(lambda: self._open_ticket(question, answer, contact))

    def feedback(self, answer: Answer, helpful: bool, text: str | None = None, *, consent: bool = False) -> bool:
        """Store a vote; the last one on an answer counts. True when it is stored.

        Its text only with ``consent`` and ``keep_feedback_text``, without identifiers, and never when it, or the
        answer it is about, speaks of danger.
        """
        said = text if consent and may_keep(answer) else None
        return self._try(lambda: self._store_vote(_answer_id(answer.id), answer.outcome, helpful, said))

    def vote(self, answer_id: str, helpful: bool, text: str | None = None) -> bool:
        """Store a vote on an answer of which only the id is known, with a text that its writer agreed to have kept.

        Of an answer that another process gave, or one given long ago, neither outcome nor text is stored.
        """
        id = _answer_id(answer_id)
        with self._lock:
            outcome, quiet = self._answered.get(id, ("", True))
        return self._try(lambda: self._store_vote(id, outcome, helpful, None if quiet else text))

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
        redact, at = self._caution.redact, now()
        kept = {
            "answer_id": _answer_id(answer.id),
            "at": at,
            "consent_at": at,
            "text": redact(question.text),
            "reason": reason,
            "outcome": answer.outcome,
            "confidence": answer.confidence or "",
            "language": answer.language[:10],
            "site": (question.site or "")[:200],
            "answer": _shown(answer, redact),
            "status": "open",
        }
        with self._database.writing() as session:
            records.add_kept(session, kept)

    def _open_ticket(self, question: Question, answer: Answer, contact: Contact) -> None:
        redact, at = self._caution.redact, now()
        ticket = {"at": at, "consent_at": at, "question": redact(question.text), "sources": _shown(answer, redact)}
        with self._database.writing() as session:
            records.add_ticket(session, {**ticket, "route": contact.route, "contact": contact.address})

    def _store_vote(self, id: str, outcome: str, helpful: bool, text: str | None) -> None:
        said = (text or "").strip()[:FEEDBACK_CHARS] if self._settings.keep_feedback_text else ""
        kept = self._caution.redact(said) if said and not self._caution.is_danger(said) else None
        with self._database.writing() as session:
            vote = {"answer_id": id, "at": now(), "helpful": helpful, "outcome": outcome, "text": kept}
            records.add_vote(session, vote)

    def _remember(self, answer: Answer, quiet: bool) -> None:
        self._answered[_answer_id(answer.id)] = answer.outcome, quiet
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)

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


def _answer_id(id: str) -> str:
    """The answer's id; one that a caller of the API chose could say anything, so only its hash is stored."""
    return id if _OWN_ID.fullmatch(id) else hashlib.sha256(id.encode()).hexdigest()[:32]


def _shown(answer: Answer, redact: Callable[[str], str]) -> dict[str, Any]:
    """What the reader saw. The message may repeat words of the question, so these are redacted too."""
    parts = {"outcome", "language", "message", "sentences", "citations", "notices", "confidence", "composer"}
    shown = answer.model_dump(mode="json", include={*parts, "corpus_version"})
    if shown["message"]:
        shown["message"]["text"] = redact(shown["message"]["text"])
    return shown
