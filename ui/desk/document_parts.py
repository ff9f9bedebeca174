"""What the two views of documents share: the logic behind them, messages for the next run, and how one is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from answer.engine import Engine
from desk.document_review import Flagged
from desk.documents import Documents
from desk.facts import FactsCheck
from desk.models import Document
from desk.publishing import Publishing, publishing_of
from errors import OperatorError
from ingest.corpus import ingest_paths
from ui.desk.door import Staff
from ui.words import Words, escape, sanitised

OPENED = "document"
_TOLD = "ka_documents_told"


class _Shelf:
    """The check of facts, kept while engine and literature stay the same: auditing a sentence takes a while."""

    check: tuple[Engine, str, FactsCheck] | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """What the page works with."""

    staff: Staff
    documents: Documents
    publishing: Publishing

    @classmethod
    def of(cls, staff: Staff) -> Desk:
        """The desk of whoever is signed in."""
        documents = Documents(staff.database, staff.settings, _check_with(staff.engine))
        return cls(staff, documents, publishing_of(staff.settings, staff.database))

    def publish(self) -> None:
        """Have what was approved or withdrawn published in the background."""
        self.publishing.start(self.work)

    def work(self) -> object:
        """Bring the index up to date; runs outside the page."""
        settings = self.staff.settings
        return ingest_paths(settings, [], lambda: self.staff.engine.embedder, report=self.publishing.report)

    def attempt(self, action: Callable[[], object], done: str) -> bool:
        """Do something and tell how it went, in the next run; whether it was done."""
        try:
            action()
        except OperatorError as error:
            tell(str(error), bad=True)
            return False
        tell(self.staff.words.text(done))
        return True


def matters(engine: Engine) -> list[str]:
    """The practical matters that the clinic's facts may be about, as topics: "clinic-parking"."""
    return [term.name.replace(" ", "-") for term in engine.vocabulary.terms.values() if term.kind == "clinic"]


def tell(text: str, *, bad: bool = False) -> None:
    """Keep a message for the next time the page is drawn."""
    st.session_state[_TOLD] = (text, bad)


def told() -> None:
    """Draw the message that was kept, once."""
    text, bad = st.session_state.pop(_TOLD, ("", False))
    if text:
        (st.warning if bad else st.success)(text)


def status(document: Document) -> str:
    """The status as staff see it: a live document with a change that waits is one of its own."""
    return "changed" if document.status == "uploaded" and document.approved_at else document.status


def summary_html(document: Document, words: Words) -> str:
    """Title, status, kind, who and when, and what went wrong."""
    by = [_by("uploaded", document.uploaded_by, document.uploaded_at, words)]
    if document.approved_by and document.approved_at:
        by.append(_by("approved", document.approved_by, document.approved_at, words))
    reason = f"<p>{escape(document.reason)}</p>" if document.reason else ""
    shown = status(document)
    return sanitised(
        f'<section class="ka-doc ka-doc-{shown}"><p class="ka-doc-title">{escape(document.matter["title"])}</p>'
        f'<p><span class="ka-doc-status">{words.html(f"document_status_{shown}")}</span></p>{reason}'
        f'<p class="ka-small">{escape(words.label("kind", document.matter.get("kind", "document")))} · '
        f"{' · '.join(by)}</p></section>"
    )


def _by(what: str, who: str, when: datetime, words: Words) -> str:
    told = f"{when:%Y-%m-%d %H:%M}"
    return words.html("documents_by", what=words.text(f"documents_{what}"), who=who, when=told)


def _check_with(engine: Engine) -> Callable[[Sequence[str]], Sequence[Flagged]]:
    """The check, made when it is first needed."""

    def check(sentences: Sequence[str]) -> Sequence[Flagged]:
        kept = _Shelf.check
        if kept is None or kept[:2] != (engine, engine.corpus_version()):
            kept = _Shelf.check = engine, engine.corpus_version(), FactsCheck(engine)
        return kept[2](sentences)

    return check
