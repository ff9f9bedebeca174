"""The page of the staged release: compare, see what changes, publish, go back; and what a reader may not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from answer.engine import Engine
from desk import golden
from desk.replay import Change, Reply
from ingest import stage
from ingest.corpus import ingest_paths
from ingest.embed import Embedder
from settings import Settings
from tests.desk.small import COST, ENTRY, NEW_PRICE, card, small_corpus
from tests.ui.desk.conftest import OpenDesk, SignedIn
from ui.desk.changes import change_html
from ui.shared import Parts


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of two cards and an entry."""
    return small_corpus(tmp_path / "corpus")


@pytest.fixture
def parts(
    parts: Parts, tmp_path: Path, corpus: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Parts]:
    """The pages on that small corpus, with two golden questions."""
    settings = Settings(data_dir=corpus.parent / "data", corpus_dir=corpus)
    ingest_paths(settings, [], lambda: embedder)
    rows = [golden.Golden(id="g1", question=COST), golden.Golden(id="g2", question="How do I bake bread?")]
    monkeypatch.setattr(golden, "read", lambda path: rows)
    engine = Engine.open(settings)
    yield replace(parts, settings=settings, engine=engine, crisis_lines=engine.crisis_lines)
    engine.close()


def page_html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception
    return at


def reprice(corpus: Path) -> None:
    card(corpus, "price", "What an infusion costs", "cost-insurance", NEW_PRICE)


def test_staff_compare_see_what_changes_publish_and_go_back(
    signed_in: SignedIn, open_desk: OpenDesk, parts: Parts, corpus: Path
) -> None:
    words = parts.words
    signed_in("editor")
    before = stage.live_names(parts.settings)
    reprice(corpus)
    at = press(open_desk("release.py"), "ka-release-compare")
    shown = page_html(at)
    assert "1 of 2 answers differ" in shown
    assert "[− 400 −]" in shown
    assert "[+ 700 +]" in shown
    assert words.html("release_kind_text") in shown
    assert stage.live_names(parts.settings) == before
    press(at, "ka-release-publish")
    assert words.html("release_published") in page_html(at)
    assert stage.live_names(parts.settings) != before
    press(at, "ka-release-back")
    assert words.html("release_gone_back") in page_html(at)
    assert stage.live_names(parts.settings) == before


def test_nothing_new_cannot_be_published_and_is_discarded(
    signed_in: SignedIn, open_desk: OpenDesk, parts: Parts
) -> None:
    signed_in("editor")
    at = press(open_desk("release.py"), "ka-release-compare")
    assert parts.words.html("release_nothing_new") in page_html(at)
    assert at.button(key="ka-release-publish").disabled
    press(at, "ka-release-discard")
    assert parts.words.html("release_discarded") in page_html(at)


def test_files_that_changed_since_are_told_in_a_sentence(
    signed_in: SignedIn, open_desk: OpenDesk, corpus: Path
) -> None:
    signed_in("editor")
    reprice(corpus)
    at = press(open_desk("release.py"), "ka-release-compare")
    card(corpus, "late", "A late card", "cost-insurance", "A drink of water is free.")
    press(at, "ka-release-publish")
    assert "Files have changed" in at.warning[0].value


def test_a_reader_sees_what_would_change_and_can_press_nothing(
    signed_in: SignedIn, open_desk: OpenDesk, corpus: Path
) -> None:
    signed_in("editor")
    reprice(corpus)
    press(open_desk("release.py"), "ka-release-compare")
    signed_in("reader", "ben")
    at = open_desk("release.py")
    assert "[+ 700 +]" in page_html(at)
    assert not [button for button in at.button if str(button.key).startswith(("ka-release", "ka-golden"))]
    assert not at.text_input


def test_an_entry_without_its_source_is_listed(
    signed_in: SignedIn, open_desk: OpenDesk, parts: Parts, corpus: Path
) -> None:
    signed_in("reader")
    assert parts.words.html("release_relying_none") in page_html(open_desk("release.py"))
    text = ENTRY.format(claim="Water is free.").replace("[waiting]", "[gone-for-good]")
    (corpus / "faq" / "how-long-to-stay.md").write_text(text, encoding="utf-8")
    assert "gone-for-good (not there)" in page_html(open_desk("release.py"))


def test_staff_add_and_remove_a_question_of_their_own(signed_in: SignedIn, open_desk: OpenDesk, parts: Parts) -> None:
    signed_in("editor")
    at = open_desk("release.py")
    at.text_input(key="ka_golden_text").set_value("Does <b>light</b> help?")
    next(button for button in at.button if button.label == parts.words.text("release_question_add")).click().run()
    assert "Does &lt;b&gt;light&lt;/b&gt; help?" in page_html(at)
    press(at, "ka-golden-remove-1")
    assert "&lt;b&gt;" not in page_html(at)


def test_words_of_an_answer_are_shown_literally(parts: Parts) -> None:
    hostile = "<img src=x onerror=alert(1)> & more"
    reply = Reply(outcome="answered", confidence="limited", text=hostile, sources=[hostile])
    change = Change(question=hostile, before=reply, after=reply.model_copy(update={"text": "none"}), kinds=["text"])
    shown = change_html(change, parts.words, lambda _: None, opened=True)
    assert "<img" not in shown
    assert "&lt;img" in shown
