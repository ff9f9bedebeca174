"""Streams: what is sent when, that nothing sent is withdrawn, and that a client that leaves ends the work."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.testclient import TestClient

from answer.engine import Engine
from answer.schema import Answer, Question
from answer.streaming import Event, Told
from service import events as service_events
from service.events import BEAT
from service.problems import Problem
from tests.answer.chat_server import ChatServer, hangs, in_turn, says
from tests.service.conftest import Open
from tests.service.test_api import CRISIS, QUESTION, assert_problem

TOPIC = "Does ketamine make people suicidal?"
Parsed = list[tuple[str, Any]]


def parse(text: str) -> Parsed:
    """The events of a stream, comments left out."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def told(api: TestClient, **question: Any) -> Parsed:
    response = api.post("/api/ask/stream", json=question)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    return parse(response.text)


def assert_told_in_order(events: Parsed) -> Answer:
    """What was told equals the whole answer at the end, and each citation came before the sentence that needs it."""
    names = [name for name, _ in events]
    assert names.count("done") == 1 and names[-1] == "done"
    answer = Answer.model_validate(events[-1][1])
    assert [data for name, data in events if name == "sentence"] == [s.model_dump() for s in answer.sentences]
    assert [data for name, data in events if name == "citation"] == [c.model_dump() for c in answer.citations]
    cited: set[int] = set()
    for name, data in events:
        if name == "citation":
            cited.add(data["number"])
        if name == "sentence":
            assert set(data["citations"]) <= cited
    opening = [data for name, data in events if name == "message"]
    if answer.message or answer.help:
        assert names[0] == "message" and len(opening) == 1
        assert opening[0]["message"] == (answer.message.model_dump() if answer.message else None)
        assert opening[0]["help"] == (json.loads(answer.help.model_dump_json()) if answer.help else None)
        assert opening[0]["outcome"] == answer.outcome
    else:
        assert not opening
    return answer


@pytest.mark.parametrize(
    ("text", "outcome"),
    [(QUESTION, "answered"), (CRISIS, "crisis"), (TOPIC, "answered"), ("?!", "no_evidence"), ("", "no_evidence")],
)
def test_a_stream_tells_what_the_whole_answer_says(text: str, outcome: str, api: TestClient, engine: Engine) -> None:
    answer = assert_told_in_order(told(api, text=text, id="q"))
    assert answer.outcome == outcome
    assert answer.text == engine.ask(Question(text=text, id="q")).text


def test_help_comes_before_the_ordinary_part_of_a_crisis(api: TestClient) -> None:
    text = f"{CRISIS}. {QUESTION}"
    events = told(api, text=text, continue_after_help=True)
    answer = assert_told_in_order(events)
    assert answer.outcome == "crisis"
    assert events[0][0] == "message" and events[0][1]["help"]["lines"]


# ------------------------------------------------------------------------------------------------ on a started server


