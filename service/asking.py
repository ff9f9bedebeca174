"""From a request to a question that may be asked: its site, its length, its client's rate. Help is never refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from answer.engine import Engine
from answer.schema import Answer, Question
from answer.streaming import Teller, Told
from service.context import Context
from service.models import Asked
from service.problems import FieldError, RefusedError
from service.sites import for_site
from settings import Site

STREAM_RETRY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Admitted:
    """A question that gets an answer: the engine's, or ``urgent`` where it was refused and help is needed."""

    engine: Engine
    question: Question
    client: str
    urgent: Answer | None = None

    def ask(self) -> Answer:
        """The whole answer; blocks."""
        return self.urgent or self.engine.ask(self.question)

    def stream(self) -> Told:
        """The answer as it is made; blocks."""
        return Teller().whole(self.urgent) if self.urgent else self.engine.stream(self.question)


async def admit(context: Context, request: Request, asked: Asked, *, stream: bool = False) -> Admitted:
    """Check a question.

    Raises:
        RefusedError: the site isn't known, the question is too long, too many were asked, or too many streams are
            open; and nobody seems to be in danger.
    """
    engine = context.ready()
    site = site_of(context, request, asked.site)
    question = for_site(asked, site)
    client = client_of(request)
    refusal = _too_long(context, question) or _too_many_streams(context, client, stream)
    if refusal is None:
        wait = await counted(context, lambda: context.limiter.question(client, site.id if site else ""))
        if not wait:
            return Admitted(engine, question, client)
        refusal = RefusedError(429, "too_many", retry_after=wait)
    if await counted(context, lambda: context.limiter.read(client)) == 0:
        urgent = await context.pool.run(lambda: engine.help_first(question))
        if urgent is not None:
            return Admitted(engine, question, client, urgent)
    refusal.help = context.help_for(context.country_of(question, site))
    raise refusal


def site_of(context: Context, request: Request, site_id: str | None) -> Site | None:
    """The site a request is for.

    Raises:
        RefusedError: there is none of that id, or it is another website's.
    """
    asking: Sequence[Site] | None = getattr(request.state, "asking", None)
    return context.sites.resolve(site_id, asking)


def client_of(request: Request) -> str:
    """Who asks, by address."""
    return request.client.host if request.client else "unknown"


async def counted(context: Context, count: Callable[[], int]) -> int:
    """What the limiter says; asked in a thread where it has to ask another server."""
    return await run_in_threadpool(count) if context.limiter.blocks else count()


def _too_long(context: Context, question: Question) -> RefusedError | None:
    most = context.settings.max_question_chars
    if len(question.text) <= most:
        return None
    fields = {"length": f"{len(question.text):,}", "max": f"{most:,}"}
    error = FieldError(field="text", message=f"String should have at most {most} characters")
    return RefusedError(422, "question_too_long", fields=fields, errors=[error])


def _too_many_streams(context: Context, client: str, stream: bool) -> RefusedError | None:
    if stream and context.streams.has_enough(client):
        return RefusedError(429, "too_many_streams", retry_after=STREAM_RETRY_SECONDS)
    if stream and context.streams.is_full():
        return RefusedError(503, "busy", retry_after=STREAM_RETRY_SECONDS)
    return None
