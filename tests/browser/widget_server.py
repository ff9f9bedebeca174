"""Two real servers on loopback: one that speaks the assistant's HTTP API and misbehaves as told, a clinic's website.

Who needs help, the help lines and the reviewed words are the project's own; only the ordinary answers are written here.
"""

from __future__ import annotations

import asyncio
import html
import json
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from answer.schema import Answer, Citation, Message, Notice, Sentence
from safety.crisis import CrisisLines, Help
from safety.triage import Outcome, Triage, Triager
from safety.wording import Wording
from service.widget import widget_routes
from settings import ROOT, Settings
from tests.widget_words import widget_words

SITES: dict[str, dict[str, Any]] = {
    "harbour": {"country": "US", "language": "en", "greeting": "Welcome to the Harbour Clinic.", "theme": {}},
    "faro": {
        "country": "ES",
        "language": "es",
        "greeting": "Bienvenida a la clínica Faro.",
        "theme": {"accent": "#f2c94c", "position": "left"},
    },
    "noor": {"country": "XX", "language": "ar", "greeting": "", "theme": {}},
}
SETTINGS = Settings(clinic_name="the Harbour Clinic", clinic_contact="phone 555 0100")
_TRIAGER = Triager(ROOT / "safety" / "lexicons")
_LINES = CrisisLines(SETTINGS.corpus_dir / "crisis-lines.toml")


def free_socket() -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    return bound


class Served:
    """An ASGI application on a port that it keeps over a restart."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        with free_socket() as probe:
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        config = uvicorn.Config(
            self._app, host="127.0.0.1", port=self.port, log_level="critical", ws="none", lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        """End at once, open streams included."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(10)


