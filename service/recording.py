"""What the API hands on to whoever keeps records, so that it needs to know nothing of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from answer.engine import Engine
from answer.schema import Answer, Question


class Recorder(Protocol):
    """Keeps records of answers. ``count`` returns at once; the others may wait for a database; none ever fails."""

    @property
    def keeps_questions(self) -> bool:
        """Whether readers may be asked to let the clinic keep a question."""

    def count(self, answer: Answer, country: str | None = None) -> None:
        """Count an answer."""

    def vote(self, answer_id: str, helpful: bool, text: str | None = None) -> bool:
        """Store a vote with its comment: whether it is stored."""

    def keep(self, question: Question, answer: Answer, *, consent: bool, unhelpful: bool = False) -> bool:
        """Keep a question and the answer it got: whether it is stored."""

    def close(self) -> None:
        """Write what is waiting."""


OpenRecorder = Callable[[Engine | None], Recorder]
"""Opens the records of a process, once its engine is there or couldn't be opened."""
