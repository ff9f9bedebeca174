"""Reader-facing words for the pages, as plain text or safe for HTML.

Every text that reaches a page as HTML goes through ``escape``: our wording, the corpus and what a reader typed alike.
What holds words of sources or of a model goes through ``sanitised`` besides.
"""

from __future__ import annotations

import html

import nh3

from safety.wording import Wording, WordingError

_TAGS = {
    *("a", "aside", "blockquote", "details", "div", "h2", "h3", "h4", "h5", "li", "mark", "ol", "p", "section", "span"),
    *("strong", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES = {
    "*": {"class", "id", "role", "tabindex", "lang", "dir"},
    "a": {"href", "target", "rel"},
    "details": {"open"},
}


def escape(text: str) -> str:
    """``text`` as HTML that shows exactly these characters."""
    return html.escape(text, quote=True)


def sanitised(page: str) -> str:
    """HTML with nothing but what our own pages use: a second net behind ``escape``, should a text slip past it."""
    kept = nh3.clean(
        page,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        generic_attribute_prefixes={"aria-"},
        url_schemes={"http", "https", "tel"},
        link_rel=None,
        strip_comments=True,
    )
    # Spelt another way it would only be harder to read: what lost nothing stays as it was written.
    return page if html.unescape(kept) == html.unescape(page) else kept


def literal(text: str) -> str:
    """``text`` for a Streamlit label, which reads Markdown: every character that could mean something is escaped."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|$~:" else c for c in text)


def paragraphs(text: str) -> str:
    """``text`` as escaped HTML paragraphs, split where a line is empty."""
    blocks = [block.strip() for block in text.split("\n\n")]
    return "".join(f"<p>{escape(block)}</p>" for block in blocks if block)


class Words:
    """The interface texts of one language."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording

    def text(self, id: str, **fields: str) -> str:
        """An interface text with its fields filled in."""
        return self._wording.interface(id, **fields)

    def html(self, id: str, **fields: str) -> str:
        """The same, escaped for HTML."""
        return escape(self.text(id, **fields))

    def label(self, group: str, value: str) -> str:
        """The plain name of a coded value: ``label("kind", "meta-analysis")``. A value without one names itself."""
        try:
            return self.text(f"{group}_{value}")
        except WordingError:
            words = value.replace("-", " ")
            return words[:1].upper() + words[1:]

    def countries(self, codes: list[str]) -> str:
        """Country names in reading order, or an empty text."""
        return ", ".join(self.label("country", code) for code in codes)
