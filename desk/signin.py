"""Sign-in for staff as plain HTML forms on routes of their own, so that the cookie can be HttpOnly."""

from __future__ import annotations

import html
import logging
import secrets
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, urlsplit

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route, Router

from desk.database import Database
from desk.sessions import COOKIE, LONGEST, Sessions, csrf_matches, csrf_token
from desk.users import LOCKED_FOR, LockedOutError, Users
from errors import OperatorError
from safety.wording import Wording
from settings import Settings

BELOW = "/desk"
SIGN_IN, SIGN_OUT = f"{BELOW}/sign-in", f"{BELOW}/sign-out"
FIRST_PAGE = {"desk": "/", "all": "/inbox", "public": "/"}
"""Where the staff's pages begin, by the setting ``pages``."""

FORM_COOKIE = "desk_form"
LARGEST_FORM = 4096
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_PAGE = Template((Path(__file__).parent / "signin.html").read_text(encoding="utf-8"))
_LOG = logging.getLogger("ketamine_answers")


class BadFormError(Exception):
    """The form is too large, not a form, or wasn't made by this server for this browser."""


def signin(settings: Settings, database: Database) -> Router:
    """Sign-in and sign-out as an application to be mounted at ``/desk``; its own address leads to the first page."""
    door = _Door(settings, database)
    return Router(
        [
            Route("/", door.begin, methods=["GET"]),
            Route(SIGN_IN.removeprefix(BELOW), door.show, methods=["GET"]),
            Route(SIGN_IN.removeprefix(BELOW), door.sign_in, methods=["POST"]),
            Route(SIGN_OUT.removeprefix(BELOW), door.sign_out, methods=["POST"]),
        ]
    )


class _Door:
    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._wording = Wording(settings.prompts_dir, settings.language)
        self._users, self._sessions = Users(database), Sessions(database)

    async def begin(self, _: Request) -> Response:
        """To the first page, which leads to the form where nobody is signed in."""
        return RedirectResponse(FIRST_PAGE[self._settings.pages], 303, HEADERS)

    async def show(self, request: Request) -> Response:
        """The empty form."""
        return self._form(request)

    async def sign_in(self, request: Request) -> Response:
        """Start a session, or show the form again with a sentence that doesn't tell what was wrong."""
        try:
            fields = await _read_form(request, request.cookies.get(FORM_COOKIE, ""))
        except BadFormError:
            return self._form(request, "desk_form_stale", 403)
        try:
            token = await run_in_threadpool(self._start, fields.get("name", ""), fields.get("password", ""))
        except LockedOutError:
            return self._form(request, "desk_locked", 429)
        except (OperatorError, SQLAlchemyError) as error:
            _LOG.error("Nobody can sign in: the desk's database can't be used (%s).", type(error).__name__)
            return self._form(request, "desk_unavailable", 503)
        if token is None:
            return self._form(request, "desk_wrong", 401)
        response = RedirectResponse(FIRST_PAGE[self._settings.pages], 303, HEADERS)
        self._set_cookie(response, request, COOKIE, token)
        response.delete_cookie(FORM_COOKIE, path=SIGN_IN)
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session of the cookie; ``everywhere`` in the form ends all of the user's."""
        token = request.cookies.get(COOKIE, "")
        try:
            fields = await _read_form(request, token)
        except BadFormError:
            return self._form(request, "desk_form_stale", 403)
        try:
            await run_in_threadpool(self._end, token, "everywhere" in fields)
        except (OperatorError, SQLAlchemyError):
            return self._form(request, "desk_unavailable", 503)
        response = RedirectResponse(SIGN_IN, 303, HEADERS)
        response.delete_cookie(COOKIE, path="/")
        return response

    def _start(self, name: str, password: str) -> str | None:
        user = self._users.authenticate(name, password)
        return self._sessions.start(user) if user else None

    def _end(self, token: str, everywhere: bool) -> None:
        user = self._sessions.current_user({COOKIE: token}) if everywhere else None
        if user:
            self._sessions.end_all(user)
        self._sessions.end(token)

    def _form(self, request: Request, message: str | None = None, status: int = 200) -> Response:
        secret = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
        texts = {id: self._text(f"desk_{id}") for id in ("title", "name", "password", "sign_in")}
        said = f'<p role="alert">{self._text(message)}</p>' if message else ""
        page = _PAGE.substitute(
            texts, language=self._settings.language, action=SIGN_IN, csrf=csrf_token(secret), message=said
        )
        response = HTMLResponse(page, status, HEADERS)
        self._set_cookie(response, request, FORM_COOKIE, secret, path=SIGN_IN)
        return response

    def _text(self, id: str) -> str:
        minutes = str(int(LOCKED_FOR.total_seconds() // 60))
        return html.escape(self._wording.interface(id, clinic=self._settings.clinic_name, minutes=minutes))

    def _set_cookie(self, response: Response, request: Request, name: str, value: str, path: str = "/") -> None:
        secure = self._settings.desk_https or request.url.scheme == "https"
        age = int(LONGEST.total_seconds())
        response.set_cookie(name, value, max_age=age, path=path, secure=secure, httponly=True, samesite="strict")


async def _read_form(request: Request, secret: str) -> dict[str, str]:
    """The fields of a form that this server made for the browser with ``secret`` in its cookie; else BadFormError."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise BadFormError
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise BadFormError
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=10, errors="strict")
    except ValueError as error:
        raise BadFormError from error
    form = {name: values[0] for name, values in fields.items()}
    if not csrf_matches(secret, form.get("csrf", "")):
        raise BadFormError
    return form