@contextmanager
def started(api: TestClient) -> Iterator[str]:
    """The API served on loopback by the real server, with a real network between."""
    server = uvicorn.Server(uvicorn.Config(api.app, port=0, log_level="error", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


class Paced:
    """The real engine, whose events wait for each other until they are let."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.let, self.ended = threading.Semaphore(0), threading.Event()

    def stream(self, question: Question) -> Told:
        try:
            for event in self._engine.stream(question):
                self.let.acquire(timeout=20)
                yield event
        finally:
            self.ended.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


class Failing(Paced):
    """Fails after its second event, with what a reader wrote in the error."""

    def stream(self, question: Question) -> Told:
        for number, event in enumerate(self._engine.stream(question)):
            if number == 2:
                raise RuntimeError("what a reader wrote")
            yield event


def gauge(url: str, name: str) -> float:
    text = httpx.get(f"{url}/api/metrics", headers={"Authorization": "Bearer open"}).text
    return float(next(line for line in text.splitlines() if line.startswith(f"ketamine_answers_{name} ")).split()[1])


def asking(url: str) -> AbstractContextManager[httpx.Response]:
    """An open stream of an answer."""
    return httpx.stream("POST", f"{url}/api/ask/stream", json={"text": QUESTION}, timeout=30)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that must come; the tests' time limit ends it."""
    while not condition():
        time.sleep(0.02)


def test_a_sentence_is_sent_before_the_next_is_made(open_api: Open, engine: Engine) -> None:
    paced = Paced(engine)
    with (
        started(open_api(paced)) as url,
        asking(url) as response,
    ):
        chunks = response.iter_text()
        paced.let.release()
        assert parse(next(chunks))[0][0] == "citation"
        paced.let.release()
        assert parse(next(chunks))[0][0] == "sentence"
        assert gauge(url, "streams_open") == 1
        paced.let.release(100)
        assert parse("".join(chunks))[-1][0] == "done"
        until(lambda: gauge(url, "streams_open") == 0)


def test_a_client_that_leaves_ends_the_work(open_api: Open, engine: Engine) -> None:
    paced = Paced(engine)
    with started(open_api(paced)) as url:
        with asking(url) as response:
            paced.let.release()
            next(response.iter_text())
        until(lambda: gauge(url, "streams_open") == 0)
        paced.let.release()
        assert paced.ended.wait(20)
        until(lambda: gauge(url, "questions_waiting") == 0)


@pytest.mark.parametrize(
    ("limits", "status", "code"),
    [({"max_streams_per_client": 1}, 429, "too_many_streams"), ({"max_streams": 1}, 503, "busy")],
)
def test_open_streams_are_limited_and_help_is_not(
    limits: dict[str, int], status: int, code: str, open_api: Open, engine: Engine
) -> None:
    paced = Paced(engine)
    with started(open_api(paced, **limits)) as url, asking(url) as response:
        until(lambda: gauge(url, "streams_open") == 1)
        problem = assert_problem(httpx.post(f"{url}/api/ask/stream", json={"text": QUESTION}), status, code)
        assert problem.retry_after and problem.help
        helped = httpx.post(f"{url}/api/ask/stream", json={"text": CRISIS}, timeout=30)
        assert parse(helped.text)[0][1]["outcome"] == "crisis"
        paced.let.release(100)
        assert parse(response.read().decode())[-1][0] == "done"


def test_while_nothing_is_made_a_heartbeat_keeps_the_connection(
    open_api: Open, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_events, "HEARTBEAT_SECONDS", 0.05)
    paced = Paced(engine)
    with (
        started(open_api(paced)) as url,
        asking(url) as response,
    ):
        chunks = response.iter_text()
        assert next(chunks).startswith(BEAT.decode().strip())
        paced.let.release(100)
        assert_told_in_order(parse("".join(chunks)))


def test_a_failure_within_a_stream_is_its_last_event(
    open_api: Open, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    events = told(open_api(Failing(engine)), text=QUESTION)
    assert [name for name, _ in events] == ["citation", "sentence", "error"]
    assert Problem.model_validate(events[-1][1]).status == 500
    assert "reader wrote" not in json.dumps(events) + caplog.text


def test_a_stream_that_takes_too_long_ends_with_an_error(open_api: Open, engine: Engine) -> None:
    paced = Paced(engine)
    events = told(open_api(paced, request_seconds=0.3), text=QUESTION)
    assert [name for name, _ in events] == ["error"]
    assert events[0][1]["status"] == 504
    paced.let.release(100)


# ------------------------------------------------------------------------------------------------ with a chat model


@pytest.fixture
def open_engine(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[ChatServer], Engine]]:
    """Opens an engine on the tests' index with a chat model."""
    opened: list[Engine] = []

    def open_(server: ChatServer) -> Engine:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        opened.append(Engine.open(engine.settings.model_copy(update={"model": "openai:m", "model_first_seconds": 3.0})))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


def first_passage(prompt: str) -> str:
    """A model that repeats the first two passages it was given, then says something that isn't true."""
    passages = [line.split("] ", 1)[1] for line in prompt.splitlines() if line.startswith(("[1] ", "[2] "))]
    claims = [passage.split(". ", 1)[1] if ". " in passage else passage for passage in passages]
    return " ".join(f"{claim} [{number}]" for number, claim in enumerate(claims, start=1)) + " It cures everybody. [1]"


def test_a_models_sentences_are_told_as_they_pass_and_never_withdrawn(
    open_engine: Callable[[ChatServer], Engine],
) -> None:
    with ChatServer(in_turn(says("ok"), says(first_passage))) as server:
        engine = open_engine(server)
        told_: list[Event] = list(engine.stream(Question(text="Which people should not be given ketamine in studies?")))
    answer = assert_told_in_order([(event.name, json.loads(event.data.model_dump_json())) for event in told_])
    assert "cures everybody" not in answer.text
    assert answer.outcome == "answered" and "model" in answer.checks


def test_a_model_that_hangs_gives_way_to_the_sources(open_engine: Callable[[ChatServer], Engine]) -> None:
    with ChatServer(in_turn(says("ok"), hangs())) as server:
        engine = open_engine(server)
        told_ = list(engine.stream(Question(text="Which people should not be given ketamine in studies?")))
    answer = assert_told_in_order([(event.name, json.loads(event.data.model_dump_json())) for event in told_])
    assert answer.sentences and answer.composer == "extractive"
