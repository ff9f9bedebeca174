"""The routes: what goes in and out, and one shape for everything that goes wrong."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from starlette.testclient import TestClient

from answer.engine import Engine
from answer.schema import Answer, Question
from safety.wording import Wording
from service.problems import MEDIA_TYPE, TYPE, Problem
from settings import ROOT
from tests.service.conftest import CLINIC, Open

QUESTION = "How long does the effect of ketamine last?"
CRISIS = "I want to kill myself tonight"
PREFIXES = pytest.mark.parametrize("prefix", ["/api", "/api/v1"])
ASKING = ["/api/ask", "/api/ask/stream", "/api/v1/ask", "/api/v1/ask/stream"]


def assert_problem(response: Any, status: int, code: str = "") -> Problem:
    """The response is a problem of the one shape, with a sentence for a reader and nothing else in it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    problem = Problem.model_validate_json(response.text)
    assert problem.status == status
    assert problem.type.startswith(TYPE)
    assert not code or problem.type == f"{TYPE}{code}"
    assert problem.title and problem.detail
    assert problem.request_id == response.headers["x-request-id"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert not {"Traceback", "File "} & set(response.text.split('"'))
    return problem


@PREFIXES
def test_a_question_gets_the_engines_answer(prefix: str, api: TestClient, engine: Engine) -> None:
    response = api.post(f"{prefix}/ask", json={"text": QUESTION, "id": "q1"})
    assert response.status_code == 200
    answer = Answer.model_validate_json(response.text)
    expected = engine.ask(Question(text=QUESTION, id="q1"))
    assert answer.model_dump(exclude={"timings_ms"}) == expected.model_dump(exclude={"timings_ms"})


def test_a_crisis_gets_help_first(api: TestClient) -> None:
    answer = Answer.model_validate_json(api.post("/api/ask", json={"text": CRISIS, "country": "gb"}).text)
    assert answer.outcome == "crisis"
    assert answer.help and answer.help.country == "GB"


@PREFIXES
def test_sources_are_listed_in_pages_that_hold_them_all(prefix: str, api: TestClient, engine: Engine) -> None:
    found: list[str] = []
    while True:
        page = api.get(f"{prefix}/sources", params={"offset": len(found), "limit": 150}).json()
        found += [item["id"] for item in page["items"]]
        if len(found) >= page["total"]:
            break
    assert found == [view.meta.id for view in engine.sources()]
    assert set(page["items"][0]) == {"id", "title", "publisher", "year", "kind", "evidence", "country", "url"}


def test_a_page_behind_the_last_is_empty(api: TestClient) -> None:
    assert api.get("/api/sources", params={"offset": 100_000}).json()["items"] == []


@PREFIXES
def test_a_source_is_shown_with_its_claims(prefix: str, api: TestClient) -> None:
    source = api.get(f"{prefix}/sources/spravato-label-2025").json()
    assert source["id"] == "spravato-label-2025"
    assert source["claims"] and all(claim["text"] and claim["passage_id"] for claim in source["claims"])


@pytest.mark.parametrize(
    "id",
    [
        "nope",
        "..",
        "%2e%2e%2fsettings.toml",
        "..%2f..%2fetc%2fpasswd",
        "%5c%5cserver%5cshare",
        "'%20OR%201=1--",
        "1;DROP TABLE sources",
        "spravato-label-2025%00",
        "a" * 3000,
        "<script>alert(1)</script>",
    ],
)
def test_ids_with_tricks_find_nothing(id: str, api: TestClient) -> None:
    assert_problem(api.get(f"/api/sources/{id}"), 404)


@PREFIXES
def test_suggestions_health_and_readiness(prefix: str, api: TestClient, engine: Engine) -> None:
    assert api.get(f"{prefix}/suggestions").json()["suggestions"] == engine.suggestions()
    assert api.get(f"{prefix}/health").json() == {"status": "alive"}
    ready = api.get(f"{prefix}/ready").json()
    assert ready["sources"] == len(engine.sources())
    assert ready["corpus_version"] == engine.corpus_version()


def test_without_an_index_the_server_is_alive_but_not_ready(open_api: Open) -> None:
    api = open_api(instead=None)
    assert api.get("/api/health").status_code == 200
    for path in ("/api/ready", "/api/sources", "/api/suggestions", "/api/sources/x"):
        assert_problem(api.get(path), 503, "not_ready")
    for path in ASKING:
        problem = assert_problem(api.post(path, json={"text": QUESTION}), 503, "not_ready")
        assert problem.help and problem.help.lines
    assert api.get("/api/sites/clinic").json()["help"]["lines"]


def test_metrics_need_the_token(api: TestClient) -> None:
    api.post("/api/ask", json={"text": QUESTION})
    assert_problem(api.get("/api/metrics"), 401)
    assert_problem(api.get("/api/metrics", headers={"Authorization": "Bearer wrong"}), 401)
    text = api.get("/api/metrics", headers={"Authorization": "Bearer open"}).text
    assert 'ketamine_answers_answers_total{composer="extractive",outcome="answered"} 1.0' in text.replace(
        "faq", "extractive"
    )
    assert 'ketamine_answers_requests_total{method="POST",route="/api/ask",status="200"} 1.0' in text


def test_without_a_token_there_are_no_metrics(open_api: Open) -> None:
    assert_problem(open_api(metrics_token="").get("/api/metrics", headers={"Authorization": "Bearer "}), 404)


def test_the_description_lists_every_route_with_examples(api: TestClient) -> None:
    described = api.get("/api/openapi.json").json()
    assert set(described["paths"]) == {
        f"/v1/{path}"
        for path in (
            "ask", "ask/stream", "feedback", "keep", "sources", "sources/{id}", "suggestions", "health", "ready",
            "metrics", "sites/{id}",
        )
    }  # fmt: skip
    assert described["components"]["schemas"]["Asked"]["examples"]
    assert "example" in described["paths"]["/v1/ask"]["post"]["responses"]["200"]["content"]["application/json"]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc", "/mcp", "/_stcore/agent/interact", "/nothing"])
def test_what_is_not_there_is_a_problem_too(path: str, api: TestClient) -> None:
    assert_problem(api.get(path), 404)


# ------------------------------------------------------------------------------------------------ bad input

BODIES: dict[str, tuple[bytes, int]] = {
    "not JSON": (b"{text:", 400),
    "cut off": (b'{"text": "a', 400),
    "empty": (b"", 422),
    "invalid UTF-8": (b'{"text": "\xff\xfe"}', 400),
    "deep": (b"[" * 100_000, 400),
    "a list": (b"[]", 422),
    "a number": (b"3", 422),
    "null": (b"null", 422),
    "text is a number": (b'{"text": 3}', 422),
    "text is missing": (b"{}", 422),
    "half a character": (b'{"text": "\\ud800"}', 422),
    "unknown field": (b'{"text": "a", "admin": true}', 422),
    "history is a text": (b'{"text": "a", "history": "b"}', 422),
    "thousands of turns": (json.dumps({"text": "a", "history": ["b"] * 5000}).encode(), 422),
    "a turn too long": (json.dumps({"text": "a", "history": ["b" * 20_001]}).encode(), 422),
    "language": (b'{"text": "a", "language": "../../etc"}', 422),
    "country": (b'{"text": "a", "country": "USA"}', 422),
    "detail": (b'{"text": "a", "detail": "all"}', 422),
    "id": (b'{"text": "a", "id": "<script>"}', 422),
    "flag is a text": (b'{"text": "a", "continue_after_help": "yes"}', 422),
    "much too long": (json.dumps({"text": "a" * 20_001}).encode(), 422),
    "not a number": (b'{"text": NaN}', 422),
}


@pytest.mark.parametrize("path", ASKING)
@pytest.mark.parametrize("name", BODIES)
def test_bad_bodies_are_refused_cleanly(name: str, path: str, api: TestClient) -> None:
    body, status = BODIES[name]
    problem = assert_problem(api.post(path, content=body, headers={"Content-Type": "application/json"}), status)
    assert status == 400 or problem.errors
    assert api.get("/api/health").status_code == 200


def test_what_was_written_is_not_repeated(api: TestClient) -> None:
    secret = "my name is Ada Example"
    response = api.post("/api/ask", json={"text": 5, "history": [secret], "detail": secret})
    assert_problem(response, 422)
    assert "Ada" not in response.text


def test_an_unknown_field_is_named_but_not_at_length(api: TestClient) -> None:
    problem = assert_problem(api.post("/api/ask", json={"text": "a", "x" * 5000: 1}), 422)
    assert max(len(error.field) for error in problem.errors) <= 100


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/ask"), ("DELETE", "/api/v1/ask"), ("PUT", "/api/ask/stream"), ("GET", "/api/feedback"),
        ("POST", "/api/sources"), ("POST", "/api/sources/x"), ("PATCH", "/api/suggestions"), ("POST", "/api/health"),
        ("POST", "/api/ready"), ("POST", "/api/metrics"), ("POST", "/api/sites/clinic"), ("TRACE", "/api/ask"),
        ("WEIRD", "/api/ask"),
    ],
)  # fmt: skip
def test_methods_that_a_route_has_not_are_refused(method: str, path: str, api: TestClient) -> None:
    assert_problem(api.request(method, path), 405, "method_not_allowed")


