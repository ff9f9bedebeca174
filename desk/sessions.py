"""Sessions of staff: a random token in the browser's cookie, its hash in the database, looked up on every run."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, select, update

from desk import audit
from desk.database import Database
from desk.models import StaffSession, User, now

COOKIE = "desk_session"
IDLE = timedelta(minutes=30)
"""A session ends after this long without a run of a page …"""

LONGEST = timedelta(hours=12)
"""… and this long after sign-in in any case."""

_TOUCH = timedelta(minutes=1)


class Sessions:
    """Who is signed in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, user: User) -> str:
        """Sign a user in: the token for the cookie (256 random bits)."""
        token, at = secrets.token_urlsafe(32), now()
        with self._database.writing() as session:
            row = StaffSession(token_hash=_hash(token), user_id=user.id, created_at=at, seen_at=at)
            row.expires_at = at + LONGEST
            session.add(row)
            audit.log(session, user.name, "signed in", ("user", user.name))
        return token

    def current_user(self, cookies: Mapping[str, str]) -> User | None:
        """The user whose session the cookies name, None when there is none, it ended, or the user was disabled.

        Raises:
            DatabaseError, SQLAlchemyError: the database can't be reached; nobody may be taken for signed in then.
        """
        token = cookies.get(COOKIE, "")
        if not token:
            return None
        at = now()
        wanted = select(User, StaffSession.seen_at).join(StaffSession, StaffSession.user_id == User.id)
        valid = (StaffSession.expires_at > at, StaffSession.seen_at > at - IDLE, ~User.disabled)
        with self._database.reading() as session:
            row = session.execute(wanted.where(StaffSession.token_hash == _hash(token), *valid)).one_or_none()
            session.expunge_all()
        if row is None:
            return None
        if at - row[1] > _TOUCH:
            with self._database.writing() as session:
                mine = StaffSession.token_hash == _hash(token)
                session.execute(update(StaffSession).where(mine).values(seen_at=at))
        user: User = row[0]
        return user

    def end(self, token: str) -> None:
        """Sign out; an unknown token changes nothing."""
        with self._database.writing() as session:
            session.execute(delete(StaffSession).where(StaffSession.token_hash == _hash(token)))

    def end_all(self, user: User) -> None:
        """Sign a user out everywhere."""
        with self._database.writing() as session:
            session.execute(delete(StaffSession).where(StaffSession.user_id == user.id))
            audit.log(session, user.name, "signed out everywhere", ("user", user.name))


def csrf_token(secret: str) -> str:
    """What a form must send back to prove that it was made here for the browser with ``secret`` in a cookie."""
    return hmac.new(secret.encode(), b"desk form", hashlib.sha256).hexdigest()


def csrf_matches(secret: str, given: str) -> bool:
    """Whether a form's token belongs to the cookie's ``secret``; False when either is missing."""
    return bool(secret) and hmac.compare_digest(csrf_token(secret).encode(), given.encode())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
