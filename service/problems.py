"""The one shape of every error (RFC 9457 problem details), and what turns any failure into it.

Nothing of a request's text and nothing of a stack trace goes out or into the log.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from safety.crisis import Help

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:ketamine-answers:problem:"
LONGEST_NAME = 100
CODES = {
    400: "bad_request",
    401: "token",
    403: "refused",
    404: "not_found",
    405: "method_not_allowed",
    408: "slow_upload",
    413: "too_large",
    422: "invalid",
    429: "too_many",
    503: "busy",
    504: "timeout",
}
_LOG = logging.getLogger("ketamine_answers")

Say = Callable[..., str]
"""(code, fields) → the sentence for a problem, from ``prompts/interface``."""


class FieldError(BaseModel):
    """A field that doesn't fit, and why."""

    field: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it, with a few members of our own."""

    type: str = Field(description="A name that never changes, for programs.", examples=[f"{TYPE}too_many"])
    title: str = Field(description="What the status means.", examples=["Too Many Requests"])
    status: int = Field(examples=[429])
    detail: str = Field("", description="A sentence that may be shown to a reader.")
    request_id: str = Field("", description="Names the request in the server's log.")
    errors: list[FieldError] = Field(default_factory=list, description="Fields that don't fit.")
    retry_after: int | None = Field(None, description="Seconds to wait, as in the header Retry-After.")
    help: Help | None = Field(None, description="Crisis lines, where a question was refused.")


@dataclass(eq=False)
class RefusedError(Exception):
    """A request that is refused; ``code`` names the sentence ``problem_<code>`` of the interface texts."""

    status: int
    code: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    retry_after: int | None = None
    errors: list[FieldError] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    help: Help | None = None

    def __post_init__(self) -> None:
        self.code = self.code or CODES.get(self.status, "failed")

    def problem(self, say: Say, request_id: str = "") -> Problem:
        """The refusal as data."""
        return Problem(
            type=f"{TYPE}{self.code}",
            title=_title(self.status),
            status=self.status,
            detail=say(self.code, **self.fields),
            request_id=request_id,
            errors=self.errors,
            retry_after=self.retry_after,
            help=self.help,
        )

    def response(self, say: Say, request_id: str = "") -> Response:
        """The refusal as a response."""
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        body = self.problem(say, request_id).model_dump_json(exclude_none=True)
        return Response(body, self.status, headers, MEDIA_TYPE)


def refusal_of(error: Exception) -> RefusedError:
    """What any exception is to the client; one that isn't meant for it is logged by class and place alone."""
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, HTTPException):
        return RefusedError(error.status_code, headers=dict(error.headers or {}))
    report(error)
    return RefusedError(500, "failed")


def invalid(errors: list[dict[str, Any]]) -> RefusedError:
    """What pydantic found wrong, without what it found it in."""
    if any(error["type"] == "json_invalid" for error in errors):
        return RefusedError(400)
    found = [FieldError(field=_name(error["loc"]), message=str(error["msg"])[:200]) for error in errors[:20]]
    return RefusedError(422, errors=found)


def report(error: BaseException) -> None:
    """Log an error's class and place; its message may quote a reader and is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown place"
    _LOG.error("%s at %s", type(error).__name__, place)


class Catch:
    """Outermost: whatever fails inside leaves as a problem."""

    def __init__(self, app: ASGIApp, say: Say) -> None:
        self._app, self._say = app, say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # nothing behind this handles it any more
            if scope["type"] != "http":
                raise
            refusal = refusal_of(error)
            if not started:
                await refusal.response(self._say, request_id(scope))(scope, receive, send)


def request_id(scope: Scope) -> str:
    """The id that the access log gave this request, or an empty text."""
    return str(scope.get("state", {}).get("request_id", ""))


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _name(place: tuple[str | int, ...]) -> str:
    """Where in the request: ``history.3``. A client names its fields itself, so the length is limited."""
    return ".".join(str(part) for part in place[1:] or place)[:LONGEST_NAME]