def test_a_body_that_is_too_large_is_refused(open_api: Open) -> None:
    api = open_api(max_body_bytes=2000)
    assert_problem(api.post("/api/ask", content=b"x" * 2001), 413)
    assert_problem(api.post("/api/ask", content=iter([b"x" * 500] * 50)), 413)


@pytest.mark.parametrize("path", ["/api/ask", "/api/ask/stream"])
def test_a_question_over_the_settings_length_is_refused_with_help_at_hand(path: str, open_api: Open) -> None:
    problem = assert_problem(
        open_api(max_question_chars=50).post(path, json={"text": "Does it help? " * 10, "country": "GB"}), 422,
        "question_too_long",
    )  # fmt: skip
    assert "140" in problem.detail and "50" in problem.detail
    assert problem.help and problem.help.country == "GB"


@pytest.mark.parametrize("path", ["/api/ask", "/api/ask/stream"])
def test_help_is_not_refused_for_a_message_that_is_too_long(path: str, open_api: Open) -> None:
    response = open_api(max_question_chars=50).post(path, json={"text": f"{CRISIS}. " + "So much happened. " * 20})
    assert response.status_code == 200
    assert '"outcome":"crisis"' in response.text


# ------------------------------------------------------------------------------------------------ failures and the log


class Broken:
    """An engine that fails on whatever is asked of it, with what a reader wrote in the error."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("what a reader wrote")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/ask"), ("GET", "/api/sources"), ("GET", "/api/sources/x"), ("GET", "/api/suggestions"),
     ("GET", "/api/ready"), ("GET", "/api/sites/clinic")],
)  # fmt: skip
def test_a_failure_is_a_problem_without_a_trace(
    method: str, path: str, open_api: Open, caplog: pytest.LogCaptureFixture
) -> None:
    api = open_api(instead=Broken())
    body = {"json": {"text": QUESTION}} if method == "POST" else {}
    response = api.request(method, path, headers={"Origin": CLINIC}, **body)
    assert_problem(response, 500, "failed")
    assert response.headers["access-control-allow-origin"] == CLINIC, "else the widget couldn't read the error"
    assert "reader wrote" not in response.text + caplog.text
    assert "RuntimeError at " in caplog.text


def test_the_log_has_route_and_status_and_nothing_that_was_written(
    api: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.post("/api/ask", json={"text": "Ada Example asks about ketamine"}, headers={"X-Request-ID": "from-client-1"})
    api.get("/api/sources/ada-example?q=ada", headers={"X-Request-ID": "<ada>"})
    ours = [record for record in caplog.records if record.name.startswith("ketamine_answers")]
    lines = [json.loads(record.getMessage()) for record in ours if record.name == "ketamine_answers.access"]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("POST", "/api/ask", 200),
        ("GET", "/api/sources/{id}", 404),
    ]
    assert lines[0]["request_id"] == "from-client-1"
    assert len(lines[1]["request_id"]) == 32
    assert "ada" not in " ".join(record.getMessage() for record in ours).lower()


def test_every_problem_has_its_sentence() -> None:
    wording = Wording(ROOT / "prompts", "en")
    for code in ("bad_request", "failed", "busy", "timeout", "slow_upload", "other_site", "too_many_streams"):
        assert wording.interface(f"problem_{code}")


# ------------------------------------------------------------------------------------------------ feedback


def votes(api: TestClient) -> dict[str, float]:
    text = api.get("/api/metrics", headers={"Authorization": "Bearer open"}).text
    lines = [line for line in text.splitlines() if line.startswith("ketamine_answers_votes_total{")]
    return {line.rsplit(" ", 1)[0].split("total")[1]: float(line.rsplit(" ", 1)[1]) for line in lines}


def test_a_vote_counts_once(api: TestClient) -> None:
    vote = {"answer_id": "a1", "helpful": True, "site": "clinic"}
    for _ in range(3):
        assert api.post("/api/feedback", json=vote).status_code == 202
    api.post("/api/feedback", json={"answer_id": "a1", "helpful": False})
    assert votes(api) == {'{helpful="true",site="clinic"}': 1.0, '{helpful="false",site=""}': 1.0}


@pytest.mark.parametrize(
    "vote",
    [
        {"answer_id": "a1"},
        {"answer_id": "a1", "helpful": "yes"},
        {"answer_id": "../x y", "helpful": True},
        {"answer_id": "a1", "helpful": True, "comment": "x" * 1001},
        {"answer_id": "a1", "helpful": True, "user": "me"},
    ],
)
def test_bad_votes_are_refused(vote: dict[str, Any], api: TestClient) -> None:
    assert_problem(api.post("/api/feedback", json=vote), 422)
    assert votes(api) == {}
