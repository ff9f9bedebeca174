"""Staff in front of the pages: a database of their own for each test, and the cookie that sign-in sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from desk.database import Database
from desk.models import User
from desk.record import Recorder
from desk.sessions import COOKIE, Sessions
from desk.users import Users
from settings import ROOT
from ui import shared
from ui.desk import door
from ui.shared import Parts

PASSWORD = "tidal copper lantern"
SignedIn = Callable[..., User]
OpenDesk = Callable[[str], AppTest]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """The desk's database, empty."""
    opened = Database(f"sqlite:///{tmp_path / 'desk.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def signed_in(parts: Parts, database: Database, monkeypatch: pytest.MonkeyPatch) -> SignedIn:
    """Signs a user of a role in, on pages with these settings; the same name is the same user."""

    def sign_in(role: str = "editor", name: str = "anna", **settings: Any) -> User:
        changed = parts.settings.model_copy(update={"pages": "all", **settings})
        recorder = Recorder(changed, database)
        shared.provide(replace(parts, settings=changed, database=database, recorder=recorder))
        users = Users(database)
        user = next((user for user in users.all() if user.name == name), None)
        user = user or users.add(name, PASSWORD, role, "test")
        token = Sessions(database).start(user)
        monkeypatch.setattr(door, "cookies", lambda: {COOKIE: token})
        return user

    return sign_in


@pytest.fixture
def open_desk() -> OpenDesk:
    """Opens a page of the desk by its file below ``ui/desk``."""

    def open_page(file: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=120).run()
        at.switch_page(f"desk/{file}").run()
        assert not at.exception
        return at

    return open_page
