"""Limits: how much one client and one site may ask, how many streams, how long; and help in spite of them all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from answer.engine import Engine
from answer.schema import Answer, Question
from service.limits import Limiter, RateStorageError, Streams
from settings import Settings
from tests.service.conftest import CLINIC, Open
from tests.service.test_api import CRISIS, QUESTION, assert_problem

ASK = {"text": QUESTION}


@pytest.mark.parametrize("path", ["/api/ask", "/api/ask/stream"])
def test_too_many_questions_get_a_kind_429_with_a_time_to_wait(path: str, open_api: Open) -> None:
    api = open_api(question_rate="2/hour")
    assert [api.post(path, json=ASK).status_code for _ in range(2)] == [200, 200]
    response = api.post(path, json={**ASK, "country": "GB"}, headers={"Origin": CLINIC})
    problem = assert_problem(response, 429, "too_many")
    assert problem.retry_after and 1 <= problem.retry_after <= 2 * 3600
    assert response.headers["retry-after"] == str(problem.retry_after)
    assert "wait a moment" in problem.detail
    assert problem.help and problem.help.country == "GB"


@pytest.mark.parametrize("path", ["/api/ask", "/api/ask/stream"])
def test_help_is_not_refused_to_somebody_who_asked_too_much(path: str, open_api: Open) -> None:
    api = open_api(question_rate="1/hour")
    api.post(path, json=ASK)
    assert_problem(api.post(path, json=ASK), 429)
    response = api.post(path, json={"text": CRISIS})
    assert response.status_code == 200
    assert '"outcome":"crisis"' in response.text


def test_other_requests_have_a_rate_of_their_own(open_api: Open) -> None:
    api = open_api(read_rate="2/hour")
    vote = {"answer_id": "a", "helpful": True}
    assert api.get("/api/sources").status_code == api.post("/api/feedback", json=vote).status_code - 2 == 200
    for path in ("/api/sources", "/api/sources/x", "/api/suggestions", "/api/sites/demo"):
        assert_problem(api.get(path), 429, "too_many")
    assert_problem(api.post("/api/feedback", json=vote), 429)
    assert api.get("/api/health").status_code == 200
    assert api.post("/api/ask", json=ASK).status_code == 200


def test_a_rate_holds_for_each_client_and_each_site() -> None:
    limiter = Limiter(Settings(question_rate="2/hour", site_rate="3/hour"))
    assert [limiter.question("10.0.0.1", "a") for _ in range(2)] == [0, 0]
    assert limiter.question("10.0.0.1", "b") > 0, "another site's name is no way around it"
    assert limiter.question("10.0.0.2", "a") == 0
    assert limiter.question("10.0.0.3", "a") > 0, "the site has had its share"
    assert limiter.question("10.0.0.3", "b") == 0


def test_a_refused_question_is_not_counted() -> None:
    limiter = Limiter(Settings(question_rate="1/hour", site_rate="2/hour"))
    assert limiter.question("10.0.0.1", "a") == 0
    assert all(limiter.question("10.0.0.1", "a") > 0 for _ in range(5))
    assert limiter.question("10.0.0.2", "a") == 0


def test_one_client_is_one_network_of_ipv6() -> None:
    limiter = Limiter(Settings(question_rate="1/hour"))
    assert limiter.question("2001:db8:1:2::3") == 0
    assert limiter.question("2001:db8:1:2:ffff::9") > 0
    assert limiter.question("2001:db8:1:3::3") == 0


def test_addresses_are_not_stored() -> None:
    limiter = Limiter(Settings())
    limiter.question("192.0.2.77")
    assert "192.0.2.77" not in str(vars(limiter._limiter.storage))


def test_while_the_shared_counter_cannot_be_reached_this_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = Limiter(Settings(question_rate="1/hour"))

    def gone(*_: Any) -> bool:
        raise ConnectionError

    monkeypatch.setattr(limiter._limiter, "test", gone)
    assert limiter.question("10.0.0.1") == 0
    assert limiter.question("10.0.0.1") > 0


@pytest.mark.parametrize("uri", ["nowhere://", "redis://:secret@host:6379/0", "file:///tmp/x"])
def test_a_storage_that_cannot_be_used_is_named_without_its_password(uri: str) -> None:
    try:
        Limiter(Settings(rate_storage=uri))
    except RateStorageError as error:
        assert "rate_storage" in str(error)
        assert "secret" not in str(error)


def test_a_shared_counter_is_asked_beside_the_event_loop(open_api: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_in: list[bool] = []

    def count(self: Limiter, client: str, site: str = "") -> int:
        try:
            asyncio.get_running_loop()
            asked_in.append(True)
        except RuntimeError:
            asked_in.append(False)
        return 0

    monkeypatch.setattr(Limiter, "question", count)
    for blocks in (True, False):
        monkeypatch.setattr(Limiter, "blocks", blocks)
        open_api().post("/api/ask", json=ASK)
    assert asked_in == [False, True]


def test_streams_are_counted_for_each_client_while_they_are_open() -> None:
    streams = Streams(Settings(max_streams=3, max_streams_per_client=2))
    with streams.one("a"), streams.one("a"):
        assert streams.has_enough("a") and not streams.has_enough("b") and not streams.is_full()
        with streams.one("b"):
            assert streams.is_full()
    assert streams.count == 0 and not streams.has_enough("a")


class Slow:
    """The real engine, that answers only when it is let."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self.let = engine, threading.Event()

    def ask(self, question: Question) -> Answer:
        self.let.wait(20)
        return self._engine.ask(question)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


@pytest.fixture
def slow(engine: Engine) -> Iterator[Slow]:
    found = Slow(engine)
    yield found
    found.let.set()


def test_a_request_that_takes_too_long_is_given_up(open_api: Open, slow: Slow) -> None:
    problem = assert_problem(open_api(slow, request_seconds=0.2).post("/api/ask", json=ASK), 504, "timeout")
    assert problem.retry_after


def test_when_too_many_wait_further_ones_are_told_and_health_answers(open_api: Open, slow: Slow) -> None:
    with open_api(slow, answer_threads=1, max_waiting=1) as api, ThreadPoolExecutor(2) as asking:
        waiting = [asking.submit(api.post, "/api/ask", json=ASK) for _ in range(2)]
        while "questions_waiting 2.0" not in api.get("/api/metrics", headers={"Authorization": "Bearer open"}).text:
            assert not any(future.done() for future in waiting)
        problem = assert_problem(api.post("/api/ask", json=ASK), 503, "busy")
        assert problem.retry_after
        assert api.get("/api/health").status_code == 200
        slow.let.set()
        assert [future.result().status_code for future in waiting] == [200, 200]
        assert api.post("/api/ask", json=ASK).status_code == 200


def test_questions_asked_at_once_get_their_own_answers(open_api: Open, engine: Engine) -> None:
    questions = [QUESTION, CRISIS, "Does ketamine raise blood pressure?", "Is esketamine safe?"] * 6
    expected = {text: engine.ask(Question(text=text)).text for text in set(questions)}
    with open_api() as api, ThreadPoolExecutor(12) as asking:
        numbered = [{"text": text, "id": f"q{number}"} for number, text in enumerate(questions)]
        found = list(asking.map(lambda body: api.post("/api/ask", json=body).json(), numbered))
    assert [answer["id"] for answer in found] == [body["id"] for body in numbered]
    assert [answer["text"] for answer in found] == [expected[text] for text in questions]
