"""The conversation as one printable page: questions for the clinician, answers, their sources, and help lines.

The page stands alone: no script runs in it and nothing is loaded from elsewhere. A turn in a crisis, and the one in
which the reader says that it is over, are left out; of them only the help lines stay, which every such page has.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from textwrap import shorten

from answer.schema import Answer, Citation
from safety.crisis import Help
from ui.answers import sentence, wording_note
from ui.cards import card_anchor, chips, citation_marks, facts, whose_words
from ui.helplines import help_lines, outside_link
from ui.keep import Turn
from ui.shared import Parts
from ui.words import Words, escape, paragraphs

MOST_FOLLOW_UPS = 5
LONGEST_QUOTED = 200
BLANK_LINES = 3
_STYLE = Path(__file__).parent / "appointment.css"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_FOR_THE_CHAT_ONLY = ("check_in", "crisis_follow_up")
_TO_BE_ASKED = ("ask_your_clinician", "other_country")


def for_appointment(turns: Sequence[Turn]) -> list[tuple[Turn, Answer]]:
    """The answered turns that belong on the page, oldest first."""
    ends = {turn.number for before, turn in pairwise(turns) if before.told_of_crisis()}
    return [
        (turn, turn.answer)
        for turn in turns
        if turn.answer and not turn.in_crisis and not {turn.number, turn.rewords} & ends and _informs(turn.answer)
    ]


def page(turns: Sequence[Turn], here: Parts, today: date) -> str:
    """The whole page as HTML; everything in it is escaped."""
    words, told = here.words, for_appointment(turns)
    helped = [turn.answer.help for turn in turns if turn.answer and turn.answer.help]
    made = words.html("appointment_made", title=words.text("title"), date=today.isoformat())
    talk = "".join(_turn(turn, answer, words) for turn, answer in told)
    title = words.html("appointment_title")
    return (
        f'<!doctype html>\n<html lang="{here.settings.language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><meta name="referrer" content="no-referrer">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE.read_text(encoding='utf-8')}</style></head><body>"
        f"<header><h1>{title}</h1><p>{made}</p>"
        f"<p><strong>{words.html('not_advice')}</strong> {words.html('appointment_automated')}</p></header>"
        f"<main>{_questions(told, words)}"
        f"<section><h2>{words.html('appointment_talk')}</h2>{talk}</section>"
        f"{_help(helped[-1] if helped else here.help_at_hand(), words)}</main></body></html>\n"
    )


def clinician_questions(told: Sequence[tuple[Turn, Answer]], words: Words) -> list[str]:
    """What to ask in person: what the answers left to a clinician or to other sources, then what could follow."""
    found: list[str] = []
    follow_ups: list[str] = []
    asked = {turn.question for turn, _ in told}
    for turn, answer in told:
        ids = [notice.id for notice in answer.notices if notice.id in _TO_BE_ASKED]
        ids += ["no_evidence"] if answer.outcome == "no_evidence" else []
        question = shorten(turn.question, LONGEST_QUOTED, placeholder=" …")
        found += [words.text(f"clinician_{id}", question=question) for id in ids]
        follow_ups = [*answer.follow_ups, *follow_ups]
    unasked = [question for question in dict.fromkeys(follow_ups) if question not in asked]
    return [*dict.fromkeys(found), *unasked[:MOST_FOLLOW_UPS]]


def _informs(answer: Answer) -> bool:
    """True for an answer, and for saying that the sources have none; other messages help nobody at a clinic."""
    return answer.outcome == "answered" or (answer.message is not None and answer.message.id.startswith("no_evidence"))


def _questions(told: Sequence[tuple[Turn, Answer]], words: Words) -> str:
    items = "".join(f"<li>{escape(question)}</li>" for question in clinician_questions(told, words))
    lines = '<div class="line"></div>' * BLANK_LINES
    return (
        f'<section class="questions"><h2>{words.html("clinician_questions")}</h2><ul>{items}</ul>'
        f"<p>{words.html('clinician_own')}</p>{lines}</section>"
    )


def _turn(turn: Turn, answer: Answer, words: Words) -> str:
    again = f'<p class="note">{words.html(f"again_{turn.detail}")}</p>' if turn.rewords else ""
    message = paragraphs(answer.message.text) if answer.message else ""
    marks = citation_marks(turn.number, answer, words)
    said = "".join(sentence(told, marks) for told in answer.sentences)
    notices = "".join(
        f'<p class="note">{escape(notice.text)}</p>' for notice in answer.notices if notice.id not in _FOR_THE_CHAT_ONLY
    )
    return (
        f"<article>{again}<h3>{escape(turn.question)}</h3>{message}{said}{wording_note(answer, words)}{notices}"
        f"{_sources(turn, answer, words)}</article>"
    )


def _sources(turn: Turn, answer: Answer, words: Words) -> str:
    if not answer.citations:
        return ""
    sure = f'<p class="note">{words.html(f"confidence_{answer.confidence}")}</p>' if answer.confidence else ""
    items = "".join(_source(turn.number, citation, words) for citation in answer.citations)
    return f"<h4>{words.html('sources', count=str(len(answer.citations)))}</h4>{sure}<ol>{items}</ol>"


def _source(turn: int, citation: Citation, words: Words) -> str:
    link = f"<p>{outside_link(citation.url, citation.url, words, citation.title)}</p>" if citation.url else ""
    return (
        f'<li value="{citation.number}" id="{card_anchor(turn, citation.number)}">'
        f"<p><b>{escape(citation.title)}</b></p>"
        f"{chips(facts(citation, words))}<blockquote>{escape(citation.quote)}</blockquote>"
        f'<p class="note">{whose_words(citation.provenance, words)}</p>{link}</li>'
    )


def _help(help: Help, words: Words) -> str:
    return f'<section class="help"><h2>{words.html("crisis_strip_label")}</h2>{help_lines(help, words)}</section>'
