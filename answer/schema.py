"""The question and the answer as data, shared by command line, pages, API and records (docs/answers.md)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ingest.schema import Evidence, Kind, Provenance
from safety.crisis import Help
from safety.triage import Outcome

Confidence = Literal["strong", "moderate", "limited"]
Detail = Literal["plain", "standard", "detailed"]
Composer = Literal["extractive", "faq", "model", "mixed"]


class Question(BaseModel):
    """What a reader asks; only ``text`` is required."""

    model_config = ConfigDict(extra="forbid")

    text: str
    history: list[str] = Field(default_factory=list, description="Earlier user turns, oldest first.")
    id: str | None = None
    language: str | None = Field(None, description="Language of the interface; the settings' when missing.")
    country: str | None = Field(None, description="The reader's country as ISO code; the settings' when missing.")
    site: str | None = None
    detail: Detail = Field(
        "standard",
        description="plain: our short wording of the claims; standard: the claims themselves; detailed: with who was "
        "studied and the limits.",
    )
    previous_answer_id: str | None = None
    continue_after_help: bool = Field(False, description="After a crisis message, answer the ordinary part too.")


class Citation(BaseModel):
    """A number in the text → the exact words relied on, and where they stand."""

    number: int
    source_id: str
    title: str
    publisher: str
    year: int | None
    kind: Kind
    evidence: Evidence
    provenance: Provenance
    country: list[str]
    url: str | None
    section: str
    quote: str = Field(description="Exact words of the source file.")
    passage_id: str


class Sentence(BaseModel):
    """One sentence of the answer and the numbers of its citations; never without one."""

    text: str
    citations: list[int] = Field(min_length=1)


class Message(BaseModel):
    """Reviewed wording for an outcome other than a plain answer, shown before any sentence."""

    id: str
    text: str
    citations: list[int] = Field(default_factory=list)


class Notice(BaseModel):
    """A reviewed sentence added to an answer."""

    id: str
    text: str


class Answer(BaseModel):
    """Everything a reader sees, and everything needed to check it later."""

    id: str
    outcome: Outcome
    language: str
    message: Message | None = None
    sentences: list[Sentence] = Field(default_factory=list)
    text: str = Field(description="All a reader sees as the answer: message, then sentences with [1] marks.")
    citations: list[Citation] = Field(default_factory=list)
    notices: list[Notice] = Field(default_factory=list)
    help: Help | None = None
    follow_ups: list[str] = Field(default_factory=list)
    confidence: Confidence | None = None
    corpus_version: str
    composer: Composer = "extractive"
    checks: dict[str, Any] = Field(default_factory=dict)
    labels: list[str] = Field(default_factory=list)
    timings_ms: dict[str, float] = Field(default_factory=dict)
