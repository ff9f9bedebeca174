"""What a member of staff has open on the page of reviewed answers, and what they do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import uuid4

import streamlit as st

from desk.check import Checker
from desk.entries import Entries
from desk.faq import ChangedMeanwhileError, FaqDesk, FaqError, Stand, parse
from desk.faq_draft import Draft, Line, merged, new_id
from desk.publish import Background, background
from ingest.faq import MOST_SENTENCES
from ui.desk.door import Staff

FROM_INBOX = "faq_from"
_EDITING = "ka_faq_editing"
_TOLD = "ka_faq_told"


@dataclass(slots=True)
class Editing:
    """One entry in the form: what it was when it was opened, and what the form holds now.

    ``token`` is part of the widgets' keys, so that another entry, or other contents, begin with new widgets.
    """

    draft: Draft
    base: Draft
    lock: int
    new: bool = False
    kept: tuple[int, ...] = ()
    conflict: ChangedMeanwhileError | None = None
    token: str = field(default_factory=lambda: uuid4().hex[:8])

    def refill(self, draft: Draft) -> None:
        """Fill the form anew."""
        self.draft, self.token = draft, uuid4().hex[:8]


@dataclass(frozen=True, slots=True)
class Work:
    """The entries, the rules and the publisher for the one who is signed in."""

    staff: Staff
    faq: FaqDesk
    entries: Entries
    check: Checker
    publisher: Background

    @classmethod
    def of(cls, staff: Staff) -> Work:
        """Put together from what the page works with."""
        settings, engine = staff.settings, staff.engine

        entries = Entries(settings.corpus_dir, staff.database)
        check = Checker(engine, entries.asked)
        faq = FaqDesk(staff.database, check, second_person=settings.faq_second_person)
        return cls(staff, faq, entries, check, background(settings, staff.database, lambda: engine.embedder))

    @property
    def editing(self) -> Editing | None:
        """What is open."""
        found: Editing | None = st.session_state.get(_EDITING)
        return found

    def stand(self) -> Stand:
        """The versions of the open entry."""
        return self.faq.stand(self.editing.draft.id) if self.editing else Stand(0, None, ())

    def live_text(self, id: str, stand: Stand) -> str:
        """The text that answers now: the desk's live version, or the corpus' entry."""
        live = next((version.content for version in stand.versions if version.number == stand.live), None)
        return live or self.entries.own_text(id) or ""

    def close(self) -> None:
        """Back to the list."""
        st.session_state.pop(_EDITING, None)

    def open(self, id: str) -> None:
        """Open an entry: its newest version, or the corpus' text."""
        stand = self.faq.stand(id)
        text = stand.versions[0].content if stand.versions else self.entries.own_text(id)
        if text is not None:
            draft = Draft.of(parse(text))
            st.session_state[_EDITING] = Editing(draft, draft, stand.lock)

    def begin_new(self, question: str = "", kept: tuple[int, ...] = ()) -> None:
        """Open an empty entry."""
        draft = Draft("", "", date.today(), (question,) if question else (), (Line(""),))
        st.session_state[_EDITING] = Editing(draft, draft, 0, True, kept)

    def begin_from_inbox(self) -> None:
        """Open a new entry for what the inbox handed over, once."""
        given = st.session_state.pop(FROM_INBOX, None)
        if given and self.staff.may("editor"):
            self.begin_new(str(given.get("question", "")), tuple(map(int, given.get("kept_ids", ()))))

    def wrong(self, draft: Draft) -> list[str]:
        """What keeps a draft from being saved."""
        words, found = self.staff.words, []
        if not draft.questions:
            found.append(words.text("faq_wrong_no_question"))
        if not 1 <= len(draft.sentences) <= MOST_SENTENCES:
            found.append(words.text("faq_wrong_count", most=str(MOST_SENTENCES)))
        reason = words.text("faq_wrong_no_source")
        lacking = (line for line in draft.sentences if not line.cites)
        return found + [words.text("faq_wrong_sentence", sentence=line.text, reason=reason) for line in lacking]

    def save_draft(self) -> None:
        """Save the form."""
        self.save()

    def save(self) -> int | None:
        """Save the form as a draft: the version's number; None, with the reason told, when it can't be."""
        editing = self.editing
        if editing is None:
            return None
        draft = _filled(editing.draft)
        if wrong := self.wrong(draft):
            self.say("error", *wrong)
            return None
        if editing.new and not draft.id:
            taken = {row.id for row in self.entries.all()}
            draft = replace(draft, id=new_id(draft.questions[0], taken))
        try:
            version = self.faq.save(draft.text(), editing.lock, self.staff.user, editing.kept)
        except ChangedMeanwhileError as error:
            editing.conflict = error
            return None
        except FaqError as error:
            self.say("error", str(error))
            return None
        editing.draft = editing.base = draft
        editing.lock, editing.new, editing.conflict = self.faq.lock(draft.id), False, None
        self.say("success", self.staff.words.text("faq_saved", number=str(version.number)))
        return version.number

    def submit(self) -> None:
        """Save what changed, then hand the newest version in."""
        editing, stand = self.editing, self.stand()
        if editing is None:
            return
        newest = stand.versions[0] if stand.versions else None
        same = newest and newest.state == "draft" and _filled(editing.draft) == Draft.of(parse(newest.content))
        number = newest.number if newest and same else self.save()
        if number is None:
            return
        id = "faq_submitted" if self.staff.settings.faq_second_person else "faq_submitted_alone"
        self._try(lambda: self.faq.submit(editing.draft.id, number, self.staff.user), id, number)

    def approve(self, number: int) -> None:
        """Make a submitted version live."""
        self._live(lambda id: self.faq.approve(id, number, self.staff.user), "faq_approved", number)

    def roll_back(self, number: int) -> None:
        """Make an approved version live again."""
        self._live(lambda id: self.faq.roll_back(id, number, self.staff.user), "faq_rolled_back", number)

    def withdraw(self) -> None:
        """Take the live version off."""
        self._live(lambda id: self.faq.withdraw(id, self.staff.user), "faq_withdrawn", 0)

    def settle(self, how: str) -> None:
        """After somebody else saved first: take ``theirs``, keep ``mine``, or put ``both`` together."""
        editing = self.editing
        if editing is None or editing.conflict is None:
            return
        theirs, mine = Draft.of(parse(editing.conflict.newest.content)), _filled(editing.draft)
        chosen = {"theirs": theirs, "mine": replace(mine, id=theirs.id), "both": merged(editing.base, mine, theirs)}
        editing.lock, editing.base, editing.conflict = editing.conflict.lock, theirs, None
        editing.refill(chosen[how])
        self.say("info", self.staff.words.text("faq_merged"))

    def say(self, kind: str, *lines: str) -> None:
        """Tell something in the coming run."""
        st.session_state.setdefault(_TOLD, []).extend((kind, line) for line in lines)

    def tell(self) -> None:
        """Show what is to be told, once."""
        show = {"error": st.error, "success": st.success, "info": st.info}
        for kind, line in st.session_state.pop(_TOLD, []):
            show[kind](literal(line))

    def _live(self, act: Callable[[str], None], id: str, number: int) -> None:
        editing = self.editing
        if editing and self._try(lambda: act(editing.draft.id), id, number):
            self.publisher.start()

    def _try(self, act: Callable[[], None], id: str, number: int) -> bool:
        try:
            act()
        except FaqError as error:
            self.say("error", str(error))
            return False
        self.say("success", self.staff.words.text(id, number=str(number)))
        return True


def _filled(draft: Draft) -> Draft:
    """A form's contents without empty lines and rows."""
    questions = tuple(filter(None, (" ".join(question.split()) for question in draft.questions)))
    lines = (Line(" ".join(line.text.split()), line.cites) for line in draft.sentences)
    return replace(draft, questions=questions, sentences=tuple(line for line in lines if line.text))


def literal(text: str) -> str:
    """``text`` for what reads Markdown, such as a label, shown as these characters."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|$~:" else c for c in text)
