"""A reply as HTML to send, and what the page says of a mail: the flag for danger, what needs a clinician."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from answer.schema import Citation
from desk.draft import Danger, Item, Mail
from desk.reply import Finished, Trouble, published_in
from ui.cards import Back, card
from ui.helplines import help_box
from ui.words import Words, escape, paragraphs, sanitised

_MARK = re.compile(r"\[(\d{1,3})\]")
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")
_STYLE = (
    "font-family: Georgia, serif; font-size: 16px; line-height: 1.5; max-width: 42em; color: #222; background: #fff"
)


def as_page(finished: Finished, words: Words, language: str, title: str, *, quotes: bool) -> str:
    """The reply as a page that stands alone: no script runs in it and nothing is loaded."""
    body = "".join(f"<p>{_linked(line)}</p>" for line in finished.text.split("\n") if line.strip())
    notes = "".join(_note(note, quotes=quotes) for note in finished.notes)
    sources = f"<h2>{words.html('draft_sources')}</h2>{notes}" if notes else ""
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title></head>'
        f'<body style="{_STYLE}">{sanitised(f"<div>{body}{sources}</div>")}</body></html>\n'
    )


def danger_html(mail: Mail, words: Words) -> str:
    """The flag above everything: that a person must act, the words found, and the help lines."""
    boxes = "".join(
        f'<section class="ka-danger" role="alert"><h3>{words.html(f"draft_danger_{outcome}")}</h3>'
        f"<p>{words.html('draft_danger_told')}</p><p>{words.html('draft_danger_words')}</p>{_quoted(dangers)}"
        f"<p>{words.html('draft_danger_begin')}</p>{_help(dangers, words, outcome)}</section>"
        for outcome in ("emergency", "crisis")
        if (dangers := [danger for danger in mail.dangers if danger.answer.outcome == outcome])
    )
    return sanitised(boxes)


def clinician_html(items: Sequence[Item], mail: Mail, words: Words) -> str:
    """What needs a clinician: each question with why, and words that sound hard."""
    listed = "".join(
        f"<li><p><strong>{escape(item.asking.text)}</strong></p>"
        f"<p>{' '.join(words.html(f'draft_why_{reason}') for reason in item.reasons)}</p></li>"
        for item in items
        if item.reasons
    )
    listed += "".join(
        f"<li><p><strong>{escape(text)}</strong></p><p>{words.html('draft_why_check_in')}</p></li>" for text in mail.low
    )
    told = f'<ul class="ka-for-clinician">{listed}</ul>' if listed else f"<p>{words.html('draft_clinician_none')}</p>"
    return sanitised(f'<section class="ka-clinician"><h3>{words.html("draft_clinician")}</h3>{told}</section>')


def mail_html(mail: Mail, words: Words) -> str:
    """The mail with its placeholders, to unfold."""
    found = ", ".join(dict.fromkeys(identifier.placeholder for identifier in mail.hidden.found)) or "–"
    return sanitised(
        f'<details class="ka-draft-mail"><summary>{words.html("draft_hidden")}</summary>'
        f"{paragraphs(mail.hidden.text)}</details>"
        f'<p class="ka-small">{words.html("draft_hidden_check", found=found)}</p>'
    )


def sources_html(notes: Sequence[Citation], words: Words, *, in_library: bool) -> str:
    """The sources that numbers in the text lead to, as cards."""
    items = "".join(
        card(note, words, f"draft-c{note.number}", Back("ka-draft-reply", "draft_back"), in_library=in_library)
        for note in notes
    )
    title = words.html("sources", count=str(len(notes)))
    cards = f'<details class="ka-sources"><summary>{title}</summary><ol class="ka-cards">{items}</ol></details>'
    return sanitised(cards if notes else f"<p>{words.html('draft_sources_none')}</p>")


def trouble_html(troubles: Sequence[tuple[Trouble, str]], words: Words) -> str:
    """The sentences whose source was lost, is missing or was changed."""
    if not troubles:
        return f'<p class="ka-small" role="status">{words.html("draft_no_trouble")}</p>'
    items = "".join(
        f"<li><p>{words.html(f'draft_trouble_{trouble}')}:</p><p><strong>{escape(text)}</strong></p></li>"
        for trouble, text in troubles
    )
    return sanitised(f'<ul class="ka-trouble" role="status">{items}</ul>')


def _quoted(dangers: Sequence[Danger]) -> str:
    return "".join(f"<blockquote>{paragraphs(danger.text)}</blockquote>" for danger in dangers)


def _help(dangers: Sequence[Danger], words: Words, outcome: str) -> str:
    help_ = dangers[0].answer.help
    return help_box(help_, words, f"draft-{outcome}", big=True) if help_ else ""


def _linked(line: str) -> str:
    """A line as HTML, its marks leading to their notes and its addresses to their pages."""
    return _addressed(_MARK.sub(r'<sup><a href="#note-\1">[\1]</a></sup>', escape(line)))


def _addressed(shown: str) -> str:
    return _ADDRESS.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', shown)


def _note(note: Citation, *, quotes: bool) -> str:
    quote = f" “{note.quote}”" if quotes else ""
    end = "" if note.title.endswith((".", "?", "!")) else "."
    told = escape(f"[{note.number}] {note.title}{end} {published_in(note)}.{quote} ")
    url = html.escape(note.url or "", quote=True)
    return f'<p id="note-{note.number}">{told}{_addressed(url)}</p>'