@dataclass
class Assistant:
    """What the API's server was asked, and how it will behave next: "busy", "broken", "silent", "half", "held" …"""

    asked: list[dict[str, Any]] = field(default_factory=list)
    votes: list[dict[str, Any]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    behaviours: deque[str] = field(default_factory=deque)
    go_on: threading.Event = field(default_factory=threading.Event)
    down: bool = False
    keeps: bool = False

    def will(self, *behaviours: str) -> None:
        """Set how the next questions are treated, one each."""
        self.behaviours.extend(behaviours)

    def forget(self) -> None:
        """Begin anew: nothing asked yet, and every question is answered."""
        for kept in (self.asked, self.votes, self.kept, self.headers, self.behaviours):
            kept.clear()
        self.go_on.clear()
        self.down = self.keeps = False

    def app(self) -> Starlette:
        routes = [
            *widget_routes(SETTINGS),
            Route("/api/v1/sites/{id}", self.site),
            Route("/api/v1/ask/stream", self.ask, methods=["POST"]),
            Route("/api/v1/feedback", self.feedback, methods=["POST"]),
            Route("/api/v1/keep", self.keep, methods=["POST"]),
        ]
        cors = Middleware(
            CORSMiddleware,
            allow_origins=["*"],
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type"],
            expose_headers=["Retry-After"],
        )
        return Starlette(routes=routes, middleware=[cors])

    async def site(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        id = "harbour" if request.path_params["id"] == "demo" else request.path_params["id"]
        if self.down:
            return problem(503)
        if id not in SITES:
            return problem(403, "No website of this name may use the assistant.")
        site = SITES[id]
        language = request.query_params.get("language", site["language"])
        wording = Wording(SETTINGS.prompts_dir, language)
        suggestions = ["How soon can ketamine start to help?", "What are the common side effects?"]
        view = site | {
            "id": id,
            "language": language,
            "suggestions": suggestions if language == "en" else [],
            "clinic_name": SETTINGS.clinic_name,
            "clinic_contact": SETTINGS.clinic_contact,
            "automated_notice": wording.interface("first_line", clinic=SETTINGS.clinic_name),
            "privacy_url": str(request.base_url) + "privacy",
            "keeps_questions": self.keeps,
            "help": _LINES.help_for(site["country"], "topic").model_dump(mode="json"),
            "words": widget_words(language),
        }
        return JSONResponse(view)

    async def feedback(self, request: Request) -> Response:
        self.votes.append(await request.json())
        return Response(status_code=204)

    async def keep(self, request: Request) -> Response:
        self.kept.append(await request.json())
        return JSONResponse({"kept": True})

    async def ask(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        question = await request.json()
        self.asked.append(question)
        behaviour = self.behaviours.popleft() if self.behaviours else "answer"
        if behaviour == "busy":
            return problem(429, headers={"Retry-After": "3"})
        if behaviour in ("broken", "refused"):
            return problem(500 if behaviour == "broken" else 422)
        return StreamingResponse(self.stream(reply(question), behaviour), media_type="text/event-stream")

    async def stream(self, answer: Answer, behaviour: str) -> AsyncIterator[str]:
        yield ": begun\n\n"
        if behaviour == "error":
            yield event("error", {"type": "about:blank", "title": "Failed", "status": 500, "detail": "Failed"})
            return
        if behaviour == "silent":
            await asyncio.sleep(3600)
        if answer.message or answer.help:
            shown = answer.model_dump(mode="json", include={"outcome", "message", "help", "notices"})
            yield event("message", shown)
        for citation in answer.citations:
            yield event("citation", citation.model_dump(mode="json"))
        for number, sentence in enumerate(answer.sentences):
            while number == 1 and behaviour in ("held", "half") and not self.go_on.is_set():
                await asyncio.sleep(0.01)
            if number == 1 and behaviour == "half":
                raise ConnectionError("the server ends in the middle")
            yield event("sentence", sentence.model_dump(mode="json"))
        # CRLF, several lines of data and split characters are all valid in a stream
        yield event("done", answer.model_dump(mode="json")).replace("\n", "\r\n")


def problem(status: int, detail: str = "Refused.", headers: dict[str, str] | None = None) -> Response:
    body = {"type": "about:blank", "title": "Problem", "status": status, "detail": detail}
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")


def event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def reply(question: dict[str, Any]) -> Answer:
    """What the server answers: help first where the project's own rules find somebody in danger."""
    site = SITES.get(question["site"], SITES["harbour"])
    language = question.get("language", site["language"])
    found = _TRIAGER.triage(question["text"], question["history"])
    wording = Wording(SETTINGS.prompts_dir, language)
    help = _LINES.help_for(site["country"], found.help_reason) if found.help_reason else None
    if found.outcome in ("crisis", "emergency"):
        return urgent(found, found.outcome, wording, help, language, whole=question.get("continue_after_help", False))
    if "tinnitus" in question["text"]:
        message = Message(
            id="no_evidence", text=wording.message("no_evidence_general", clinic="us", contact="555 0100")
        )
        return answer("no_evidence", language, message=message)
    notices = [Notice(id=id, text=wording.notice(id)) for id in ("ask_your_clinician", *found.notices)]
    return answer(None, language, help=help, notices=notices)


def urgent(
    found: Triage, outcome: Outcome, wording: Wording, help: Help | None, language: str, *, whole: bool
) -> Answer:
    message = Message(id=outcome, text=wording.message(outcome))
    told = answer(outcome, language, message=message, help=help, labels=list(found.labels))
    return told.model_copy(update={"sentences": list(SENTENCES), "citations": list(CITATIONS)}) if whole else told


def answer(outcome: Outcome | None, language: str, **parts: Any) -> Answer:
    if outcome is None:
        parts |= {"sentences": SENTENCES, "citations": CITATIONS, "confidence": "moderate"}
        parts["follow_ups"] = ["How long does the effect last?"]
    always: dict[str, Any] = {"id": f"a{time.monotonic_ns()}", "text": "", "corpus_version": "t"}
    return Answer(outcome=outcome or "answered", language=language, **always, **parts)


SENTENCES = [
    Sentence(text="Dizziness, nausea and a feeling of being detached are common on the day.", citations=[1]),
    Sentence(text="These effects usually pass within two hours.", citations=[1, 2]),
    Sentence(text="Blood pressure often rises for a short time, so it is measured before and after.", citations=[2]),
]
CITATIONS = [
    Citation(
        number=1,
        source_id="label",
        title="Spravato prescribing information",
        publisher="FDA",
        year=2025,
        kind="drug-label",
        evidence="high",
        provenance="summary",
        country=["US"],
        url="https://www.fda.gov/label",
        section="Risks",
        quote="Common effects were dissociation, dizziness and nausea; most passed within two hours.",
        passage_id="p1",
    ),
    Citation(
        number=2,
        source_id="own",
        title="How we treat",
        publisher="The clinic",
        year=None,
        kind="clinic-article",
        evidence="low",
        provenance="clinic",
        country=[],
        url="javascript:alert(1)",
        section="",
        quote="We measure <b>blood pressure</b> before and after each session.",
        passage_id="p2",
    ),
]


@dataclass
class Website:
    """A clinic's own website, on another origin: pages by path, each with its headers."""

    pages: dict[str, tuple[str, str, dict[str, str]]] = field(default_factory=dict)

    def put(self, path: str, body: str, kind: str = "text/html", **headers: str) -> None:
        """Serve ``body`` at this path; ``content_security_policy="…"`` and the like become headers."""
        self.pages[path] = (body, kind, {name.replace("_", "-"): value for name, value in headers.items()})

    def app(self) -> Starlette:
        async def page(request: Request) -> Response:
            body, kind, headers = self.pages.get(request.url.path, ("Not found", "text/plain", {}))
            return HTMLResponse(body, headers=headers | {"content-type": f"{kind}; charset=utf-8"})

        return Starlette(routes=[Route("/{path:path}", page)])


class Clinic:
    """The assistant's server and a clinic's website that carries its widget, on two origins."""

    def __init__(self) -> None:
        self.assistant, self.website = Assistant(), Website()
        self.api, self.host = Served(self.assistant.app()), Served(self.website.app())

    def close(self) -> None:
        self.api.stop()
        self.host.stop()

    def snippet(self, site: str = "harbour", **data: str) -> str:
        """The script tag as docs/embedding.md tells it; ``data`` are further attributes."""
        named = {"site": site} | data
        attributes = " ".join(f'data-{name}="{html.escape(value, quote=True)}"' for name, value in named.items())
        return f'<script src="{self.api.url}/widget.js" {attributes} defer></script>'

    def put_page(self, *snippets: str, head: str = "", body: str = "", lang: str = "en", **headers: str) -> str:
        """A page of the clinic's website with these snippets; its address."""
        dir = "rtl" if lang == "ar" else "ltr"
        text = "<p>We are here from nine to five.</p>" * 3
        self.website.put(
            "/",
            f'<!doctype html><html lang="{lang}" dir="{dir}"><head><meta charset="utf-8"><title>Clinic</title>'
            f'<meta name="viewport" content="width=device-width">{head}</head>'
            f"<body><main><h1>Our clinic</h1>{text}{body}</main>{''.join(snippets)}</body></html>",
            **headers,
        )
        return f"{self.host.url}/"
