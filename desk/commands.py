"""``ketamine-answers user …``, ``ketamine-answers records …`` and ``ketamine-answers faq …``."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from settings import load_settings

if TYPE_CHECKING:
    from desk.database import Database
    from desk.faq import FaqDesk
    from desk.users import Users

users = typer.Typer(help="Staff who may sign in to the desk.", no_args_is_help=True)
records = typer.Typer(help="What the desk's database keeps.", no_args_is_help=True)
faq = typer.Typer(help="FAQ entries of the desk.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The user's name.")]
Role = Annotated[str, typer.Option(help="reader, editor or admin.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it.")
]


@users.command("add")
def add(name: Name, role: Role = "reader", password_stdin: FromStdin = False) -> None:
    """Create a user; asks for the password."""
    with _users() as found:
        user = found.add(name, _password(password_stdin), role, _who())
    typer.echo(f"added: {user.name} ({user.role})")


@users.command("list")
def show() -> None:
    """Show all users."""
    with _users() as found:
        for user in found.all():
            typer.echo(f"{user.name}  {user.role}{'  disabled' if user.disabled else ''}")


@users.command("disable")
def disable(name: Name, undo: Annotated[bool, typer.Option("--undo", help="Let the user in again.")] = False) -> None:
    """Shut a user out and end all their sessions."""
    with _users() as found:
        found.set_disabled(name, not undo, _who())
    typer.echo(f"{'enabled' if undo else 'disabled'}: {name}")


@users.command("password")
def password(name: Name, password_stdin: FromStdin = False) -> None:
    """Set a new password, end all the user's sessions and a lock-out."""
    with _users() as found:
        found.set_password(name, _password(password_stdin), _who())
    typer.echo(f"password changed: {name}")


@users.command("role")
def role(name: Name, role: Annotated[str, typer.Argument(help="reader, editor or admin.")]) -> None:
    """Give a user another role."""
    with _users() as found:
        found.set_role(name, role, _who())
    typer.echo(f"{name} is now {role}")


@records.command("purge")
def purge(
    older_than: Annotated[
        int | None, typer.Option(min=0, help="Age in days instead of the setting retention_days.")
    ] = None,
) -> None:
    """Delete what readers wrote long ago, and contact data of answered tickets; counts stay."""
    from desk import records as kept  # noqa: PLC0415 - loads a database library: only when it is needed

    days = load_settings().retention_days if older_than is None else older_than
    with _database() as database:
        done = kept.purge(database, days, _who())
    typer.echo(f"deleted: {done.questions} questions, {done.feedback_texts} feedback texts, {done.tickets} tickets")


@records.command("backup")
def backup(file: Annotated[Path, typer.Argument(help="A new file for the copy.")]) -> None:
    """Copy the database to a file, also while it is in use."""
    from desk.backup import backup as run  # noqa: PLC0415

    with _database() as database:
        run(database, file, _who())
    typer.echo(f"written: {file}")


@records.command("restore")
def restore(file: Annotated[Path, typer.Argument(help="A file that 'records backup' wrote.")]) -> None:
    """Put a backup in the place of the database; the one before is saved beside it."""
    from desk.backup import restore as run  # noqa: PLC0415

    with _database() as database:
        saved = run(database, file, _who())
    typer.echo(f"restored from {file}" + (f"; before: {saved}" if saved else ""))


@faq.command("export")
def export(folder: Annotated[Path, typer.Argument(help="Where the files go; others there stay.")]) -> None:
    """Write the live entries to a folder, one file each, such as corpus/faq."""
    with _database() as database:
        count = _faq(database).export(folder)
    typer.echo(f"written: {count} entries")


@faq.command("import")
def bring_in(folder: Annotated[Path, typer.Argument(help="A folder of entries, such as corpus/faq.")]) -> None:
    """Take the entries of a folder as approved, all of them or none, and publish them."""
    from desk.models import User  # noqa: PLC0415

    if not folder.is_dir():
        raise typer.BadParameter(f"There is no folder {folder}.")
    with _database() as database:
        count = _faq(database).bring_in(folder, User(name=_who(), role="admin"))
        typer.echo(f"taken in: {count} entries that were new or had changed")
        if count:
            _publish(database)


@faq.command("publish")
def publish() -> None:
    """Publish what was approved: for a publication that was stopped, or after a restore."""
    with _database() as database:
        _publish(database)


def _publish(database: Database) -> None:
    from desk.publish import Publisher  # noqa: PLC0415
    from ingest.embed import Embedder  # noqa: PLC0415

    settings = load_settings()
    summary = Publisher(settings, database, lru_cache(lambda: Embedder(settings.embedder))).publish()
    typer.echo(f"published: {summary.faq_entries} FAQ entries answer now, the project's included")


def _faq(database: Database) -> FaqDesk:
    from desk.faq import FaqDesk  # noqa: PLC0415

    return FaqDesk(database, lambda entry: [], second_person=load_settings().faq_second_person)


@contextmanager
def _database() -> Iterator[Database]:
    from desk.database import Database  # noqa: PLC0415

    database = Database.of(load_settings())
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _users() -> Iterator[Users]:
    from desk.users import Users  # noqa: PLC0415

    with _database() as database:
        yield Users(database)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _who() -> str:
    """Who typed the command, for the audit log."""
    try:
        return f"command line: {getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return "command line"
