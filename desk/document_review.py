"""What stands in the way of a document's approval, and the file that an approved one becomes."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from desk.models import Document
from errors import OperatorError
from ingest.load import UnusableFileError, load_file
from ingest.load.extract import joined
from ingest.schema import SourceMeta
from ingest.split import sentences
from ingest.suspect import Suspicion, found_in, visible, without

FACTS = "clinic-information"
"""The kind of the clinic's own practical facts."""

OWN_KINDS = (FACTS, "clinic-article")
"""Kinds whose words are the clinic's own; of every other kind they are the source's."""


class DocumentError(OperatorError):
    """Something can't be done with a document; the message says why."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """A sentence of the clinic's facts that differs from the literature, and why; ``refused`` when it may not stand."""

    text: str
    reason: str
    refused: bool = True


Check = Callable[[Sequence[str]], Sequence[Flagged]]
"""Which of the clinic's sentences differ from the literature; medical claims among them may not stand."""


@dataclass(frozen=True, slots=True)
class Odd:
    """Something that an editor must tick or cut before approval.

    ``page`` counts from 1, 0 for the whole document; ``left_out`` is True where the passage isn't indexed even when it
    is ticked; ``cuttable`` where it is a passage.
    """

    key: str
    page: int
    why: str
    words: str = ""
    left_out: bool = False
    cuttable: bool = True
    ticked: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """What staff should know of a document before they approve it."""

    odd: tuple[Odd, ...]
    flagged: tuple[Flagged, ...]
    problem: str
    remarks: tuple[str, ...]

    @property
    def blockers(self) -> list[str]:
        """Why it can't be approved; empty when it can."""
        unticked = sum(not odd.ticked for odd in self.odd)
        told = [f"{unticked} suspicious passages must be ticked or cut first."] if unticked else []
        told += [f"“{flag.text}”: {flag.reason}" for flag in self.flagged if flag.refused]
        return [*told, self.problem] if self.problem else told


def review(document: Document, check: Check) -> Review:
    """Everything that was found in a document."""
    meta = meta_of(document)
    odd = [
        Odd(key(message), 0, message, cuttable=False, ticked=key(message) in document.ticked)
        for message, must_be_ticked in document.notes
        if must_be_ticked
    ]
    for number, page in enumerate(document.pages, start=1):
        odd += [_odd(page, number, found, document.ticked) for found in found_in(page, meta)]
    flagged = tuple(check(sentences_of(document))) if meta.kind == FACTS else ()
    remarks = tuple(message for message, must_be_ticked in document.notes if not must_be_ticked)
    return Review(tuple(odd), flagged, unusable(document), remarks)


def cut(page: str, keys: Sequence[str], meta: SourceMeta) -> str:
    """A page without the paragraphs, bullets and headings that hold a suspicious passage with one of the keys."""
    found = [one for one in found_in(page, meta) if key(page[one.start : one.end]) in keys]
    lines = without(page, found).split("\n")
    kept = [line for line, before in zip(lines, page.split("\n"), strict=True) if line.strip() or not before.strip()]
    return "\n".join(kept).strip()


def key(words: str) -> str:
    """A name for a passage that stays as long as its words do."""
    return hashlib.sha256(" ".join(words.split()).encode()).hexdigest()[:12]


def meta_of(document: Document) -> SourceMeta:
    """The document's metadata."""
    return SourceMeta.model_validate(document.matter)


def checked(matter: dict[str, Any]) -> dict[str, Any]:
    """Metadata as it is kept: whose words they are follows from the kind, and practical facts have no grade.

    Raises:
        DocumentError: a field doesn't fit; the message names it.
    """
    own = matter.get("kind") in OWN_KINDS
    set_ = {"provenance": "clinic" if own else "source-text"} | ({"evidence": "none"} if own else {})
    try:
        meta = SourceMeta.model_validate({**matter, **set_})
    except ValidationError as error:
        first = error.errors()[0]
        raise DocumentError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
    return meta.model_dump(mode="json", exclude_defaults=True) | set_


def sentences_of(document: Document) -> list[str]:
    """The document's sentences, without headings and marks."""
    lines = (line.lstrip("-*+ ").strip() for page in document.pages for line in page.split("\n"))
    return [sentence for line in lines if line and not line.startswith("#") for sentence in sentences(line)]


def rendered(document: Document) -> str:
    """The Markdown file, front matter and all, that an approved document becomes."""
    matter = yaml.safe_dump(document.matter, allow_unicode=True, sort_keys=False, width=1000)
    body = joined(document.pages).strip()
    heading = "" if body.startswith("# ") else f"# {document.matter['title']}\n\n"
    return f"---\n{matter}---\n{heading}{body}\n"


def unusable(document: Document) -> str:
    """Why the ingest couldn't use the document as it stands, or an empty text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{document.source_id}.md"
        path.write_text(rendered(document), encoding="utf-8")
        try:
            load_file(path)
        except UnusableFileError as error:
            return f"{error.problem.field or 'text'}: {error.problem.message}."
    return ""


def _odd(page: str, number: int, found: Suspicion, ticked: Sequence[str]) -> Odd:
    words = page[found.start : found.end]
    own = key(words)
    return Odd(own, number, found.why, visible(words), found.withhold, ticked=own in ticked)


def titles(pages: Sequence[str]) -> Iterator[str]:
    """The headings of a document, in order."""
    for page in pages:
        yield from (line.lstrip("# ").strip() for line in page.split("\n") if line.startswith("#"))
