"""Votes on answers: counted once each. The desk's records take them over by ``record``."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field

REMEMBERED = 50_000
Record = Callable[["Feedback"], None]
"""Takes a vote that counts."""


class Feedback(BaseModel):
    """A reader's vote on an answer."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"answer_id": "8b4eca238a034785b6a7b9e767a86aa5", "helpful": True}]},
    )

    answer_id: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="The answer's id.")
    helpful: bool
    site: str | None = Field(None, pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$", description="Id of the website.")
    comment: str | None = Field(
        None,
        max_length=1000,
        description="Send it only with its writer's consent. Kept, without identifiers, where the setting "
        "keep_feedback_text is on; else dropped.",
    )


class Votes:
    """Counts each vote once: the same answer and value sent again is no second vote.

    Remembers the last ``REMEMBERED`` votes.
    """

    def __init__(self, record: Record, keep_text: bool) -> None:
        self._record, self._keep_text = record, keep_text
        self._seen: OrderedDict[tuple[str, bool], None] = OrderedDict()

    def take(self, vote: Feedback) -> bool:
        """Count a vote; False when it was counted before."""
        key = vote.answer_id, vote.helpful
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        self._record(vote if self._keep_text else vote.model_copy(update={"comment": None}))
        return True
