"""What the API takes and gives beside questions' answers, as data with its limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from answer.say import SourceView
from answer.schema import Question
from ingest.schema import Evidence, Kind, Provenance
from safety.crisis import Help

MOST_CHARACTERS = 20_000
MOST_HISTORY = 200
Text = Annotated[str, StringConstraints(max_length=MOST_CHARACTERS)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]


class Asked(Question):
    """A question as the API takes it: ``Question`` with limits on every field."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        title="Question",
        json_schema_extra={"examples": [{"text": "How long does the effect of ketamine last?", "country": "US"}]},
    )

    text: Text
    history: list[Text] = Field(
        default_factory=list, max_length=MOST_HISTORY, description="Earlier user turns, oldest first."
    )
    id: Name | None = Field(None, description="Becomes the answer's id; else one is made.")
    language: str | None = Field(None, pattern="^[a-z]{2}$", description="Language of the interface, two letters.")
    country: str | None = Field(None, pattern="^[A-Za-z]{2}$", description="The reader's country as ISO code.")
    site: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$", description="Id of the website.")
    previous_answer_id: Name | None = None


class Keep(BaseModel):
    """A question that its reader lets the clinic keep."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "question": {"text": "Does ketamine help with tinnitus?", "id": "8b4eca238a034785b6a7b9e767a86aa5"},
                    "unhelpful": False,
                    "consent": True,
                }
            ]
        },
    )

    question: Asked = Field(description="As it was asked; with the id of its answer it is kept once.")
    unhelpful: bool = Field(False, description="The reader found the answer unhelpful.")
    consent: Literal[True] = Field(description="The reader was asked, and agreed.")


class Kept(BaseModel):
    """What became of it."""

    kept: bool = Field(description="False where it may not be kept, or couldn't be.")


class SourceItem(BaseModel):
    """A source, as a list shows it."""

    id: str
    title: str
    publisher: str
    year: int | None
    kind: Kind
    evidence: Evidence
    country: list[str]
    url: str | None

    @classmethod
    def of(cls, view: SourceView) -> SourceItem:
        """From the engine's own."""
        return cls.model_validate(view.meta.model_dump(include=set(cls.model_fields)))


class SourcePage(BaseModel):
    """Some of the sources, by title."""

    total: int
    offset: int
    limit: int
    items: list[SourceItem]


class Claim(BaseModel):
    """One statement that is held from a source."""

    passage_id: str
    section: str
    text: str


class SourceDetail(SourceItem):
    """A source with all that is held from it."""

    authors: str
    topics: list[str]
    provenance: Provenance
    claims: list[Claim]

    @classmethod
    def of(cls, view: SourceView) -> SourceDetail:
        """From the engine's own."""
        meta = view.meta.model_dump(include=set(cls.model_fields))
        claims = [Claim(passage_id=claim.id, section=claim.section, text=claim.text) for claim in view.claims]
        return cls.model_validate({**meta, "claims": claims})


class SuggestionList(BaseModel):
    """Questions to start with."""

    suggestions: list[str]


class Health(BaseModel):
    """The server is alive."""

    status: str = Field(examples=["alive"])


class Ready(BaseModel):
    """Questions can be answered."""

    status: str = Field(examples=["ready"])
    sources: int
    corpus_version: str


class SiteView(BaseModel):
    """What a website's widget needs to begin, and to show help when the server later doesn't answer."""

    id: str
    country: str
    language: str
    greeting: str
    theme: dict[str, str]
    suggestions: list[str]
    clinic_name: str
    clinic_contact: str
    automated_notice: str
    privacy_url: str
    keeps_questions: bool = Field(description="Whether a reader may be asked to let the clinic keep a question.")
    help: Help
    words: dict[str, str]


class Taken(BaseModel):
    """A vote was taken."""

    status: str = Field(examples=["taken"])
