"""The chat page on the real engine: what a reader sees, and what is never lost."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from answer.schema import Answer
from safety.triage import Triager
from settings import ROOT
from ui import shared
from ui.answers import grow, question, spoken, whole
from ui.cards import cards
from ui.helplines import help_box, help_strip, outside_link, phone_link
from ui.keep import IDLE_SECONDS, Conversation, Keep, Turn
from ui.session import State
from ui.shared import Parts

QUESTION = "What are the common side effects of ketamine?"
CRISIS = "I want to kill myself tonight"
HOSTILE = "<img src=x onerror=alert(1)> $x^2$ **bold** [a](javascript:b)"
Open = Callable[[], AppTest]


def page_html(at: AppTest) -> str:
    assert not at.exception
    assert len(at.chat_input) == 1, "the chat page must be there"
    return "\n".join(element.proto.body for element in at.get("html"))


def ask(at: AppTest, text: str) -> AppTest:
    assert len(at.chat_input) == 1, "the chat page must be there"
    return at.chat_input[0].set_value(text).run()


def button(at: AppTest, label: str) -> Any:
    return next(b for b in at.button if b.label == label)


def state_of(at: AppTest) -> State:
    found: State = at.session_state["ketamine_answers"]
    return found


def test_first_line_says_automated_and_nobody_reads_along(open_page: Open, parts: Parts) -> None:
    shown = page_html(open_page())
    assert html.escape(parts.words.text("first_line", clinic=parts.settings.clinic_name)) in shown
    assert parts.words.html("not_advice") in shown
    assert 'href="tel:988"' in shown, "the crisis line stands on the page before anything is asked"


def test_a_suggested_question_is_asked_by_its_button(open_page: Open, parts: Parts) -> None:
    at = open_page()
    assert parts.engine is not None
    assert len(at.button) == len(parts.engine.suggestions()) > 0
    at.button[0].click().run()
    assert len(at.chat_message) == 2
    assert state_of(at).conversation.turns[0].question == parts.engine.suggestions()[0]


def test_an_answer_shows_each_sentence_with_a_link_to_its_own_card(open_page: Open) -> None:
    at = ask(open_page(), QUESTION)
    shown = page_html(at)
    answer = state_of(at).conversation.turns[0].answer
    assert answer is not None
    assert answer.outcome == "answered"
    assert answer.sentences
    for citation in answer.citations:
        assert f'href="#a1-c{citation.number}"' in shown
        assert shown.count(f'id="a1-c{citation.number}"') == 1
        assert f"<mark>{html.escape(citation.quote)}</mark>" in shown
        assert html.escape(citation.title) in shown


def test_anchors_are_unique_over_several_answers(open_page: Open) -> None:
    at = ask(ask(open_page(), QUESTION), QUESTION)
    anchors = re.findall(r' id="([^"]+)"', page_html(at))
    assert "a2-c1" in anchors
    assert len(anchors) == len(set(anchors))


def test_a_follow_up_is_asked_with_the_earlier_question_as_history(open_page: Open) -> None:
    at = ask(open_page(), QUESTION)
    first = state_of(at).conversation.turns[0].answer
    assert first is not None
    if not first.follow_ups:
        pytest.skip("this answer suggests no follow-up")
    assert parts_label(first.follow_ups[0]) in [b.label for b in at.button]
    next(b for b in at.button if b.label == parts_label(first.follow_ups[0])).click().run()
    conversation = state_of(at).conversation
    assert [turn.question for turn in conversation.turns] == [QUESTION, first.follow_ups[0]]
    assert conversation.history_before(conversation.turns[1], "stand-in") == [QUESTION]


def parts_label(text: str) -> str:
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|$~:" else c for c in text)


def test_crisis_shows_help_lines_before_the_message_and_the_way_out(open_page: Open, parts: Parts) -> None:
    at = ask(open_page(), CRISIS)
    body = at.chat_message[1].get("html")[0].proto.body
    answer = state_of(at).conversation.turns[0].answer
    assert answer is not None
    assert answer.outcome == "crisis"
    assert answer.message is not None
    assert body.index("ka-help-big") < body.index("ka-message")
    assert body.index('href="tel:988"') < body.index('href="tel:911"') < body.index("ka-message")
    labels = [b.label for b in at.button]
    assert parts.words.text("safe_now_button") in labels
    assert parts.words.text("other_question_button") in labels


def test_a_crisis_lasts_until_the_safe_button(open_page: Open, parts: Parts) -> None:
    at = ask(ask(open_page(), CRISIS), QUESTION)
    assert state_of(at).conversation.turns[1].in_crisis
    button(at, parts.words.text("safe_now_button")).click().run()
    assert not state_of(at).conversation.turns[2].in_crisis
    ask(at, QUESTION)
    last = state_of(at).conversation.turns[3]
    assert last.answer is not None
    assert last.answer.outcome == "answered"
    assert last.answer.help is not None, "help stays at hand"
    assert parts.words.html("help_title_still") in page_html(at)


def test_the_other_question_is_answered_below_the_help(open_page: Open, parts: Parts) -> None:
    at = ask(open_page(), f"{CRISIS}. {QUESTION}")
    button(at, parts.words.text("other_question_button")).click().run()
    turns = state_of(at).conversation.turns
    assert len(turns) == 1
    assert turns[0].answer is not None
    assert turns[0].answer.outcome == "crisis"
    assert turns[0].answer.sentences
    body = at.chat_message[1].get("html")[0].proto.body
    assert body.index("ka-help-big") < body.index("ka-sentence")
    assert parts.words.text("other_question_button") not in [b.label for b in at.button]


def test_what_a_reader_typed_is_shown_literally(open_page: Open) -> None:
    shown = page_html(ask(open_page(), HOSTILE))
    assert html.escape(HOSTILE) in shown
    assert "<img" not in shown


def test_a_question_too_long_is_kept_in_the_box_with_a_kind_message(open_page: Open, parts: Parts) -> None:
    long = "word " * parts.settings.max_question_chars
    at = ask(open_page(), long)
    assert f"{parts.settings.max_question_chars:,}" in page_html(at)
    assert "ka-too-long" in page_html(at)
    assert not state_of(at).conversation.turns


def test_a_message_in_crisis_gets_help_however_long_it_is(open_page: Open, parts: Parts) -> None:
    at = ask(open_page(), f"{CRISIS}. " + "word " * parts.settings.max_question_chars)
    assert state_of(at).conversation.turns[0].in_crisis
    assert "ka-help-big" in page_html(at)


def test_new_conversation_forgets_everything(open_page: Open, parts: Parts) -> None:
    at = ask(open_page(), QUESTION)
    before = state_of(at).conversation.id
    assert parts.keep.get(before) is not None
    button(at, parts.words.text("new_conversation")).click().run()
    assert QUESTION not in page_html(at)
    assert state_of(at).conversation.id != before
    assert parts.keep.get(before) is None


def test_an_engine_that_fails_leaves_a_calm_sentence_and_a_way_to_ask_again(
    open_page: Open, parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing:
        def __getattr__(self, name: str) -> Any:
            return getattr(parts.engine, name)

        def ask(self, question: object) -> Answer:
            raise RuntimeError("my secret question")

    shared.provide(replace(parts, engine=Failing()))  # type: ignore[arg-type]
    at = ask(open_page(), QUESTION)
    assert parts.words.html("answer_failed") in page_html(at)
    assert "secret" not in caplog.text
    shared.provide(parts)
    button(at, parts.words.text("ask_again")).click().run()
    assert parts.words.html("answer_failed") not in page_html(at)
    assert state_of(at).conversation.turns[0].answer is not None


def test_a_stopped_question_is_not_lost_and_can_be_asked_again(open_page: Open, parts: Parts) -> None:
    at = ask(open_page(), QUESTION)
    turn = state_of(at).conversation.turns[0]
    turn.answer, turn.pending = None, False
    at.run()
    assert parts.words.html("stopped") in page_html(at)
    assert html.escape(QUESTION) in page_html(at)
    button(at, parts.words.text("ask_again")).click().run()
    assert state_of(at).conversation.turns[0].answer is not None


def test_a_rerun_loses_nothing_and_asks_nothing_again(open_page: Open) -> None:
    at = ask(open_page(), QUESTION)
    answer = state_of(at).conversation.turns[0].answer
    shown = [h.proto.body for h in at.chat_message[1].get("html")]
    at.run()
    assert state_of(at).conversation.turns[0].answer is answer
    assert [h.proto.body for h in at.chat_message[1].get("html")] == shown


def test_a_finished_answer_is_announced_in_its_own_run_only(open_page: Open) -> None:
    at = ask(open_page(), QUESTION)
    state = state_of(at)
    answer = state.conversation.turns[0].answer
    assert answer is not None
    assert answer.sentences[0].text in state.announcement
    assert "[1]" not in state.announcement
    at.run()
    assert state_of(at).announcement == ""


def test_without_an_engine_the_page_still_shows_help(open_page: Open, parts: Parts) -> None:
    shared.provide(replace(parts, engine=None))
    at = open_page()
    assert not at.exception
    shown = "\n".join(element.proto.body for element in at.get("html"))
    assert parts.words.html("not_ready") in shown
    assert shown.count('href="tel:988"') == 2


# ------------------------------------------------------------------------------------------------ units


def answered(parts: Parts, text: str = QUESTION) -> Answer:
    from answer.schema import Question

    assert parts.engine is not None
    return parts.engine.ask(Question(text=text))


def test_growing_never_withdraws_what_was_shown(parts: Parts) -> None:
    answer = answered(parts)
    steps = list(grow(1, answer, parts.words))
    assert len(steps) >= len(answer.sentences) > 0
    for number, sentence in enumerate(answer.sentences):
        start = html.escape(sentence.text.rpartition(" ")[0])
        shown = [start in step for step in steps]
        assert shown == sorted(shown), f"sentence {number} disappeared"
    assert whole(1, answer, parts.words) == steps[-1]


def test_corpus_text_is_escaped_everywhere(parts: Parts) -> None:
    answer = answered(parts).model_copy(deep=True)
    answer.sentences[0].text = HOSTILE
    for citation in answer.citations:
        citation.quote = citation.title = citation.section = citation.publisher = HOSTILE
        citation.url = "javascript:alert(1)"
    shown = whole(1, answer, parts.words) + cards(1, answer, parts.words) + question(Turn(1, HOSTILE), parts.words)
    assert "ka-card" in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown


@pytest.mark.parametrize(
    ("provenance", "id"), [("summary", "card_summary"), ("clinic", "card_clinic"), ("source-text", "card_source_text")]
)
def test_a_card_says_whose_words_it_shows(parts: Parts, provenance: str, id: str) -> None:
    answer = answered(parts).model_copy(deep=True)
    answer.citations = [answer.citations[0].model_copy(update={"provenance": provenance})]
    assert parts.words.html(id) in cards(1, answer, parts.words)


def test_outside_links_open_safely(parts: Parts) -> None:
    link = outside_link("https://example.org/?a=1&b=2", "name", parts.words)
    assert 'target="_blank"' in link
    assert 'rel="noopener noreferrer"' in link
    assert "a=1&amp;b=2" in link
    assert "href" not in outside_link("javascript:alert(1)", "name", parts.words)


@pytest.mark.parametrize(
    ("number", "dialled"), [("988, then press 1", "988"), ("116 123", "116123"), ("1-866-277-3553", "18662773553")]
)
def test_numbers_dial_their_digits_only(number: str, dialled: str) -> None:
    assert f'href="tel:{dialled}"' in phone_link(number)


def test_a_number_in_words_is_no_link() -> None:
    assert phone_link("your local emergency number") == "your local emergency number"


@pytest.mark.parametrize("country", ["US", "GB", "IE", "GR", "FR", "XX"])
def test_every_country_has_a_strip_and_a_box(parts: Parts, country: str) -> None:
    lines = parts.crisis_lines.help_for(country, "crisis")
    assert lines.lines[0].name.replace("&", "&amp;") in help_strip(lines, parts.words)
    box = help_box(lines, parts.words, "a1", big=True)
    assert all(html.escape(line.name) in box for line in lines.lines)


def test_a_topic_question_gets_a_small_help_line_below(parts: Parts) -> None:
    answer = answered(parts).model_copy(deep=True)
    answer.help = parts.crisis_lines.help_for("US", "topic")
    shown = whole(1, answer, parts.words)
    assert "ka-help-big" not in shown
    assert shown.index("ka-sentence") < shown.index("ka-help")
    assert "988" not in spoken(answer, parts.words)


def test_a_crisis_is_kept_without_its_words(parts: Parts) -> None:
    conversation = Conversation()
    turn = conversation.add(CRISIS)
    turn.answer = answered(parts, CRISIS)
    keep = Keep()
    keep.put(conversation)
    kept = keep.get(conversation.id)
    assert kept is not None
    assert CRISIS not in repr(kept)
    assert kept.turns[0].in_crisis
    assert kept.turns[0].answer is not None
    assert kept.turns[0].answer.help is not None
    assert conversation.turns[0].question == CRISIS, "the session itself still shows it"


def test_after_a_reload_the_safety_rules_still_know_of_the_crisis(parts: Parts) -> None:
    stand_in = parts.words.text("crisis_stand_in")
    triage = Triager(ROOT / "safety" / "lexicons").triage(QUESTION, [stand_in])
    assert triage.outcome == "crisis"
    safe = Triager(ROOT / "safety" / "lexicons").triage(parts.words.text("safe_now"), [stand_in])
    assert safe.outcome is None


def test_the_keep_forgets_what_is_idle() -> None:
    now = [0.0]
    keep = Keep(clock=lambda: now[0])
    conversation = Conversation()
    conversation.add(QUESTION)
    keep.put(conversation)
    now[0] = IDLE_SECONDS - 1
    assert keep.get(conversation.id) is not None
    now[0] = IDLE_SECONDS + 1
    assert keep.get(conversation.id) is None


def test_ids_can_not_be_guessed() -> None:
    assert len({Conversation().id for _ in range(100)}) == 100
    assert len(Conversation().id) >= 32


def test_somebody_who_asks_too_fast_gets_a_kind_sentence_and_help_all_the_same(parts: Parts, open_page: Open) -> None:
    shared.provide(replace(parts, seconds_to_wait=lambda client: 30))
    at = ask(open_page(), QUESTION)
    assert parts.words.html("too_many_questions") in page_html(at)
    assert state_of(at).conversation.turns[-1].answer is None
    at = ask(at, CRISIS)
    answer = state_of(at).conversation.turns[-1].answer
    assert answer is not None and answer.outcome == "crisis"


def test_the_limit_counts_each_session_of_this_machine_apart(parts: Parts, open_page: Open) -> None:
    clients: list[str] = []

    def count(client: str) -> int:
        clients.append(client)
        return 0

    shared.provide(replace(parts, seconds_to_wait=count))
    for _ in range(2):
        ask(open_page(), QUESTION)
    assert len(clients) == 2 and all(clients) and len(set(clients)) == 2


def test_the_page_says_which_company_receives_questions(
    parts: Parts, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "language model of" not in page_html(open_page())
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setattr(type(parts.engine), "uses_model", True)
    shared.provide(replace(parts, settings=parts.settings.model_copy(update={"model": "openai:gpt"})))
    assert parts.words.html("model_receiver", company="OpenAI") in page_html(open_page())
