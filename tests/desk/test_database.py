"""The database: made by migrations, kept by them, and clear about what is wrong with it."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from desk import audit
from desk.database import Database, DatabaseError, upgrade
from desk.models import Base, DailyCount, FaqCovers, FaqRecord, now
from settings import Settings
from tests.desk.conftest import sqlite_only


def not_the_index_of_words(_: object, name: str | None, *__: object) -> bool:
    """SQLite's own tables for looking up words belong to no model."""
    return not (name or "").startswith("kept_words")


def test_the_migrations_make_the_tables_of_the_models(database: Database) -> None:
    with database.reading() as session:
        options = {"include_object": not_the_index_of_words}
        assert compare_metadata(MigrationContext.configure(session.connection(), opts=options), Base.metadata) == []


def test_opening_a_database_again_keeps_what_is_in_it(settings: Settings, database: Database) -> None:
    with database.writing() as session:
        session.add(DailyCount(day=now().date(), outcome="answered", topic="", composer="faq", country="", count=3))
    database.close()
    upgrade(settings)
    with database.reading() as session:
        assert session.query(DailyCount).one().count == 3


def test_many_processes_may_start_on_an_empty_folder_at_once(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(upgrade, settings) for _ in range(8)]:
            done.result()


def test_a_database_of_a_newer_version_is_refused(settings: Settings, database: Database) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer version"):
        upgrade(settings)


@sqlite_only
def test_a_file_that_is_no_database_is_named(settings: Settings) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "desk.sqlite").write_bytes(b"not a database, but long enough to be taken for one" * 50)
    with pytest.raises(DatabaseError, match=r"desk\.sqlite can't be used"):
        upgrade(settings)


@pytest.mark.parametrize("url", ["nonsense", "mystery://host/name"])
def test_an_address_that_is_none_names_the_setting(url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="'database_url'"):
        Database.of(Settings(data_dir=tmp_path, database_url=url))


def test_a_block_that_fails_changes_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as session:
        session.add(DailyCount(day=now().date(), outcome="answered", topic="", composer="faq", country="", count=1))
        session.flush()
        raise ZeroDivisionError
    with database.reading() as session:
        assert session.query(DailyCount).count() == 0


@pytest.mark.parametrize("change", ["UPDATE audit_log SET who = 'nobody'", "DELETE FROM audit_log"])
def test_the_audit_log_can_only_be_added_to(change: str, database: Database) -> None:
    with database.writing() as session:
        audit.log(session, "anna", "covered", ("kept", 1), after={"status": "covered"})
    with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
        session.execute(text(change))
    with database.reading() as session:
        (entry,) = audit.entries(session)
    assert (entry.who, entry.target_id, entry.after) == ("anna", "1", {"status": "covered"})


@sqlite_only
def test_a_database_without_covered_questions_is_brought_up_to_date_with_what_is_in_it(settings: Settings) -> None:
    database = Database.of(settings)
    database.ensure()
    with database.writing() as session:
        session.add(FaqRecord(id="home", lock=1))
    database.close()
    assert database.file is not None
    with closing(sqlite3.connect(database.file)) as older:
        older.executescript("DROP TABLE faq_covers; UPDATE alembic_version SET version_num = '0004'")
    with database.reading() as session:
        assert session.get_one(FaqRecord, "home").lock == 1
        assert session.scalars(select(FaqCovers)).all() == []
    database.close()
