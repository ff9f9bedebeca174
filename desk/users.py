"""Staff users: created on the command line, with a role; locked out for a while after wrong passwords."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from desk import audit, passwords
from desk.database import Database
from desk.models import ROLES, LoginFailure, StaffSession, User, now
from errors import OperatorError

FAILURES = 5
"""Wrong passwords for one name within ``LOCKED_FOR`` after which no password is tried any more."""

LOCKED_FOR = timedelta(minutes=15)
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,59}")


class UserError(OperatorError):
    """A user can't be made, found or changed; the message says why."""


class LockedOutError(Exception):
    """Too many wrong passwords for this name; raised whether or not the name exists."""


class Users:
    """The staff's users in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, password: str, role: str, who: str) -> User:
        """Create a user. Every change is in the audit log as done by ``who``.

        Raises:
            UserError: the name is taken or not usable, or there is no such role.
            WeakPasswordError: the password is too easy to guess.
            DatabaseError: the database can't be reached.
        """
        name = name.strip().lower()
        if not _NAME.fullmatch(name):
            raise UserError(f"“{name}” can't be a user's name: 2 to 60 letters, digits, dots, @, - and _.")
        _check_role(role)
        passwords.check_strength(password, name)
        stored = passwords.hashed(password)
        with self._database.writing() as session:
            if _find(session, name):
                raise UserError(f"There is a user “{name}” already.")
            user = User(name=name, role=role, password_hash=stored)
            session.add(user)
            session.flush()
            audit.log(session, who, "user added", ("user", name), after={"role": role})
        return user

    def all(self) -> Sequence[User]:
        """All users by name, the disabled ones included."""
        with self._database.reading() as session:
            return session.scalars(select(User).order_by(User.name)).all()

    def set_role(self, name: str, role: str, who: str) -> None:
        """Give a user another role; raises ``UserError`` for an unknown name or role, or the last admin."""
        _check_role(role)
        self._change(name, who, "role changed", role=role)

    def set_disabled(self, name: str, disabled: bool, who: str) -> None:
        """Shut a user out at once (or let in again); raises ``UserError`` for an unknown name or the last admin."""
        self._change(name, who, "user disabled" if disabled else "user enabled", disabled=disabled)

    def set_password(self, name: str, password: str, who: str) -> None:
        """Change a password: ends the user's sessions and a lock-out.

        Raises:
            UserError: there is no such user.
            WeakPasswordError: the password is too easy to guess.
        """
        passwords.check_strength(password, name)
        stored = passwords.hashed(password)
        with self._database.writing() as session:
            user = _get(session, name)
            user.password_hash = stored
            session.execute(delete(StaffSession).where(StaffSession.user_id == user.id))
            session.execute(delete(LoginFailure).where(LoginFailure.name == user.name))
            audit.log(session, who, "password changed", ("user", user.name))

    def authenticate(self, name: str, password: str) -> User | None:
        """The user, or None for a wrong name or password or a disabled user: which of them isn't told.

        The attempt is written down before the password is looked at, so that many at once can't all slip through.

        Raises:
            LockedOutError: too many wrong passwords for this name.
        """
        name = name.strip().lower()[:60]
        with self._database.writing() as session:
            since = now() - LOCKED_FOR
            recent = select(func.count()).where(LoginFailure.name == name, LoginFailure.at > since)
            if (session.scalar(recent) or 0) >= FAILURES:
                raise LockedOutError
            session.add(LoginFailure(name=name, at=now()))
            user = _find(session, name)
        stored = user.password_hash if user and not user.disabled else None
        if not passwords.matches(stored, password[: passwords.LONGEST]) or user is None:
            return None
        with self._database.writing() as session:
            session.execute(delete(LoginFailure).where(LoginFailure.name == name))
            if passwords.is_outdated(user.password_hash):
                _get(session, name).password_hash = passwords.hashed(password)
        return user

    def _change(self, name: str, who: str, what: str, **values: Any) -> None:
        with self._database.writing() as session:
            user = _get(session, name)
            before = {field: getattr(user, field) for field in values}
            was_admin = user.role == "admin" and not user.disabled
            for field, value in values.items():
                setattr(user, field, value)
            session.flush()
            if was_admin and not session.scalar(select(User.id).where(User.role == "admin", ~User.disabled).limit(1)):
                raise UserError(f"“{user.name}” is the only admin left: make another one first.")
            if user.disabled:
                session.execute(delete(StaffSession).where(StaffSession.user_id == user.id))
            audit.log(session, who, what, ("user", user.name), before=before, after=values)


def allows(user: User, role: str) -> bool:
    """Whether a user's role is ``role`` or one that may do more."""
    return ROLES.index(user.role) >= ROLES.index(role)


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UserError(f"There is no role “{role}”: {', '.join(ROLES)}.")


def _find(session: Session, name: str) -> User | None:
    return session.scalar(select(User).where(User.name == name.strip().lower()))


def _get(session: Session, name: str) -> User:
    user = _find(session, name)
    if user is None:
        raise UserError(f"There is no user “{name}”; ketamine-answers user list shows all.")
    return user
