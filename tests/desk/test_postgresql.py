"""A real PostgreSQL server that goes away and comes back, and writers that meet on it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from desk import database as module
from desk import records
from desk.database import Database, DatabaseError
from desk.record import Recorder
from desk.signin import BELOW, SIGN_IN, signin
from desk.users import Users
from settings import Settings
from tests.desk.conftest import MakeAnswer, postgresql_only
from tests.desk.postgresql import Server

pytestmark = postgresql_only


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """The server is down inside the block."""
    server.stop()
    try:
        yield
    finally:
        server.start()


def test_a_server_that_is_down_at_start_is_used_when_it_is_back(
    server: Server, settings: Settings, make_answer: MakeAnswer, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database.of(settings)
    recorder = Recorder(settings, database)
    app = Starlette(routes=[Mount(BELOW, signin(settings, database))])
    with caplog.at_level(logging.WARNING), TestClient(app, base_url="http://desk.test") as browser:
        with stopped(server):
            recorder.count(make_answer())
            assert recorder.flush()
            assert not recorder.feedback(make_answer(), True)
            with pytest.raises(DatabaseError, match="can't be used") as refused:
                Users(database).all()
            form = browser.post(SIGN_IN, data={"name": "anna", "password": "x"})
            assert form.status_code in (400, 403, 503)
        recorder.count(make_answer())
        recorder.flush()
        assert browser.get(SIGN_IN).status_code == 200
    assert "Traceback" not in str(refused.value)
    assert [record.levelname for record in caplog.records if "desk" in record.message] == ["ERROR", "WARNING"]
    with database.reading() as session:
        assert records.total(session) == 1
    recorder.close()
    database.close()


def test_connections_that_the_server_closed_are_not_used_again(
    server: Server, database: Database, settings: Settings, make_answer: MakeAnswer
) -> None:
    recorder = Recorder(settings, database)
    recorder.count(make_answer())
    recorder.flush()
    with stopped(server):
        recorder.count(make_answer())
        recorder.flush()
    recorder.count(make_answer())
    recorder.flush()
    with database.reading() as session:
        assert records.total(session) == 2
    recorder.close()


def test_the_password_of_the_address_is_not_shown(settings: Settings) -> None:
    url = settings.database_url.replace("postgres@", "postgres:hidden@")
    assert "hidden" in url
    assert "hidden" not in str(Database(url))


def test_a_writer_that_waits_too_long_for_another_gives_up(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_MS", 50)
    second = Database.of(settings)
    second.ensure()
    entered, done = threading.Event(), threading.Event()

    def hold() -> None:
        with database.writing():
            entered.set()
            done.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(60)
    with pytest.raises(OperationalError, match="lock timeout"), second.writing():
        pass
    with second.reading() as session:
        assert records.total(session) == 0, "who only reads waits for no writer"
    done.set()
    holder.join()
    with second.writing():
        pass
    second.close()
