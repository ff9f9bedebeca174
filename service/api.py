"""The routes of the HTTP API, below ``/api/v1`` and the same below ``/api``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from answer.schema import Answer
from service.asking import admit, client_of, counted, site_of
from service.body import BodyGuard
from service.context import Context
from service.events import HEADERS as EVENT_HEADERS
from service.events import EventStream, Telling
from service.feedback import Feedback
from service.models import (
    Asked,
    Health,
    Keep,
    Kept,
    Ready,
    SiteView,
    SourceDetail,
    SourceItem,
    SourcePage,
    SuggestionList,
    Taken,
)
from service.openapi import ANSWER_EXAMPLE, EVENT_SCHEMA, EVENTS_EXAMPLE, describe, problems
from service.problems import RefusedError, invalid, refusal_of, request_id
from service.sites import SiteGate
from service.siteview import site_view

VERSION = "1"
WRITING_SECONDS = 10.0
"""How much longer than the answer its slow reader may take."""

router = APIRouter()


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Shared = Annotated[Context, Depends(_context)]
Language = Annotated[str | None, Query(pattern="^[a-z]{2}$", description="Two letters; the site's own when missing.")]


async def _read_rate(request: Request, context: Shared) -> None:
    client = client_of(request)
    if wait := await counted(context, lambda: context.limiter.read(client)):
        raise RefusedError(429, "too_many", retry_after=wait)


READS: Sequence[Any] = (Depends(_read_rate),)
ASK_PROBLEMS = problems(400, 403, 408, 413, 422, 429, 500, 503, 504)


@router.post(
    "/ask",
    summary="Ask a question",
    response_model=Answer,
    responses={200: {"content": {"application/json": {"example": ANSWER_EXAMPLE}}}, **ASK_PROBLEMS},
)
async def ask(request: Request, asked: Asked, context: Shared) -> Response:
    """The whole answer, with the quotes it rests on."""
    admitted = await admit(context, request, asked)
    answer = await context.pool.run(admitted.ask)
    context.answered(answer, admitted.question.country)
    return Response(answer.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.post(
    "/ask/stream",
    summary="Ask a question, hear the answer as it is made",
    response_class=Response,
    responses={
        200: {
            "description": "Server-sent events: message, citation, sentence, done, error.",
            "content": {"text/event-stream": {"schema": EVENT_SCHEMA, "example": EVENTS_EXAMPLE}},
            "headers": {name: {"schema": {"type": "string"}} for name in EVENT_HEADERS},
        },
        **ASK_PROBLEMS,
    },
)
async def ask_stream(request: Request, asked: Asked, context: Shared) -> Response:
    """Each sentence has passed its checks before it is sent; nothing sent is withdrawn."""
    admitted = await admit(context, request, asked, stream=True)
    telling = Telling(context, admitted.stream, admitted.question.country)
    events = telling.events(admitted.client, request_id(request.scope))
    return EventStream(events, context.settings.request_seconds + WRITING_SECONDS)


@router.post(
    "/feedback",
    status_code=202,
    summary="Vote on an answer",
    response_model=Taken,
    dependencies=READS,
    responses=problems(400, 403, 408, 413, 422, 429, 500),
)
async def feedback(request: Request, vote: Feedback, context: Shared) -> Taken:
    """A vote counts once; sent again it changes nothing. Of several on an answer the clinic sees the last."""
    site = site_of(context, request, vote.site)
    context.votes.take(vote.model_copy(update={"site": site.id if site else None}))
    if context.recorder:
        await run_in_threadpool(context.recorder.vote, vote.answer_id, vote.helpful, vote.comment)
    return Taken(status="taken")


@router.post(
    "/keep",
    summary="Let the clinic keep a question",
    response_model=Kept,
    responses=problems(400, 403, 404, 408, 413, 422, 429, 500, 503, 504),
)
async def keep(request: Request, wish: Keep, context: Shared) -> Kept:
    """The question, without the reader's details, and the answer it gets now; only with the reader's consent.

    Kept once for each id. Words of a crisis, an emergency or abuse are never kept.
    """
    recorder = context.recorder
    if recorder is None or not recorder.keeps_questions:
        raise RefusedError(404, "keeps_nothing")
    admitted = await admit(context, request, wish.question)
    answer = await context.pool.run(admitted.ask)
    kept = await run_in_threadpool(
        recorder.keep, admitted.question, answer, consent=wish.consent, unhelpful=wish.unhelpful
    )
    return Kept(kept=kept)


@router.get(
    "/sources",
    summary="List the sources",
    response_model=SourcePage,
    dependencies=READS,
    responses=problems(403, 422, 429, 500, 503),
)
def sources(
    context: Shared,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SourcePage:
    """Everything that answers are drawn from, by title."""
    views = context.ready().sources()
    items = [SourceItem.of(view) for view in views[offset : offset + limit]]
    return SourcePage(total=len(views), offset=offset, limit=limit, items=items)


@router.get(
    "/sources/{id}",
    summary="Read a source",
    response_model=SourceDetail,
    dependencies=READS,
    responses=problems(403, 404, 422, 429, 500, 503),
)
def source(id: str, context: Shared) -> SourceDetail:
    """A source and all that is held from it; old ids find it too."""
    view = context.ready().source(id)
    if view is None:
        raise RefusedError(404, "unknown_source")
    return SourceDetail.of(view)


@router.get(
    "/suggestions",
    summary="Questions to start with",
    response_model=SuggestionList,
    dependencies=READS,
    responses=problems(403, 429, 500, 503),
)
def suggestions(context: Shared) -> SuggestionList:
    """A few questions that have good answers."""
    return SuggestionList(suggestions=context.ready().suggestions())


@router.get(
    "/sites/{id}",
    summary="What a website's widget begins with",
    response_model=SiteView,
    dependencies=READS,
    responses=problems(403, 404, 422, 429, 500),
)
def site(id: str, request: Request, context: Shared, language: Language = None) -> SiteView:
    """Public settings of a site, with the help lines of its country; words in ``language`` where it is given."""
    found = site_of(context, request, id)
    if found is None:
        raise RefusedError(403, "unknown_site")
    return site_view(context, found, str(request.base_url), language)


@router.get("/health", summary="Is the server alive?", response_model=Health, responses=problems(403, 500))
async def health() -> Health:
    """Alive, whatever else is wrong."""
    return Health(status="alive")


@router.get("/ready", summary="Can questions be answered?", response_model=Ready, responses=problems(403, 500, 503))
def ready(context: Shared) -> Ready:
    """Index and settings can be used."""
    engine = context.ready()
    return Ready(status="ready", sources=len(engine.sources()), corpus_version=engine.corpus_version())


@router.get(
    "/metrics",
    summary="Counters for Prometheus",
    response_class=Response,
    responses={
        200: {"description": "Prometheus' text format.", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **problems(401, 403, 404, 422, 500),
    },
)
async def metrics(context: Shared, authorization: Annotated[str | None, Header()] = None) -> Response:
    """Only with the setting metrics_token, as ``Authorization: Bearer …``."""
    return Response(context.metrics.text(authorization), media_type="text/plain; version=0.0.4")


def build_api(context: Context) -> ASGIApp:
    """The API around an engine, to be mounted at ``/api``."""
    api = FastAPI(
        title="Ketamine Answers",
        version=VERSION,
        description="Questions about ketamine therapy for depression, answered from published sources with quotes.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        exception_handlers={
            RequestValidationError: _on_error,
            HTTPException: _on_error,
            RefusedError: _on_error,
            Exception: _on_error,
        },
    )
    api.state.context = context
    api.openapi = lambda: describe(api)  # type: ignore[method-assign]
    api.include_router(router, prefix="/v1")
    api.include_router(router, include_in_schema=False)
    return SiteGate(BodyGuard(api, context.settings, context.say), context.sites, context.say)


async def _on_error(request: Request, error: Exception) -> Response:
    refusal = invalid(list(error.errors())) if isinstance(error, RequestValidationError) else refusal_of(error)
    context: Context = request.app.state.context
    return refusal.response(context.say, request_id(request.scope))
