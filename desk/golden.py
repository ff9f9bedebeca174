"""The golden questions, asked before a new version goes live and by the self-test: a file's, and those of the staff."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from desk import audit
from desk.database import Database
from desk.models import GoldenQuestion, User
from desk.users import allows
from errors import OperatorError, first_mistake
from settings import ROOT

FILE = ROOT / "evals" / "questions" / "golden.jsonl"
LONGEST = 500
MOST = 500


class GoldenError(OperatorError):
    """A golden question can't be read, added or removed; the message says why."""


class Golden(BaseModel):
    """One question, and what its answer must hold (regular expressions in ``expect_facts``); nothing where unknown."""

    model_config = ConfigDict(frozen=True)

    id: str
    question: str = Field(min_length=3, max_length=LONGEST)
    expect_sources: tuple[str, ...] = ()
    expect_facts: tuple[str, ...] = ()
    expect_outcome: str = "answered"


def read(path: Path = FILE) -> list[Golden]:
    """The questions of a JSON-lines file.

    Raises:
        GoldenError: it can't be read, or a line doesn't fit; names file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GoldenError(f"The golden questions at {path} can't be read: {error}.") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append(Golden.model_validate(json.loads(line)))
        except ValidationError as error:
            raise GoldenError(f"{path}:{number}: {first_mistake(error)}") from error
        except ValueError as error:
            raise GoldenError(f"{path}:{number}: not JSON: {error}") from error
    return found


class StaffQuestions:
    """Golden questions that staff added: only compared, since nobody wrote down what their answers must hold."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> Sequence[GoldenQuestion]:
        """All of them, the oldest first."""
        with self._database.reading() as session:
            return session.scalars(select(GoldenQuestion).order_by(GoldenQuestion.id)).all()

    def add(self, text: str, user: User) -> None:
        """Add a question, with single spaces.

        Raises:
            GoldenError: too short or long, there already, too many, or the user may only read.
        """
        _check(user)
        text = " ".join(text.split())
        if not 3 <= len(text) <= LONGEST:
            raise GoldenError(f"A question has 3 to {LONGEST} characters.")
        if len(self.all()) >= MOST:
            raise GoldenError(f"There are {MOST} questions already: remove some first.")
        try:
            with self._database.writing() as session:
                question = GoldenQuestion(text=text, added_by=user.name)
                session.add(question)
                session.flush()
                audit.log(session, user.name, "golden question added", ("golden", question.id))
        except IntegrityError as error:
            raise GoldenError("This question is there already.") from error

    def remove(self, id: int, user: User) -> None:
        """Remove one; raises ``GoldenError`` when it is gone, or the user may only read."""
        _check(user)
        with self._database.writing() as session:
            question = session.get(GoldenQuestion, id)
            if question is None:
                raise GoldenError("This question has been removed already.")
            session.delete(question)
            audit.log(session, user.name, "golden question removed", ("golden", id))


def _check(user: User) -> None:
    if not allows(user, "editor"):
        raise GoldenError(f"“{user.name}” may read here, not change anything: ask an admin for the role editor.")
