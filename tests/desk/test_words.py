"""Words in kept questions are found by an index that follows every change, and forgets what was deleted."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from desk import records
from desk.database import MIGRATIONS, Database
from desk.inbox import Filters, Inbox
from desk.models import Kept
from settings import Settings
from tests.desk.conftest import sqlite_only
from tests.desk.test_inbox import keep

BEFORE = "0001"


def found(database: Database, words: str) -> int:
    return Inbox(database).page(Filters(words=words)).questions


@pytest.mark.parametrize(
    ("words", "count"),
    [("tinnitus", 1), ("TINN", 1), ("innit", 1), ("tinnitus parking", 0), ('"tinnitus"', 1), ("a", 1), ("par é", 1),
     ("ÜBELKEIT", 1), ("OR", 1), ("NEAR(", 0), ("*", 0), ("100%", 0), ("%%%", 0), ("-tinnitus", 0), ('"', 1)],
)  # fmt: skip
def test_every_string_is_found_as_it_is_written(words: str, count: int, database: Database) -> None:
    keep(database, ['Does it help with "tinnitus"?', "Parking for übelkeit é"])
    assert found(database, words) == count


def test_the_index_follows_changes(database: Database) -> None:
    keep(database, ["Does it help with tinnitus?"])
    with database.writing() as session:
        session.query(Kept).one().text = "Where can I park?"
    assert (found(database, "tinnitus"), found(database, "park")) == (0, 1)
    with database.writing() as session:
        session.query(Kept).delete()
    assert found(database, "park") == 0


@sqlite_only
def test_nothing_of_a_purged_question_is_left_in_the_file(database: Database) -> None:
    keep(database, ["Does it help with zyxwvut?"])
    for number in range(20):  # many small parts of the index
        keep(database, [f"Where can I park {number}?"])
    records.purge(database, 0, "test")
    database.close()
    assert database.file
    for file in database.file.parent.iterdir():
        for part in (b"zyxwvut", b"zyx", b"wvu"):
            assert part not in file.read_bytes(), file.name


@sqlite_only
def test_a_database_of_the_version_before_is_brought_up_to_date_with_its_questions(settings: Settings) -> None:
    settings.data_dir.mkdir()
    file = settings.data_dir / "desk.sqlite"
    engine = create_engine(f"sqlite:///{file}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        connection.execute(
            text(
                "INSERT INTO kept (answer_id, at, text, reason, outcome, confidence, language, site, consent_at,"
                " status, answer) VALUES ('a1', '2026-11-01', 'Does it help with tinnitus?', 'unhelpful', 'answered',"
                " '', 'en', '', '2026-11-01', 'open', '{}')"
            )
        )
    engine.dispose()
    database = Database.of(settings)
    assert found(database, "tinnitus") == 1
    database.close()
    with closing(sqlite3.connect(file)) as opened:
        assert opened.execute("INSERT INTO kept_words(kept_words) VALUES ('integrity-check')").rowcount
