"""The page of reviewed answers: written in a form, checked, approved by a second person, live; two editors; roles."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import closing

import pytest
from streamlit.testing.v1 import AppTest

from answer.engine import Engine
from desk.database import Database
from desk.faq import FaqDesk, newest_versions, parse
from desk.faq_draft import Draft
from desk.inbox import Inbox
from desk.models import Kept, User, now
from desk.publish import background
from ingest.embed import Embedder
from tests.desk.three_cards import OTHER, OTHER_SOURCE, QUESTION, SENTENCE, SOURCE, entry, small_settings
from tests.ui.desk.conftest import OpenDesk, SignedIn
from ui.desk import faq_work
from ui.shared import Parts

PAGE = "faq.py"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Engine]:
    """An engine on a small corpus of its own, since publishing changes the index."""
    with closing(Engine.open(small_settings(tmp_path_factory.mktemp("small"), embedder))) as opened:
        yield opened


@pytest.fixture
def faq(database: Database) -> FaqDesk:
    """The desk's entries, without checks."""
    return FaqDesk(database, lambda _: [], second_person=True)


def texts(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception
    return at


def field(at: AppTest, kind: str, label: str) -> object:
    return next(widget for widget in getattr(at, kind) if widget.label == label)


def fill(at: AppTest, question: str, sentence: str, *sources: str) -> AppTest:
    """Fill the form's first row."""
    field(at, "text_area", "Ways to ask it, one on each line").set_value(question)  # type: ignore[attr-defined]
    field(at, "text_area", "Sentence 1").set_value(sentence)  # type: ignore[attr-defined]
    field(at, "multiselect", "Sources of sentence 1").set_value(list(sources))  # type: ignore[attr-defined]
    at.run()
    assert not at.exception
    return at


def messages(at: AppTest) -> list[str]:
    return [element.value for kind in (at.success, at.error, at.info, at.warning) for element in kind]


def wait_for(parts: Parts, database: Database) -> str:
    """How the publication of this test ended."""
    return background(parts.settings, database, Embedder).wait().phase


def kept(database: Database) -> int:
    """A kept question that nothing answered."""
    with database.writing() as session:
        fields = {"reason": "no_evidence", "outcome": "no_evidence", "confidence": "", "language": "en", "site": ""}
        row = Kept(answer_id="a" * 32, at=now(), text=QUESTION, consent_at=now(), answer={}, **fields)
        session.add(row)
        session.flush()
        return row.id


def test_an_answer_is_written_checked_submitted_approved_and_live(
    signed_in: SignedIn, open_desk: OpenDesk, parts: Parts, database: Database, faq: FaqDesk
) -> None:
    signed_in("editor", "anna")
    at = press(open_desk(PAGE), "ka_faq_new")
    at = fill(at, QUESTION, "Cleveland Clinic says people may drive 45 minutes after esketamine.", SOURCE)
    assert "Sentence 1: its sources bear it out." not in texts(at)
    assert parts.words.html("faq_preview_none") in texts(at)
    at = fill(at, QUESTION, SENTENCE, SOURCE)
    assert "Sentence 1: its sources bear it out." in texts(at)
    assert 'class="ka-answer"' in texts(at) and 'class="ka-card"' in texts(at)
    at = press(at, "ka_faq_submit")
    assert any("was submitted" in told for told in messages(at)), messages(at)
    assert "somebody else has to approve it" in texts(at)
    (id,) = (row for row in faq_ids(database))
    signed_in("editor", "boris")
    at = press(open_desk(PAGE), f"ka_faq_open_{id}")
    assert "waits for approval" in texts(at)
    at = press(at, "ka_faq_approve_1")
    assert wait_for(parts, database) == "done"
    assert list(faq.live()) == [id]
    assert parts.engine is not None
    served = parts.engine.faq_entry(id)
    assert served is None or [passage.text for passage in served.sentences] == [SENTENCE]
    at = press(at, "ka_faq_withdraw")
    assert faq.live() == {}
    assert wait_for(parts, database) == "done"


def faq_ids(database: Database) -> list[str]:
    return list(newest_versions(database))


def test_what_the_inbox_hands_over_is_covered_once_it_is_live(
    signed_in: SignedIn, open_desk: OpenDesk, parts: Parts, database: Database, faq: FaqDesk
) -> None:
    signed_in("editor", "anna")
    id = kept(database)
    at = open_desk(PAGE)
    at.session_state[faq_work.FROM_INBOX] = {"question": QUESTION, "kept_ids": [id]}
    at.run()
    assert field(at, "text_area", "Ways to ask it, one on each line").value == QUESTION  # type: ignore[attr-defined]
    at = press(fill(at, QUESTION, SENTENCE, SOURCE), "ka_faq_submit")
    (name,) = faq_ids(database)
    assert Inbox(database).page().questions == 1
    boris = signed_in("editor", "boris")
    faq.approve(name, 1, boris)
    assert Inbox(database).page().questions == 0
    signed_in("editor", "boris")


def test_the_second_editor_is_told_who_was_faster_and_can_put_both_together(
    signed_in: SignedIn, open_desk: OpenDesk, faq: FaqDesk
) -> None:
    anna = signed_in("editor", "anna")
    faq.save(entry("home"), 0, anna)
    at = press(open_desk(PAGE), "ka_faq_open_home")
    boris = User(name="boris", role="editor")
    theirs = entry("home", sentence=OTHER, source=OTHER_SOURCE)
    faq.save(theirs.replace("questions:\n", "questions:\n  - Can I take an Uber?\n"), faq.lock("home"), boris)
    at = press(fill(at, f"{QUESTION}\nWho takes me home?", SENTENCE, SOURCE), "ka_faq_save")
    assert any("boris has changed this entry" in told for told in messages(at)), messages(at)
    assert OTHER in texts(at) and SENTENCE in texts(at)
    at = press(at, "ka_faq_take_both")
    at = press(at, "ka_faq_save")
    saved = Draft.of(parse(faq.versions("home")[0].content))
    assert set(saved.questions) == {"Can I take an Uber?", QUESTION, "Who takes me home?"}
    assert faq.versions("home")[0].number == 3


def test_the_projects_entries_can_be_found_and_edited(signed_in: SignedIn, open_desk: OpenDesk, faq: FaqDesk) -> None:
    signed_in("editor", "anna")
    at = open_desk(PAGE)
    at.text_input(key="ka_faq_search").set_value("zebra").run()
    assert "No entry holds these words." in texts(at)
    at.text_input(key="ka_faq_search").set_value("LABEL going").run()
    at = press(at, "ka_faq_open_label-home")
    at = press(at, "ka_faq_save")
    assert faq.versions("label-home")[0].author == "anna"


def test_a_draft_without_sources_is_told_so_in_words(signed_in: SignedIn, open_desk: OpenDesk, faq: FaqDesk) -> None:
    signed_in("editor", "anna")
    at = press(fill(press(open_desk(PAGE), "ka_faq_new"), QUESTION, SENTENCE), "ka_faq_save")
    assert any("it names no source" in told for told in messages(at))


def test_sources_are_found_by_their_claims_and_put_into_use(signed_in: SignedIn, open_desk: OpenDesk) -> None:
    signed_in("editor", "anna")
    at = fill(press(open_desk(PAGE), "ka_faq_new"), QUESTION, SENTENCE)
    use = next(button for button in at.button if "_use_" in (button.key or ""))
    use.click().run()
    assert not at.exception
    assert len(field(at, "multiselect", "Sources of sentence 1").value) == 1  # type: ignore[attr-defined]


def test_rows_are_added_and_taken_out_without_losing_the_others(signed_in: SignedIn, open_desk: OpenDesk) -> None:
    signed_in("editor", "anna")
    at = fill(press(open_desk(PAGE), "ka_faq_new"), QUESTION, SENTENCE, SOURCE)
    at = press(at, "ka_faq_add")
    field(at, "text_area", "Sentence 2").set_value(OTHER)  # type: ignore[attr-defined]
    at.run()
    remove = next(button for button in at.button if button.label == "Take sentence 1 out")
    remove.click().run()
    assert field(at, "text_area", "Sentence 1").value == OTHER  # type: ignore[attr-defined]


def test_a_reader_sees_entries_and_can_change_nothing(signed_in: SignedIn, open_desk: OpenDesk, faq: FaqDesk) -> None:
    faq.save(entry("home"), 0, User(name="boris", role="editor"))
    faq.submit("home", 1, User(name="boris", role="editor"))
    signed_in("reader", "rita")
    at = open_desk(PAGE)
    assert "ka_faq_new" not in [button.key for button in at.button]
    at = press(at, "ka_faq_open_home")
    assert SENTENCE.rpartition(" ")[0] in texts(at)
    keys = {button.key for button in at.button}
    assert not keys & {"ka_faq_save", "ka_faq_submit", "ka_faq_approve_1", "ka_faq_withdraw"}
    assert not at.file_uploader


def test_an_admin_takes_in_a_zip_and_others_cannot(
    signed_in: SignedIn, open_desk: OpenDesk, parts: Parts, database: Database, faq: FaqDesk
) -> None:
    signed_in("editor", "anna")
    assert not open_desk(PAGE).file_uploader
    signed_in("admin", "root")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("../faq/home.md", entry("home", sentence="Everybody walks home alone."))
    at = open_desk(PAGE)
    at.file_uploader[0].upload("faq.zip", packed.getvalue(), "application/zip").run()
    at = press(at, "ka_faq_import")
    assert list(faq.live()) == ["home"]
    assert "Everybody walks home alone." in texts(at)
    assert wait_for(parts, database) == "done"
    at.file_uploader[0].upload("faq.zip", b"not a zip", "application/zip").run()
    at = press(at, "ka_faq_import")
    assert [error.value for error in at.error] == [parts.words.text("faq_import_not_zip")]


def test_what_was_typed_is_shown_literally(signed_in: SignedIn, open_desk: OpenDesk) -> None:
    signed_in("editor", "anna")
    at = fill(press(open_desk(PAGE), "ka_faq_new"), "<img src=x onerror=alert(1)>?", "<b>Bold</b> words.", SOURCE)
    at = press(at, "ka_faq_save")
    assert "<img" not in texts(at) and "<b>" not in texts(at)
