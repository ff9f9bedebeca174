"""A database of its own for each test, and answers as the engine gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from answer.schema import Answer
from desk.database import Database
from settings import Settings

MakeAnswer = Callable[..., Answer]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with an empty data folder and everything that may be kept switched on."""
    return Settings(data_dir=tmp_path / "data", keep_unanswered=True, keep_feedback_text=True)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The real SQLite database of the settings, its tables made by the migrations."""
    opened = Database.of(settings)
    opened.ensure()
    yield opened
    opened.close()


@pytest.fixture
def make_answer() -> MakeAnswer:
    """An answer that the engine could have given; arguments replace its fields."""

    def make(**fields: Any) -> Answer:
        given: dict[str, Any] = {"id": uuid4().hex, "outcome": "no_evidence", "language": "en", "text": "Not covered."}
        return Answer.model_validate({**given, "corpus_version": "v1", "timings_ms": {"total": 150.0}, **fields})

    return make
