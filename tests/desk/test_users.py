"""Staff users and their sessions: good passwords, lock-out, and sessions that end when they should."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from desk import audit
from desk.database import Database
from desk.models import LoginFailure, StaffSession, User, now
from desk.passwords import WeakPasswordError
from desk.sessions import COOKIE, Sessions, csrf_matches, csrf_token
from desk.users import FAILURES, LOCKED_FOR, LockedOutError, UserError, Users, allows

GOOD = "tidal copper lantern"


@pytest.fixture
def users(database: Database) -> Users:
    return Users(database)


@pytest.fixture
def anna(users: Users) -> User:
    return users.add("Anna", GOOD, "editor", "test")


@pytest.mark.parametrize("password", ["short", "a" * 20, "anna and a horse", "x" * 201])
def test_a_weak_password_is_refused(password: str, users: Users) -> None:
    with pytest.raises(WeakPasswordError):
        users.add("anna", password, "reader", "test")


@pytest.mark.parametrize(("name", "role"), [("anna", "reader"), ("a b", "reader"), ("", "reader"), ("ben", "owner")])
def test_a_user_that_cannot_be_is_refused(name: str, role: str, users: Users, anna: User) -> None:
    with pytest.raises(UserError):
        users.add(name, GOOD, role, "test")


def test_the_right_password_lets_in_and_only_its_hash_is_stored(users: Users, anna: User) -> None:
    assert users.authenticate(" ANNA ", GOOD) is not None
    assert users.authenticate("anna", GOOD + "s") is None
    assert users.authenticate("nobody", GOOD) is None
    assert anna.password_hash.startswith("$argon2id$")


def test_a_role_may_do_what_lesser_roles_may(anna: User) -> None:
    assert [allows(anna, role) for role in ("reader", "editor", "admin")] == [True, True, False]


@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_repeated_wrong_passwords_lock_a_name_out_for_a_while(
    name: str, users: Users, anna: User, database: Database
) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(users.authenticate, name, "wrong") for _ in range(FAILURES + 5)]
    assert sum(isinstance(attempt.exception(), LockedOutError) for attempt in done) == 5
    with pytest.raises(LockedOutError):
        users.authenticate(name, GOOD)
    with database.writing() as session:
        session.execute(update(LoginFailure).values(at=now() - LOCKED_FOR - timedelta(seconds=1)))
    assert bool(users.authenticate(name, GOOD)) == (name == "anna")


def test_the_last_admin_stays(users: Users, anna: User) -> None:
    users.set_role("anna", "admin", "test")
    with pytest.raises(UserError, match="only admin"):
        users.set_disabled("anna", True, "test")
    with pytest.raises(UserError, match="only admin"):
        users.set_role("anna", "reader", "test")


def test_a_session_lasts_until_sign_out(database: Database, anna: User) -> None:
    sessions = Sessions(database)
    token = sessions.start(anna)
    found = sessions.current_user({COOKIE: token})
    assert found is not None
    assert found.name == "anna"
    assert sessions.current_user({COOKIE: token + "x"}) is None
    assert sessions.current_user({}) is None
    sessions.end(token)
    assert sessions.current_user({COOKIE: token}) is None


@pytest.mark.parametrize("field", ["seen_at", "expires_at"])
def test_a_session_ends_by_itself(field: str, database: Database, anna: User) -> None:
    sessions = Sessions(database)
    token = sessions.start(anna)
    with database.writing() as session:
        assert session.query(StaffSession).one().token_hash != token
        session.execute(update(StaffSession).values({field: now() - timedelta(hours=1)}))
    assert sessions.current_user({COOKIE: token}) is None


@pytest.mark.parametrize("event", ["disabled", "password", "everywhere"])
def test_a_session_ends_with_its_reason(event: str, database: Database, users: Users, anna: User) -> None:
    sessions = Sessions(database)
    tokens = [sessions.start(anna) for _ in range(2)]
    if event == "disabled":
        users.set_disabled("anna", True, "test")
        assert users.authenticate("anna", GOOD) is None
    elif event == "password":
        users.set_password("anna", "another copper lantern", "test")
    else:
        sessions.end_all(anna)
    assert [sessions.current_user({COOKIE: token}) for token in tokens] == [None, None]


def test_changes_of_users_are_in_the_audit_log(database: Database, users: Users, anna: User) -> None:
    users.set_role("anna", "reader", "ben")
    with database.reading() as session:
        newest = audit.entries(session)[0]
    assert (newest.who, newest.what, newest.target_id) == ("ben", "role changed", "anna")
    assert (newest.before, newest.after) == ({"role": "editor"}, {"role": "reader"})


def test_a_form_token_fits_its_own_browser_only() -> None:
    assert csrf_matches("secret", csrf_token("secret"))
    assert not csrf_matches("other", csrf_token("secret"))
    assert not csrf_matches("", csrf_token(""))
    assert not csrf_matches("secret", "é")
