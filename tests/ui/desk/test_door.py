"""The door to the staff's pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from streamlit.testing.v1 import AppTest

from desk.database import Database
from desk.sessions import Sessions
from desk.users import Users
from tests.ui.desk.conftest import OpenDesk, SignedIn
from ui import pages, shared
from ui.desk import door
from ui.shared import Parts


def texts(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def test_before_sign_in_nothing_is_shown_but_the_way_there(
    parts: Parts, database: Database, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "cookies", dict)
    shared.provide(replace(parts, settings=parts.settings.model_copy(update={"pages": "all"}), database=database))
    for file in pages.DESK:
        at = open_desk(Path(file).name)
        assert 'href="/desk/sign-in"' in texts(at)
        assert not at.text_area and not at.text_input


def test_who_is_signed_in_is_named_and_can_leave(signed_in: SignedIn, open_desk: OpenDesk) -> None:
    signed_in("editor")
    shown = texts(open_desk("audit.py"))
    assert "anna (editor)" in shown
    assert 'action="/desk/sign-out"' in shown and 'name="csrf"' in shown


def test_an_open_page_shows_nothing_after_sign_out_or_when_the_user_was_disabled(
    signed_in: SignedIn, open_desk: OpenDesk, database: Database
) -> None:
    user = signed_in("reader")
    signed_in("admin", "root")
    signed_in("reader")
    at = open_desk("audit.py")
    assert at.text_area
    Users(database).set_disabled("anna", True, "test")
    assert not at.run().text_area
    Users(database).set_disabled("anna", False, "test")
    signed_in("reader")
    assert at.run().text_area
    Sessions(database).end_all(user)
    assert not at.run().text_area


def test_a_database_that_is_down_lets_nobody_in_and_shows_no_traceback(
    signed_in: SignedIn, open_desk: OpenDesk, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in("editor")

    def down(*_: object) -> None:
        raise OperationalError("select", {}, Exception("down"))

    monkeypatch.setattr(Sessions, "current_user", down)
    at = open_desk("audit.py")
    assert parts.words.html("desk_unavailable") in texts(at)
    assert not at.text_area
