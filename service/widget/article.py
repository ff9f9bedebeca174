"""The clinic's own article as HTML: Markdown made safe, so that a pasted script stays text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import nh3
from markdown_it import MarkdownIt

from errors import OperatorError
from ingest.clean import drop_tail_links

_FRONT_MATTER = re.compile(r"\A\ufeff?---\r?\n.*?^---\r?\n", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"^#\s+(.+?)\s*#*$", re.MULTILINE)
_TAGS = {"p", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "a", "blockquote", "br", "code"}


class ArticleError(OperatorError):
    """The article can't be read; the text names the file."""


@dataclass(frozen=True, slots=True)
class Article:
    """A title, and a body of harmless HTML below it."""

    title: str
    html: str


def read_article(path: Path) -> Article:
    """The article in this Markdown file, without front matter and without a website's "read more" at its end.

    Raises:
        ArticleError: the file can't be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArticleError(f"{path}: the article can't be read: {error}") from error
    text = drop_tail_links(_FRONT_MATTER.sub("", text, count=1))
    title = _TITLE.search(text)
    body = text[title.end() :] if title else text
    return Article(title[1] if title else path.stem, to_html(body))


def to_html(markdown: str) -> str:
    """Markdown as HTML of a few harmless tags; links lead to https only, and nothing is loaded from elsewhere."""
    rendered: str = MarkdownIt("commonmark", {"html": False}).render(markdown)
    kept: dict[str, set[str]] = {"a": {"href"}, "*": set()}
    return nh3.clean(rendered, tags=_TAGS, attributes=kept, url_schemes={"https"}, link_rel="noopener noreferrer")
