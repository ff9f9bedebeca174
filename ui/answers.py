"""A turn of the conversation as HTML: the question, the answer's sentences, its notices, and the spoken summary."""

from __future__ import annotations

from collections.abc import Iterator

from answer.schema import Answer, Sentence
from ui.cards import citation_marks
from ui.helplines import help_box
from ui.keep import Turn, puts_help_first
from ui.words import Words, escape, paragraphs, sanitised


def question(turn: Turn, words: Words) -> str:
    """What the reader asked, exactly as typed; above it, that it was asked again for another wording."""
    if turn.forgotten:
        shown = f'<p class="ka-quiet">{words.html("crisis_forgotten")}</p>'
    else:
        again = f'<p class="ka-again">{words.html(f"again_{turn.detail}")}</p>' if turn.rewords else ""
        shown = f'<div>{again}<p class="ka-typed">{escape(turn.question)}</p></div>'
    return (
        f'<div class="ka-question" id="a{turn.number}-q"><h2 class="ka-sr">{words.html("you_asked")}</h2>{shown}</div>'
    )


def grow(turn: int, answer: Answer, words: Words) -> Iterator[str]:
    """The answer as it grows: first help and message, then one more sentence each time.

    Every step shows all before it again, so that nothing shown is ever withdrawn.
    """
    before, after = _before(turn, answer, words), _after(turn, answer, words)
    marks = citation_marks(turn, answer, words)
    told = ""
    if not answer.sentences or before:
        yield _wrap(turn, before + ("" if answer.sentences else after), words)
    for number, said in enumerate(answer.sentences, start=1):
        told += sentence(said, marks)
        last = number == len(answer.sentences)
        yield _wrap(turn, before + told + (after if last else ""), words)


def whole(turn: int, answer: Answer, words: Words) -> str:
    """The finished answer."""
    return list(grow(turn, answer, words))[-1]


def sentence(told: Sentence, marks: dict[int, str]) -> str:
    """A sentence with its citation marks; the first mark never stands alone on a line."""
    first, *more = [marks[number] for number in told.citations if number in marks] or [""]
    start, space, last = told.text.rpartition(" ")
    end = f'<span class="ka-end">{escape(last)}{first}</span>{"".join(more)}'
    return f'<p class="ka-sentence">{escape(start + space)}{end}</p>'


def wording_note(answer: Answer, words: Words) -> str:
    """Whose wording the sentences are, as a quiet line; none when they stand in the sources as they are shown."""
    if not answer.sentences or (answer.composer == "extractive" and _is_verbatim(answer)):
        return ""
    return f'<p class="ka-small ka-wording">{words.html(f"wording_{answer.composer}")}</p>'


def spoken(answer: Answer, words: Words) -> str:
    """What a screen reader is told, once, when the answer is complete: the text, without its citation marks."""
    told = [answer.message.text] if answer.message else []
    told += [said.text for said in answer.sentences]
    if answer.help and puts_help_first(answer):
        told.insert(0, _spoken_help(answer, words))
    count = len(answer.citations)
    if count:
        told.append(words.text("announce_source") if count == 1 else words.text("announce_sources", count=str(count)))
    return words.text("announce", answer=" ".join(told))


def _before(turn: int, answer: Answer, words: Words) -> str:
    """Help first, and big, when somebody may be in danger; then the reviewed message."""
    shown = help_box(answer.help, words, f"a{turn}", big=True) if answer.help and puts_help_first(answer) else ""
    if answer.message:
        marks = citation_marks(turn, answer, words)
        cited = "".join(marks[number] for number in answer.message.citations if number in marks)
        shown += f'<div class="ka-message">{paragraphs(answer.message.text)}{cited}</div>'
    return shown


def _after(turn: int, answer: Answer, words: Words) -> str:
    shown = wording_note(answer, words)
    notices = "".join(f"<p>{escape(notice.text)}</p>" for notice in answer.notices)
    shown += f'<div class="ka-notices">{notices}</div>' if notices else ""
    if answer.help and not puts_help_first(answer):
        shown += help_box(answer.help, words, f"a{turn}")
    return shown


def _is_verbatim(answer: Answer) -> bool:
    quotes = {citation.number: citation.quote for citation in answer.citations}
    return all(any(told.text in quotes[n] for n in told.citations if n in quotes) for told in answer.sentences)


def _wrap(turn: int, inner: str, words: Words) -> str:
    heading = f'<h2 class="ka-sr">{words.html("answer_label")}</h2>'
    return sanitised(f'<div class="ka-answer" id="a{turn}-answer" tabindex="-1">{heading}{inner}</div>')


def _spoken_help(answer: Answer, words: Words) -> str:
    lines = answer.help.lines if answer.help else ()
    named = [f"{line.name}: {line.number or line.text}" for line in lines[:1] if line.number or line.text]
    reason = answer.help.reason if answer.help else "crisis"
    return ". ".join([words.text(f"help_title_{reason}"), *named]) + "."
