"""What a reader does with answers: another wording, a saved answer, the page for the appointment."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from answer.receipt import check_receipt, load_key
from answer.schema import Answer, Notice, Question, Sentence
from ui import actions
from ui.answers import whole, wording_note
from ui.appointment import clinician_questions, for_appointment, page
from ui.cards import cards
from ui.keep import Conversation
from ui.session import State
from ui.shared import Parts

QUESTION = "Can I take it with lithium?"
CRISIS = "I want to kill myself tonight"
SAFE = "I am safe now."
HOSTILE = "Is <img src=x onerror=alert(1)> safe?"
TODAY = date(2026, 3, 9)
Open = Callable[[], AppTest]


def ask(at: AppTest, text: str) -> AppTest:
    return at.chat_input[0].set_value(text).run()


def choose(at: AppTest, detail: str) -> AppTest:
    return at.segmented_control[0].select(detail).run()


def state_of(at: AppTest) -> State:
    assert not at.exception
    found: State = at.session_state["ketamine_answers"]
    return found


def answers_of(at: AppTest) -> list[Answer]:
    return [turn.answer for turn in state_of(at).conversation.turns if turn.answer]


def talk(parts: Parts, *questions: str) -> Conversation:
    """A conversation on the real engine."""
    assert parts.engine is not None
    conversation = Conversation()
    for text in questions:
        turn = conversation.add(text)
        history = conversation.history_before(turn, "")
        turn.answer = parts.engine.ask(Question(text=text, history=history, detail=turn.detail))
    return conversation


# ------------------------------------------------------------------------------------------------ the switch


def test_the_chat_starts_in_plain_words_and_says_that_they_are_ours(open_page: Open, parts: Parts) -> None:
    at = open_page()
    assert at.segmented_control[0].value == "plain"
    ask(at, QUESTION)
    [answer] = answers_of(at)
    quotes = {citation.number: citation.quote for citation in answer.citations}
    assert any(said.text not in quotes[said.citations[0]] for said in answer.sentences), "a plain form is ours"
    shown = "\n".join(element.proto.body for element in at.get("html"))
    assert parts.words.html(f"wording_{answer.composer}") in shown
    assert all(f"<mark>{html.escape(quote)}</mark>" in shown for quote in quotes.values())


def test_another_wording_is_added_and_replaces_nothing(open_page: Open, parts: Parts) -> None:
    at = ask(open_page(), QUESTION)
    before = at.chat_message[1].get("html")[0].proto.body
    choose(at, "detailed")
    plain, detailed = answers_of(at)
    assert len(detailed.sentences) > len(plain.sentences)
    assert at.chat_message[1].get("html")[0].proto.body == before
    assert parts.words.html("again_detailed") in at.chat_message[2].get("html")[0].proto.body
    assert len(at.segmented_control) == 1, "one switch, under the last answer"


def test_the_chosen_wording_holds_for_the_next_questions_and_after_a_new_start(open_page: Open, parts: Parts) -> None:
    at = choose(open_page(), "standard")
    assert not state_of(at).conversation.turns, "nothing was asked yet"
    ask(at, QUESTION)
    assert state_of(at).conversation.turns[0].detail == "standard"
    next(b for b in at.button if b.label == parts.words.text("new_conversation")).click().run()
    assert at.segmented_control[0].value == "standard"


def test_a_question_asked_again_keeps_its_history(open_page: Open) -> None:
    at = ask(ask(open_page(), "What are the common side effects of ketamine?"), "And how long?")
    choose(choose(at, "standard"), "detailed")
    conversation = state_of(at).conversation
    histories = [conversation.history_before(turn, "") for turn in conversation.turns]
    assert histories[1] == histories[2] == histories[3] == ["What are the common side effects of ketamine?"]
    later = conversation.add("Why?")
    assert conversation.history_before(later, "")[1:] == ["And how long?"]


def test_a_crisis_shows_no_switch(open_page: Open) -> None:
    at = ask(open_page(), CRISIS)
    assert len(at.segmented_control) == 0


def test_a_wording_that_changes_nothing_says_so(open_page: Open, parts: Parts) -> None:
    at = ask(open_page(), QUESTION)
    turn = state_of(at).conversation.reword(state_of(at).conversation.turns[0], "standard")
    turn.answer, turn.pending = answers_of(at)[0], False
    at.run()
    assert parts.words.html("again_the_same") in "\n".join(element.proto.body for element in at.get("html"))


# ------------------------------------------------------------------------------------------------ sentences and cards


@pytest.mark.parametrize("composer", ["faq", "model", "mixed"])
def test_an_answer_says_who_worded_it(parts: Parts, composer: str) -> None:
    answer = talk(parts, QUESTION).turns[0].answer
    assert answer is not None
    answer = answer.model_copy(update={"composer": composer})
    assert parts.words.html(f"wording_{composer}") in whole(1, answer, parts.words)


def test_only_shortened_sentences_need_a_note_when_nobody_worded_the_answer(parts: Parts) -> None:
    answer = talk(parts, QUESTION).turns[0].answer
    assert answer is not None
    first = answer.citations[0]
    own = Sentence(text=first.quote, citations=[first.number])
    short = Sentence(text="Ours, and shorter.", citations=[first.number])
    extractive = answer.model_copy(update={"composer": "extractive"})
    assert wording_note(extractive.model_copy(update={"sentences": [own]}), parts.words) == ""
    noted = wording_note(extractive.model_copy(update={"sentences": [own, short]}), parts.words)
    assert parts.words.html("wording_extractive") in noted


def test_a_sentence_leads_to_every_card_it_rests_on(parts: Parts) -> None:
    answer = talk(parts, QUESTION).turns[0].answer
    assert answer is not None
    numbers = [citation.number for citation in answer.citations]
    both = answer.model_copy(update={"sentences": [Sentence(text="One sentence.", citations=numbers)]})
    shown = whole(1, both, parts.words)
    assert len(numbers) > 1
    assert re.findall(r'href="#a1-c(\d+)"', shown) == [str(number) for number in numbers]
    assert cards(1, both, parts.words).count('class="ka-card"') == len(numbers)


# ------------------------------------------------------------------------------------------------ the saved answer


def test_a_saved_answer_passes_its_check(parts: Parts, tmp_path: Path) -> None:
    answer = talk(parts, QUESTION).turns[0].answer
    assert answer is not None
    assert parts.engine is not None
    file = tmp_path / "answer.json"
    file.write_text(actions._receipt(answer, parts.engine), encoding="utf-8")
    key = load_key(parts.engine.settings.data_dir, create=False)
    assert [finding for finding in check_receipt(file, parts.engine, key) if finding.blocking] == []


def test_answers_can_be_saved_and_a_crisis_can_not(open_page: Open, parts: Parts) -> None:
    label = parts.words.text("save_answer")
    assert label in [b.label for b in ask(open_page(), QUESTION).download_button]
    assert len(ask(open_page(), CRISIS).download_button) == 0


# ------------------------------------------------------------------------------------------------ the page to print


def test_the_page_holds_questions_answers_quotes_links_and_its_date(parts: Parts) -> None:
    conversation = talk(parts, QUESTION)
    shown = page(conversation.turns, parts, TODAY)
    answer = conversation.turns[0].answer
    assert answer is not None
    for text in (QUESTION, TODAY.isoformat(), parts.words.text("not_advice")):
        assert html.escape(text) in shown
    for citation in answer.citations:
        assert f"<blockquote>{html.escape(citation.quote)}</blockquote>" in shown
        assert f'href="{html.escape(citation.url or "")}"' in shown
        assert f'<li value="{citation.number}" id="a1-c{citation.number}">' in shown
    assert all(html.escape(said.text.rpartition(" ")[0]) in shown for said in answer.sentences)
    assert 'href="tel:988"' in shown


def test_the_page_loads_nothing_and_runs_nothing(parts: Parts) -> None:
    shown = page(talk(parts, QUESTION, HOSTILE).turns, parts, TODAY)
    assert "default-src 'none'" in shown
    assert not re.search(r"<(script|img|link|iframe|object|form)\b|\bsrc=\"|url\(|@import", shown)


def test_everything_on_the_page_is_escaped(parts: Parts) -> None:
    conversation = talk(parts, QUESTION)
    turn = conversation.turns[0]
    assert turn.answer is not None
    turn.question, turn.answer = HOSTILE, turn.answer.model_copy(deep=True)
    turn.answer.sentences[0].text = turn.answer.follow_ups[0] = HOSTILE
    turn.answer.notices.append(Notice(id="language", text=HOSTILE))
    for citation in turn.answer.citations:
        citation.quote = citation.title = citation.publisher = HOSTILE
        citation.url = "javascript:alert(1)"
    shown = page(conversation.turns, parts, TODAY)
    assert shown.count("&lt;img src=x") > 5
    assert "<img" not in shown
    assert 'href="javascript' not in shown


def test_of_a_crisis_only_the_help_lines_reach_the_page(parts: Parts) -> None:
    conversation = talk(parts, QUESTION, CRISIS, SAFE, "What are the common side effects of ketamine?")
    assert conversation.turns[1].in_crisis
    assert not conversation.turns[2].in_crisis
    assert [turn.number for turn, _ in for_appointment(conversation.turns)] == [1, 4]
    shown = page(conversation.turns, parts, TODAY)
    hidden = [CRISIS, SAFE]
    for turn in conversation.turns[1:]:
        assert turn.answer is not None
        hidden += [turn.answer.message.text] if turn.answer.message else []
        hidden += [notice.text for notice in turn.answer.notices if notice.id == "crisis_follow_up"]
    assert len(hidden) >= 4
    assert [text for text in hidden if html.escape(text[:40]) in shown] == []
    for line in parts.crisis_lines.help_for("US", "crisis").lines:
        assert html.escape(line.name) in shown


def test_a_crisis_alone_gives_no_page(open_page: Open, parts: Parts) -> None:
    label = parts.words.text("appointment_button")
    assert label not in [b.label for b in ask(open_page(), CRISIS).download_button]
    assert label in [b.label for b in ask(open_page(), QUESTION).download_button]


def test_questions_for_the_clinician_come_from_what_the_answers_left_open(parts: Parts) -> None:
    conversation = talk(parts, QUESTION, "Does ketamine cure tinnitus?")
    told = for_appointment(conversation.turns)
    questions = clinician_questions(told, parts.words)
    assert questions[0] == parts.words.text("clinician_ask_your_clinician", question=QUESTION)
    assert questions[1] == parts.words.text("clinician_no_evidence", question="Does ketamine cure tinnitus?")
    assert questions[2:] == [q for q in dict.fromkeys(told[1][1].follow_ups + told[0][1].follow_ups)][:5]
    assert len(questions) == len(set(questions))
