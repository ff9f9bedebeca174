"""A database of the first version, with data in it, is brought up to date and keeps what it holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, insert, inspect, select

from desk.database import MIGRATIONS, Database, head
from desk.models import Base, User
from settings import Settings

FIRST = "0001"
MOMENT = datetime(2026, 11, 24, 12, 0, 0)
ROWS: dict[str, dict[str, Any]] = {
    "users": {"id": 1, "name": "anna", "role": "editor", "password_hash": "x", "disabled": False,
              "created_at": MOMENT},
    "groups": {"id": 1, "embedder": "mini", "leader": b"\x00\x01"},
    "kept": {"id": 1, "answer_id": "a", "at": MOMENT, "text": "Does it help tinnitus? Ünïcode “quoted”",
             "reason": "no_evidence", "outcome": "no_evidence", "confidence": "", "language": "en", "site": "",
             "consent_at": MOMENT, "status": "open", "assignee_id": 1, "group_id": 1, "answer": {"sentences": []}},
    "notes": {"id": 1, "kept_id": 1, "at": MOMENT, "who": "anna", "text": "Ask the pharmacist."},
    "tickets": {"id": 1, "at": MOMENT, "question": "Is it safe with lithium?", "sources": {"ids": ["a"]},
                "route": "mail", "contact": "x@example.org", "consent_at": MOMENT, "status": "open"},
    "feedback": {"answer_id": "a", "at": MOMENT, "helpful": True, "outcome": "answered", "text": "Thanks."},
    "audit_log": {"id": 1, "at": MOMENT, "who": "anna", "what": "saved", "target_kind": "faq", "target_id": "x",
                  "before": {}, "after": {"version": 1}},
    "faq_entries": {"id": "x", "lock": 1, "live_version": 1},
    "faq_versions": {"entry_id": "x", "number": 1, "content": "text", "state": "approved", "author": "anna",
                     "at": MOMENT},
    "documents": {"id": 1, "source_id": "leaflet", "name": "leaflet.pdf", "sha256": "0" * 64,
                  "matter": {"title": "Leaflet"}, "status": "live", "uploaded_by": "anna", "uploaded_at": MOMENT},
    "daily_counts": {"day": MOMENT.date(), "outcome": "answered", "topic": "", "composer": "faq", "country": "GB",
                     "count": 7},
    "response_times": {"day": MOMENT.date(), "up_to_ms": 200, "count": 7},
    "cited_counts": {"day": MOMENT.date(), "source_id": "label", "count": 7},
}  # fmt: skip


def bring_to(database: Database, revision: str) -> None:
    """Bring the tables to a version, as a program of that time did."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database._writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def differences(connection: Connection) -> list[Any]:
    """What the tables and the program's idea of them differ in; the full-text index makes tables of its own."""
    found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    return [one for one in found if not (one[0] == "remove_table" and one[1].name.startswith("kept_words"))]


def test_what_the_first_version_stored_is_there_after_the_upgrade(settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True)
    old = Database.of(settings)
    bring_to(old, FIRST)
    before: dict[str, dict[str, Any]] = {}
    with old._writer.begin() as connection:
        tables = MetaData()
        tables.reflect(connection)
        assert set(ROWS) <= set(tables.tables)
        for name, row in ROWS.items():
            connection.execute(insert(tables.tables[name]).values(**row))
            before[name] = dict(connection.execute(select(tables.tables[name])).mappings().one())
    old.close()

    database = Database.of(settings)
    with database.reading() as session:
        connection = session.connection()
        assert MigrationContext.configure(connection).get_current_revision() == head()
        assert differences(connection) == []
        for name, row in before.items():
            table = Table(name, MetaData(), autoload_with=connection)
            now = dict(session.execute(select(table)).mappings().one())
            assert {column: now[column] for column in row if column in now} == row
        assert session.query(User).one().created_at == MOMENT.replace(tzinfo=UTC)
    database.close()


def test_new_rows_are_numbered_behind_the_old_ones(database: Database) -> None:
    for name in ("anna", "ben"):
        with database.writing() as session:
            session.add(User(name=name, role="reader", password_hash="x"))
    with database.reading() as session:
        assert sorted(session.scalars(select(User.id))) == [1, 2]


def test_the_versions_follow_each_other_in_one_line_and_can_be_undone(database: Database) -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database._writer.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    database.close()
    database.ensure()
