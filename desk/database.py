"""The desk's database: SQLite in the data folder by default, PostgreSQL by the setting ``database_url``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from errors import OperatorError
from settings import Settings

FILE = "desk.sqlite"
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MS = 5000
"""Longest wait for another writer, in milliseconds."""

CONNECT_SECONDS = 5
"""Longest wait for a server to take a connection."""

_MIGRATION_LOCK, _WRITE_LOCK = 7_350_114, 7_350_115
_BEGIN = "sqlite_begin"


class DatabaseError(OperatorError):
    """The database can't be opened or is of another version; the message says which one and what to do."""


class Database:
    """One engine with short transactions; safe to share between threads. Opens nothing until it is first used."""

    def __init__(self, url: str | URL) -> None:
        """Prepare the engine for an address.

        Raises:
            DatabaseError: not an address of a database, or its driver isn't installed.
        """
        self.url = _url(url)
        try:
            self._engine = create_engine(self.url, **_options(self.url))
        except ImportError as error:
            raise DatabaseError(
                f"The setting 'database_url' needs the driver {error.name}: pip install 'ketamine-answers[postgresql]'."
            ) from error
        except (ArgumentError, NoSuchModuleError) as error:
            raise DatabaseError(f"The setting 'database_url' can't be used: {error}.") from error
        if self.is_sqlite:
            _prepare_sqlite(self._engine)
        self._writer = self._engine.execution_options(**{_BEGIN: "IMMEDIATE"})
        self._upgraded = False
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: Settings) -> Database:
        """The database that the settings name; raises what the constructor does."""
        if settings.database_url:
            return cls(settings.database_url)
        return cls(URL.create("sqlite", database=str(settings.data_dir / FILE)))

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file on this machine."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file, None for a server."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for looking things up; waits for no writer.

        Raises:
            DatabaseError: it can't be reached.
        """
        self.ensure()
        with Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are kept together when the block ends, and none of them when it raises.

        Writers take turns from the first statement on, so that what was read can't have changed when it is written.

        Raises:
            DatabaseError: it can't be reached.
        """
        self.ensure()
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            if not self.is_sqlite:
                session.execute(text(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})"))
            yield session

    @contextmanager
    def outside_transaction(self) -> Iterator[Connection]:
        """A SQLite connection without a transaction, for what can't be part of one.

        Raises:
            DatabaseError: it can't be reached.
        """
        self.ensure()
        with self._engine.execution_options(**{_BEGIN: None}).connect() as connection:
            yield connection

    def ensure(self) -> None:
        """Bring the tables up to date, once a process.

        Raises:
            DatabaseError: it can't be reached, or was written by a newer version.
        """
        with self._lock:
            if not self._upgraded:
                self._upgrade()
                self._upgraded = True

    def _upgrade(self) -> None:
        try:
            if self.file:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                self.file.touch(mode=0o600)
            with self._writer.begin() as connection:
                _migrate(connection)
        except CommandError as error:
            raise DatabaseError(
                f"The database {self} was written by a newer version of the program: update the program. ({error})"
            ) from error
        except OSError as error:
            raise DatabaseError(f"The database {self} can't be used: {error.strerror}.") from error
        except SQLAlchemyError as error:
            raise DatabaseError(f"The database {self} can't be used: {_first_line(error)}") from error

    def close(self) -> None:
        """Close all connections; the next use opens new ones and looks at the tables again."""
        self._engine.dispose()
        with self._lock:
            self._upgraded = False

    def __str__(self) -> str:
        """The address without its password."""
        return str(self.file) if self.file else self.url.render_as_string(hide_password=True)


def upgrade(settings: Settings) -> None:
    """Bring the database of the settings up to date.

    Raises:
        DatabaseError: it can't be reached, or was written by a newer version.
    """
    database = Database.of(settings)
    try:
        database.ensure()
    finally:
        database.close()


def head() -> str:
    """The version of the tables that this code works with."""
    return str(ScriptDirectory(str(MIGRATIONS)).get_current_head())


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))  # another process may be migrating for a while
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _url(given: str | URL) -> URL:
    try:
        url = make_url(given)
    except ArgumentError as error:
        raise DatabaseError("The setting 'database_url' isn't an address: postgresql://user:password@host/name") from (
            error
        )
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_MS / 1000, "check_same_thread": False}}
    waits = {"connect_timeout": CONNECT_SECONDS, "options": f"-c lock_timeout={BUSY_MS}"}
    return {"pool_pre_ping": True, "pool_recycle": 1800, "connect_args": waits}


def _prepare_sqlite(engine: Engine) -> None:
    """Transactions begin when told to, and deleted text is overwritten."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get(_BEGIN, "DEFERRED")
        if kind:
            connection.exec_driver_sql(f"BEGIN {kind}")


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().split("\n", 1)[0]
