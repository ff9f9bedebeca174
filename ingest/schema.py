"""The data shapes of the ingest room: source, passage, and a problem to report."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Kind = Literal[
    "guideline",
    "meta-analysis",
    "systematic-review",
    "randomized-trial",
    "open-label-trial",
    "observational-study",
    "laboratory-study",
    "review",
    "consensus-statement",
    "health-technology-assessment",
    "public-health-statistics",
    "drug-label",
    "regulator-notice",
    "patient-information",
    "clinic-article",
    "clinic-information",
    "faq",
    "document",
]
Evidence = Literal["high", "moderate", "low", "none"]
Provenance = Literal["summary", "source-text", "clinic"]
BlockKind = Literal["claim", "prose"]
Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=120)]
IsoCountry = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=600, strip_whitespace=True)]


class SourceMeta(BaseModel):
    """The front matter of one corpus file; ``docs/literature.md`` describes every field for curators."""

    model_config = ConfigDict(extra="forbid")

    id: Slug = Field(description="Stable name of the source; never reused.")
    title: Line = Field(description="Title of the source; '(descriptive title)' where the exact one wasn't seen.")
    authors: str = Field("", description="Authors or issuing body.")
    year: int | None = Field(None, ge=1900, le=2100, description="Year of publication or last revision.")
    publisher: str = Field("", description="Journal, agency or site.")
    doi: str | None = Field(None, description="DOI, where certain.")
    pmid: str | None = Field(None, description="PubMed id, where certain.")
    url: str | None = Field(None, pattern="^https?://", description="Address a reader can open.")
    kind: Kind = Field("document", description="What sort of document the source is.")
    evidence: Evidence = Field("none", description="Grade by study design and size; 'none' for practical facts.")
    topics: list[Slug] = Field(default_factory=list, description="Topics the library page filters by.")
    country: list[IsoCountry] = Field(
        default_factory=list, description="ISO codes of the countries the source's rules, prices or services hold for."
    )
    aliases: list[Slug] = Field(default_factory=list, description="Old ids that the source answers to everywhere.")
    provenance: Provenance = Field(
        "summary", description="Whose words the file holds: our summary, the source's own text, or the clinic's."
    )
    only_for: str | None = Field(
        None, description="A term of the vocabulary: the source is found only when the question names it."
    )
    filled_in: bool = Field(True, description="False keeps a clinic template out of the index until it is filled in.")
    checked: list[str] = Field(default_factory=list, description="Where curators saw the facts; never shown.")
    design: str | None = Field(None, description="Study design, on trials and meta-analyses.")
    participants: int | str | None = Field(None, description="How many took part.")
    comparator: str | None = Field(None, description="What the treatment was compared with.")
    outcome: str | None = Field(None, description="What was measured first of all.")
    result: str | None = Field(None, description="The main result in a few words.")
    follow_up: str | None = Field(None, description="How long people were followed.")


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a document below one heading: a bullet ('claim') or a paragraph ('prose').

    ``cites`` are the ids of the sources that a sentence of an FAQ entry rests on.
    """

    kind: BlockKind
    section: str
    text: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a corpus file, told so that a curator can mend it; ``suspicious`` by ``ingest.suspect``."""

    path: Path
    message: str
    line: int | None = None
    field: str | None = None
    fatal: bool = True
    suspicious: bool = False

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{place}: {f'{self.field}: ' if self.field else ''}{self.message}"


@dataclass(frozen=True, slots=True)
class Source:
    """One document, read and cleaned, before it is split.

    ``questions`` maps a claim's text to the questions it answers (retrieval keys, never shown), ``plain`` to our
    shorter wording of it; ``digest`` changes whenever anything that the index holds of this source would change;
    ``suspicious`` is what ``ingest.suspect`` reports.
    """

    meta: SourceMeta
    heading: str
    blocks: tuple[Block, ...]
    digest: str
    questions: dict[str, list[str]] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)
    suspicious: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is embedded and cited.

    ``title`` travels with the text into the embedder and BM25 as context; ``text`` alone is quoted. ``cites`` are the
    ids of the sources that a sentence of an FAQ entry rests on; ``plain`` is our shorter wording of a claim, or empty.
    """

    id: str
    source_id: str
    kind: BlockKind
    section: str
    title: str
    text: str
    order: int
    questions: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    plain: str = ""

    @property
    def titled(self) -> str:
        """The text with its title in front, as the embedder reads it."""
        return with_title(self.title, self.text)

    def embedded(self) -> Iterator[tuple[str, str]]:
        """(key id, text) of everything that is embedded for this passage: itself, then its questions."""
        yield f"{self.id}:t", self.titled
        for number, question in enumerate(self.questions):
            yield f"{self.id}:q{number}", question


def with_title(title: str, text: str) -> str:
    """``text`` with its document's title in front; the same text where there is no title."""
    return f"{title}. {text}" if title else text


def passage_id(source_id: str, text: str) -> str:
    """Stable id of a passage: 16 hex digits of the SHA-256 over source id and text."""
    return hashlib.sha256(f"{source_id}\0{text}".encode()).hexdigest()[:16]
