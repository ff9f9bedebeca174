"""The door to the staff's pages: nothing is shown before sign-in, and each run of a page looks the session up again.

An open page outlives a sign-out or a disabled user, so what it was told a minute ago counts for nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from answer.engine import Engine
from desk.database import Database
from desk.models import User
from desk.sessions import COOKIE, Sessions, csrf_token
from desk.signin import SIGN_IN, SIGN_OUT
from desk.users import allows
from errors import OperatorError
from settings import Settings
from ui import frame, shared
from ui.words import Words, escape

Role = Literal["reader", "editor", "admin"]
_LOG = logging.getLogger("ketamine_answers")


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is signed in, and what a page of the desk works with."""

    user: User
    database: Database
    engine: Engine
    settings: Settings
    words: Words

    def may(self, role: Role) -> bool:
        """Whether the user's role includes ``role``."""
        return allows(self.user, role)


def enter(role: Role = "reader") -> Staff:
    """Who is signed in; without a session, or with a lesser role, the page ends here with a sentence.

    Every page of the desk calls it first, in every run.
    """
    here = shared.parts()
    user = signed_in()
    if user is None:
        st.html(f'<p>{here.words.html("desk_closed")} <a href="{SIGN_IN}">{here.words.html("desk_sign_in")}</a></p>')
        st.stop()
    if not allows(user, role):
        st.html(f'<p class="ka-sorry" role="alert">{here.words.html("desk_not_allowed", role=role)}</p>')
        st.stop()
    assert here.database is not None
    if here.engine is None:
        frame.sorry("not_ready")
        st.stop()
    return Staff(user, here.database, here.engine, here.settings, here.words)


def signed_in() -> User | None:
    """The user whose session this browser's cookie names; the run ends with a sentence where nobody can tell."""
    here = shared.parts()
    if here.database is None:
        return None
    try:
        return Sessions(here.database).current_user(cookies())
    except (OperatorError, SQLAlchemyError) as error:
        _LOG.error("The desk's database can't be used (%s).", type(error).__name__)
        _out_of_order()


def sign_out_form() -> None:
    """The name of the user and a button that signs out: a plain form, since only a route can delete the cookie."""
    words, token = shared.parts().words, cookies().get(COOKIE, "")
    user = signed_in()
    if user is None:
        return
    st.html(
        f'<form class="ka-sign-out" method="post" action="{SIGN_OUT}">'
        f'<input type="hidden" name="csrf" value="{csrf_token(token)}">'
        f"<span>{words.html('desk_signed_in', name=user.name, role=user.role)}</span> "
        f'<button type="submit">{escape(words.text("desk_sign_out"))}</button></form>'
    )


def cookies() -> Mapping[str, str]:
    """The cookies that this browser's page was opened with."""
    return st.context.cookies


def _out_of_order() -> NoReturn:
    frame.sorry("desk_unavailable")
    st.stop()
    raise AssertionError("st.stop ends the run")
