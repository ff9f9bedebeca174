"""The source cards under an answer, as HTML: where each sentence comes from, in the source's exact words."""

from __future__ import annotations

from dataclasses import dataclass

from answer.schema import Answer, Citation
from ui.helplines import outside_link
from ui.words import Words, escape, sanitised


@dataclass(frozen=True, slots=True)
class Back:
    """Where a card's last link leads: an id on the page, and the id of the link's text."""

    anchor: str
    text: str


def card_anchor(turn: int, number: int) -> str:
    """The id of a source card, unique on the page: answer 3, citation 1 is ``a3-c1``."""
    return f"a{turn}-c{number}"


def citation_marks(turn: int, answer: Answer, words: Words) -> dict[int, str]:
    """The numbers in the text, each leading to its card."""
    return {citation.number: _mark(turn, citation, words) for citation in answer.citations}


def cards(turn: int, answer: Answer, words: Words) -> str:
    """All cards of one answer, foldable and open; an empty text when it cites nothing."""
    if not answer.citations:
        return ""
    items = "".join(
        card(citation, words, card_anchor(turn, citation.number), Back(f"a{turn}-answer", "card_back"))
        for citation in answer.citations
    )
    title = words.html("sources", count=str(len(answer.citations)))
    sure = f'<p class="ka-sure">{words.html(f"confidence_{answer.confidence}")}</p>' if answer.confidence else ""
    return sanitised(
        f'<details class="ka-sources" open=""><summary>{title}</summary>{sure}'
        f'<ol class="ka-cards">{items}</ol></details>'
    )


def card(citation: Citation, words: Words, anchor: str, back: Back, *, in_library: bool = True) -> str:
    """One card with the id ``anchor``. ``in_library`` is False where there is no library page to lead to."""
    section = f"{words.html('card_section', section=citation.section)}. " if citation.section else ""
    links = [
        outside_link(citation.url, words.text("card_open"), words, citation.title) if citation.url else "",
        _library_link(citation.source_id, words) if in_library else "",
        f'<a href="#{back.anchor}">{words.html(back.text)}</a>',
    ]
    css = "ka-card ka-card-clinic" if citation.provenance == "clinic" else "ka-card"
    return (
        f'<li class="{css}" id="{anchor}" tabindex="-1">'
        f'<p class="ka-card-title"><span class="ka-num">{citation.number}</span>{escape(citation.title)}</p>'
        f"{chips(facts(citation, words))}"
        f'<blockquote><span class="ka-sr">{words.html("card_quote")}: </span>'
        f"<mark>{escape(citation.quote)}</mark></blockquote>"
        f'<p class="ka-small">{section}{whose_words(citation.provenance, words)}</p>'
        f'<p class="ka-links">{"".join(link for link in links if link)}</p></li>'
    )


def facts(citation: Citation, words: Words) -> list[str]:
    """Publisher, year, kind, evidence grade and countries, in plain words."""
    found = [
        citation.publisher,
        str(citation.year) if citation.year else words.text("no_year"),
        words.label("kind", citation.kind),
        words.label("evidence", citation.evidence),
    ]
    if citation.country:
        found.append(words.text("card_countries", countries=words.countries(citation.country)))
    return [fact for fact in found if fact]


def chips(found: list[str]) -> str:
    """Short facts in a row."""
    return f'<p class="ka-chips">{" · ".join(escape(fact) for fact in found)}</p>'


def whose_words(provenance: str, words: Words) -> str:
    """Says honestly whose words a card shows."""
    return words.html({"summary": "card_summary", "source-text": "card_source_text"}.get(provenance, "card_clinic"))


def _mark(turn: int, citation: Citation, words: Words) -> str:
    label = words.html("citation_link", number=str(citation.number), title=citation.title)
    anchor = card_anchor(turn, citation.number)
    return f'<sup class="ka-cite"><a href="#{anchor}" aria-label="{label}">{citation.number}</a></sup>'


def _library_link(source_id: str, words: Words) -> str:
    hidden = f'<span class="ka-sr"> ({words.html("new_tab")})</span>'
    address = f"library?source={escape(source_id)}"
    return f'<a href="{address}" target="_blank" rel="noopener noreferrer">{words.html("card_all")}{hidden}</a>'
