"""Back up the desk's SQLite database while it is in use, and put a backup in its place again."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic.script import ScriptDirectory

from desk import audit
from desk.database import BUSY_MS, MIGRATIONS, Database
from errors import OperatorError

SAVED = ".before-restore"
BACKED_UP = "backed up"


class BackupError(OperatorError):
    """A backup can't be made or used; the message names the file and says why."""


def backup(database: Database, target: Path, who: str) -> None:
    """Write a copy of the database to ``target``, which appears only when it is complete; the audit log tells when.

    Raises:
        BackupError: not an SQLite database, ``target`` exists, or it can't be written.
        DatabaseError: the database can't be opened.
    """
    source = _file(database)
    if target.exists():
        raise BackupError(f"{target} exists already: name a new file, or move the old one away.")
    database.ensure()
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        part.touch(mode=0o600)
        _copy(source, part)
        with closing(sqlite3.connect(part)) as copied:
            copied.execute("PRAGMA journal_mode=DELETE")
        part.replace(target)
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{target} can't be written: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    with database.writing() as session:
        audit.log(session, who, BACKED_UP, ("records", "all"))


def restore(database: Database, source: Path, who: str) -> Path | None:
    """Put a backup in the place of the database, brought up to date: where the one before was saved, if there was one.

    The file is checked before anything is touched. Programs that have the database open see the backup from then on.

    Raises:
        BackupError: not an SQLite database of the desk, damaged, of a newer version, or it can't be read.
        DatabaseError: the restored database can't be brought up to date.
    """
    target = _file(database)
    _check(source, target)
    saved = target.with_name(f"{target.name}{SAVED}")
    before = saved if target.exists() else None
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if before:
            saved.touch(mode=0o600)
            _copy(target, saved)
        _copy(source, target)
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{source} can't be restored: {error}.") from error
    database.close()
    with database.writing() as session:
        audit.log(session, who, "restored from a backup", ("records", "all"))
    return before


def _file(database: Database) -> Path:
    if database.file is None:
        raise BackupError(f"{database} is a server: use its own tools (pg_dump, pg_restore).")
    return database.file


def _check(source: Path, target: Path) -> None:
    """The file is a whole database of the desk that this version can read."""
    if not source.is_file():
        raise BackupError(f"There is no file {source}.")
    if target.exists() and source.samefile(target):
        raise BackupError(f"{source} is the database in use, not a backup of it.")
    try:
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            sound = opened.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            tables = {row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            ours = {"alembic_version", "kept", "audit_log", "users"} <= tables
            versions = {row[0] for row in opened.execute("SELECT version_num FROM alembic_version")} if ours else set()
    except sqlite3.Error as error:
        raise BackupError(f"{source} is not a backup of the desk: {error}.") from error
    if not sound:
        raise BackupError(f"{source} is damaged; nothing was changed.")
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if not ours:
        raise BackupError(f"{source} is a database, but not one of the desk; nothing was changed.")
    if not versions or not versions <= known:
        raise BackupError(f"{source} was made by a newer version of the program: update the program first.")


def _copy(source: Path, target: Path) -> None:
    timeout = BUSY_MS / 1000
    with (
        closing(sqlite3.connect(source, timeout=timeout)) as opened,
        closing(sqlite3.connect(target, timeout=timeout)) as written,
    ):
        opened.backup(written)
