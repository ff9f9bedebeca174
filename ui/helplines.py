"""Help lines as HTML: big and first in a crisis, small below an answer, and the line that is always on screen."""

from __future__ import annotations

import re

from safety.crisis import Help, HelpLine
from ui.words import Words, escape

_DIALLED = re.compile(r"^[+\d][\d\s()-]*")


def phone_link(number: str, text: str = "", css: str = "") -> str:
    """A number to tap: only the leading digits are dialled ("988, then press 1" dials 988); plain text without any."""
    dialled = _DIALLED.match(number)
    shown = escape(text or number)
    if dialled is None:
        return shown
    digits = re.sub(r"[^\d+]", "", dialled[0])
    return f'<a class="{css}" href="tel:{digits}">{shown}</a>'


def outside_link(url: str, text: str, words: Words, about: str = "") -> str:
    """A link to another site: a new tab, no way back into ours. Anything but http(s) is shown as text.

    ``about`` is read out, not shown: what a short link text leads to.
    """
    if not url.startswith(("https://", "http://")):
        return escape(text)
    hidden = f'<span class="ka-sr"> {escape(about)} ({words.html("new_tab")})</span>'
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{escape(text)}{hidden}</a>'


def help_box(help: Help, words: Words, anchor: str, *, big: bool = False) -> str:
    """Every line of ``help``. ``big`` in a crisis; small where help only stays at hand."""
    css = "ka-help ka-help-big" if big else "ka-help"
    stays = not big and help.reason in ("crisis", "emergency")
    title = words.html("help_title_still" if stays else f"help_title_{help.reason}")
    return (
        f'<section class="{css}" aria-labelledby="{anchor}-help">'
        f'<h3 id="{anchor}-help">{title}</h3>{help_lines(help, words)}</section>'
    )


def help_lines(help: Help, words: Words) -> str:
    """The lines of ``help`` alone; in an emergency of the body its number comes first."""
    lines = "".join(_line(line, words) for line in help.lines)
    parts = [f"<ul>{lines}</ul>" if lines else "", _emergency(help, words)]
    if help.reason == "emergency":
        parts.reverse()
    return "".join(parts)


def help_strip(help: Help, words: Words) -> str:
    """One calm line for the foot of every page."""
    first = help.lines[0] if help.lines else None
    contact = _contact(first, words) if first else ""
    emergency = ""
    if _DIALLED.match(help.emergency):
        emergency = f" {words.html('crisis_strip_emergency')} {phone_link(help.emergency)}."
    return (
        f'<aside class="ka-strip" aria-label="{words.html("crisis_strip_label")}">'
        f"<p><strong>{words.html('crisis_strip')}</strong> {contact}{emergency}</p>"
        f"<p>{words.html('not_advice')}</p></aside>"
    )


def _contact(line: HelpLine, words: Words) -> str:
    if line.number:
        hours = f" ({escape(line.hours)})" if line.hours else ""
        return f"{escape(line.name)}: {phone_link(line.number)}{hours}."
    if line.url:
        return f"{outside_link(line.url, line.name, words)}."
    return f"{escape(line.name)}: {escape(line.text)}."


def _line(line: HelpLine, words: Words) -> str:
    details = [escape(part) for part in (line.text, line.hours) if part]
    if line.languages:
        names = ", ".join(words.label("language", code) for code in line.languages)
        details.append(words.html("help_languages", languages=names))
    if line.url:
        details.append(outside_link(line.url, words.text("help_website"), words, line.name))
    call = phone_link(line.number, words.text("help_call", number=line.number), "ka-call") if line.number else ""
    return f"<li><strong>{escape(line.name)}</strong>{call}<span>{' · '.join(details)}</span></li>"


def _emergency(help: Help, words: Words) -> str:
    if not _DIALLED.match(help.emergency):
        return f'<p class="ka-emergency">{words.html("help_emergency_any")}</p>'
    number = phone_link(help.emergency, css="ka-call")
    return f'<p class="ka-emergency"><span>{words.html("help_emergency")}</span> {number}</p>'
