"""What the desk runs on, and how fresh it is: index, database, corpus, backup. Nothing here is a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from answer.engine import Engine
from desk.backup import BACKED_UP
from desk.database import Database
from desk.models import AuditEntry
from errors import OperatorError
from ingest import stage
from ingest.corpus import FAQ
from ingest.faq import load_entries
from ingest.generation import IndexFolder, IndexUnusableError
from safety.crisis import STALE_AFTER
from settings import Settings


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """One index: what its live generation holds, when it was built, and how many generations there are.

    ``problem`` says what is wrong where it can't be read; the rest is then empty.
    """

    part: str
    embedder: str = ""
    layout: int = 0
    version: str = ""
    built: datetime | None = None
    sources: int = 0
    passages: int = 0
    generations: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """The desk's database: its kind, the version of its program, that of the tables, and its size in bytes."""

    kind: str
    reachable: bool
    version: str = ""
    tables: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what is answered from is; ``stale_lines`` are help lines that were checked too long ago."""

    newest_source: int | None
    oldest_reviewed: date | None
    newest_reviewed: date | None
    unreviewed: int
    stale_lines: list[str]
    stale_entries: int


def indexes(settings: Settings) -> list[IndexHealth]:
    """The health of the indexes, the literature's first."""
    return [_index(part, folder) for part, folder in stage.parts(settings).items()]


def database(opened: Database) -> DatabaseHealth:
    """The health of the database; one that can't be reached is told as such, without an error."""
    kind = "SQLite" if opened.is_sqlite else "PostgreSQL"
    version = "SELECT sqlite_version()" if opened.is_sqlite else "SHOW server_version"
    size = (
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        if opened.is_sqlite
        else "SELECT pg_database_size(current_database())"
    )
    try:
        with opened.reading() as session:
            return DatabaseHealth(
                kind,
                True,
                str(session.scalar(text(version))),
                str(session.scalar(text("SELECT version_num FROM alembic_version"))),
                int(session.scalar(text(size)) or 0),
            )
    except (OperatorError, SQLAlchemyError):
        return DatabaseHealth(kind, False)


def last_backup(opened: Database) -> datetime | None:
    """When ``records backup`` last succeeded; None when it never did. Raises ``DatabaseError``."""
    with opened.reading() as session:
        return session.scalar(select(func.max(AuditEntry.at)).where(AuditEntry.what == BACKED_UP))


def freshness(settings: Settings, engine: Engine, today: date) -> Freshness:
    """How old the sources, the reviewed entries and the help lines are."""
    folder = settings.corpus_dir / FAQ
    entries = load_entries(folder)[0] if folder.is_dir() else []
    reviewed = sorted(entry.meta.reviewed for entry in entries if entry.meta.reviewed)
    return Freshness(
        newest_source=max((view.meta.year for view in engine.sources() if view.meta.year), default=None),
        oldest_reviewed=reviewed[0] if reviewed else None,
        newest_reviewed=reviewed[-1] if reviewed else None,
        unreviewed=len(entries) - len(reviewed),
        stale_lines=[problem for _, problem in engine.crisis_lines.stale(today)],
        stale_entries=sum(today - day > STALE_AFTER for day in reviewed),
    )


def _index(part: str, folder: IndexFolder) -> IndexHealth:
    try:
        name = folder.live_name()
        if name is None:
            return IndexHealth(part)
        manifest = folder.manifest(name)
    except IndexUnusableError as error:
        return IndexHealth(part, problem=str(error))
    return IndexHealth(
        part,
        embedder=manifest.embedder,
        layout=manifest.layout,
        version=manifest.corpus_version,
        built=_built(name),
        sources=len(manifest.sources),
        passages=manifest.passages,
        generations=sum(path.is_dir() for path in folder.generation(name).parent.iterdir()),
    )


def _built(name: str) -> datetime | None:
    """The moment that a generation's name begins with, in milliseconds."""
    milliseconds = name.partition("-")[0]
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds.isdigit() else None
