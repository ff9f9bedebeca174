"""A database of its own for each test, SQLite and PostgreSQL in turn, and answers as the engine gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from answer.schema import Answer
from desk.database import Database
from settings import Settings
from tests.desk import postgresql

MakeAnswer = Callable[..., Answer]
sqlite_only = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("kind", ["postgresql"], indirect=True)


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """A PostgreSQL server for all tests."""
    if reason := postgresql.missing():
        pytest.skip(reason)
    started = postgresql.Server.create()
    yield started
    started.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database a test works with; each runs on both."""
    return str(request.param)


@pytest.fixture
def settings(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> Settings:
    """Settings with an empty data folder and database, and everything that may be kept switched on."""
    url = request.getfixturevalue("server").new_database() if kind == "postgresql" else ""
    return Settings(data_dir=tmp_path / "data", database_url=url, keep_unanswered=True, keep_feedback_text=True)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The real database of the settings, its tables made by the migrations."""
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
