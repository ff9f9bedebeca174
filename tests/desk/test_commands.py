"""``user`` and ``records`` as typed: users made and changed, the database saved and put back."""

from __future__ import annotations

import io
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cli
from desk import audit
from desk.database import Database
from desk.users import Users
from ingest.embed import Embedder
from settings import PREFIX, Settings, load_settings
from tests.desk.conftest import postgresql_only, sqlite_only
from tests.desk.three_cards import entry, small_settings

GOOD = "tidal copper lantern"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs a command in this process: (exit code, everything printed)."""
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", settings.database_url)
    load_settings.cache_clear()

    def run_command(*arguments: object, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["ketamine-answers", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as ended:
            cli.main()
            sys.exit(0)
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    yield run_command
    load_settings.cache_clear()


def test_users_are_added_listed_and_changed(run: Run, settings: Settings) -> None:
    assert run("user", "add", "anna", "--role", "admin", "--password-stdin", typed=f"{GOOD}\n")[0] == 0
    run("user", "add", "ben", "--password-stdin", typed=f"{GOOD}\n")
    run("user", "role", "ben", "editor")
    run("user", "disable", "ben")
    assert run("user", "list") == (0, "anna  admin\nben  editor  disabled\n")
    run("user", "disable", "ben", "--undo")
    run("user", "password", "ben", "--password-stdin", typed="another copper lantern\n")
    database = Database.of(settings)
    assert Users(database).authenticate("ben", "another copper lantern")
    with database.reading() as session:
        assert all(entry.who.startswith("command line") for entry in audit.entries(session))
    database.close()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("user", "add", "anna", "--password-stdin"), "12 to 200 characters"),
        (("user", "role", "nobody", "editor"), "no user"),
    ],
)
def test_a_mistake_is_told_in_a_line(command: tuple[str, ...], said: str, run: Run) -> None:
    code, printed = run(*command, typed="short\n")
    assert code == 1
    assert said in " ".join(printed.split())
    assert "Traceback" not in printed


@sqlite_only
def test_a_backup_that_is_missing_is_named(run: Run) -> None:
    code, printed = run("records", "restore", "missing.sqlite")
    assert (code, "no file missing.sqlite" in " ".join(printed.split())) == (1, True)


@postgresql_only
@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_server_is_saved_with_its_own_tools(command: str, run: Run, tmp_path: Path) -> None:
    code, printed = run("records", command, tmp_path / "copy.sqlite")
    assert (code, "pg_dump" in printed) == (1, True)
    assert not (tmp_path / "copy.sqlite").exists()


@sqlite_only
def test_a_backup_brings_back_what_was_there(run: Run, settings: Settings, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    run("user", "add", "anna", "--password-stdin", typed=f"{GOOD}\n")
    in_use = Database.of(settings)
    assert len(Users(in_use).all()) == 1
    assert run("records", "backup", copy)[0] == 0
    assert run("records", "backup", copy)[0] == 1
    run("user", "add", "ben", "--password-stdin", typed=f"{GOOD}\n")
    code, printed = run("records", "restore", copy)
    assert code == 0
    assert "before-restore" in printed
    assert [user.name for user in Users(in_use).all()] == ["anna"]
    in_use.close()


@sqlite_only
def test_a_wrong_file_is_refused_and_nothing_changes(run: Run, settings: Settings, tmp_path: Path) -> None:
    run("user", "add", "anna", "--password-stdin", typed=f"{GOOD}\n")
    text, other, newer = (tmp_path / name for name in ("text.sqlite", "other.sqlite", "newer.sqlite"))
    text.write_text("minutes of the meeting")
    sqlite3.connect(other).executescript("CREATE TABLE mine (id); INSERT INTO mine VALUES (1)").connection.close()
    run("records", "backup", newer)
    changed = sqlite3.connect(newer)
    changed.execute("UPDATE alembic_version SET version_num = '9999'")
    changed.commit()
    changed.close()
    in_use = settings.data_dir / "desk.sqlite"
    expected = {text: "not a backup", other: "not one of the desk", newer: "newer version", in_use: "in use"}
    for file, said in expected.items():
        code, printed = run("records", "restore", file)
        assert code == 1
        assert said in " ".join(printed.split())
    assert run("user", "list")[1] == "anna  reader\n"


def test_purge_says_what_it_deleted(run: Run) -> None:
    assert run("records", "purge", "--older-than", "30")[1].startswith("deleted: 0 questions")


def test_entries_are_imported_published_and_exported(
    run: Run, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = small_settings(tmp_path / "small", embedder)
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv(f"{PREFIX}CORPUS_DIR", str(settings.corpus_dir))
    load_settings.cache_clear()
    given, out = tmp_path / "given", tmp_path / "out"
    given.mkdir()
    (given / "home.md").write_text(entry("home"), encoding="utf-8")
    code, printed = run("faq", "import", given)
    assert code == 0
    assert "taken in: 1 entries" in printed and "published: 2 FAQ entries" in printed
    assert "taken in: 0 entries" in run("faq", "import", given)[1]
    assert run("faq", "export", out) == (0, "written: 1 entries\n")
    assert (out / "home.md").read_text(encoding="utf-8") == entry("home")
    assert run("faq", "publish")[0] == 0
    (given / "bad.md").write_text("no entry", encoding="utf-8")
    code, printed = run("faq", "import", given)
    assert code == 1 and "bad.md" in printed and "Traceback" not in printed
