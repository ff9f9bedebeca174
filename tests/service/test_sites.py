"""Websites: who may ask, under which name, and what holds for its readers."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from answer.engine import Engine
from answer.schema import Answer
from settings import Settings, Site
from tests.service.conftest import CLINIC, OTHER, Open
from tests.service.test_api import CRISIS, QUESTION, assert_problem

ROUTES = [
    ("POST", "/api/ask"),
    ("POST", "/api/ask/stream"),
    ("POST", "/api/feedback"),
    ("GET", "/api/sources"),
    ("GET", "/api/sources/spravato-label-2025"),
    ("GET", "/api/suggestions"),
    ("GET", "/api/health"),
    ("GET", "/api/ready"),
    ("GET", "/api/metrics"),
    ("GET", "/api/sites/clinic"),
    ("GET", "/api/openapi.json"),
    ("OPTIONS", "/api/ask"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("origin", ["https://evil.example", "http://clinic.example", f"{CLINIC}.evil.example", "null"])
def test_pages_of_unknown_websites_are_refused(origin: str, method: str, path: str, api: TestClient) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    response = api.request(method, path, headers=headers)
    assert_problem(response, 403, "unknown_origin")
    assert "access-control-allow-origin" not in response.headers


def test_pages_of_a_listed_website_may_ask(api: TestClient) -> None:
    headers = {"Origin": CLINIC}
    asked = {**headers, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    before = api.options("/api/ask", headers=asked)
    assert before.status_code == 204
    assert before.headers["access-control-allow-origin"] == CLINIC
    assert "Content-Type" in before.headers["access-control-allow-headers"]
    response = api.post("/api/ask", json={"text": QUESTION, "site": "clinic"}, headers=headers)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == CLINIC
    assert "Origin" in response.headers["vary"]
    assert "access-control-allow-credentials" not in response.headers


def test_a_refusal_can_be_read_by_the_listed_website(api: TestClient) -> None:
    response = api.post("/api/ask", json={"text": 3}, headers={"Origin": CLINIC})
    assert_problem(response, 422)
    assert response.headers["access-control-allow-origin"] == CLINIC
    assert "Retry-After" in response.headers["access-control-expose-headers"]


def test_the_servers_own_pages_and_programs_may_ask(api: TestClient) -> None:
    assert api.post("/api/ask", json={"text": QUESTION, "site": "demo"}).status_code == 200
    headers = {"Origin": "http://testserver"}
    assert api.post("/api/ask", json={"text": QUESTION, "site": "demo"}, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/api/ask", "/api/ask/stream"])
def test_an_unknown_site_is_refused(path: str, api: TestClient) -> None:
    assert_problem(api.post(path, json={"text": QUESTION, "site": "nobody"}), 403, "unknown_site")
    assert_problem(api.get("/api/sites/nobody"), 403, "unknown_site")
    vote = {"answer_id": "a", "helpful": True, "site": "nobody"}
    assert_problem(api.post("/api/feedback", json=vote), 403, "unknown_site")


def test_a_website_may_not_ask_under_anothers_name(api: TestClient) -> None:
    headers = {"Origin": OTHER}
    assert_problem(api.post("/api/ask", json={"text": QUESTION, "site": "clinic"}, headers=headers), 403, "other_site")
    assert_problem(api.get("/api/sites/clinic", headers=headers), 403, "other_site")


@pytest.mark.parametrize(("site", "country"), [("clinic", "GB"), ("other", "DE"), ("demo", "US")])
def test_a_sites_country_holds_for_its_readers(site: str, country: str, api: TestClient) -> None:
    answer = Answer.model_validate_json(api.post("/api/ask", json={"text": CRISIS, "site": site}).text)
    assert answer.help and answer.help.country == country


def test_the_readers_own_country_comes_before_the_sites(api: TestClient) -> None:
    asked = {"text": CRISIS, "site": "other", "country": "CA"}
    answer = Answer.model_validate_json(api.post("/api/ask", json=asked).text)
    assert answer.help and answer.help.country == "CA"


def test_without_a_name_the_site_is_the_websites(api: TestClient) -> None:
    response = api.post("/api/ask", json={"text": CRISIS}, headers={"Origin": OTHER})
    answer = Answer.model_validate_json(response.text)
    assert answer.help and answer.help.country == "DE"


def test_the_widget_is_told_what_it_begins_with(api: TestClient, engine: Engine) -> None:
    site = api.get("/api/sites/clinic", headers={"Origin": CLINIC}).json()
    assert site["help"]["country"] == "GB" and site["help"]["lines"]
    del site["help"]
    words = site.pop("words")
    assert not [name for name in words if name.startswith("widget_")]
    assert site == {
        "id": "clinic",
        "country": "GB",
        "language": "en",
        "greeting": "Hello",
        "theme": {"accent": "#123456"},
        "suggestions": engine.suggestions(),
        "clinic_name": engine.settings.clinic_name,
        "clinic_contact": engine.settings.clinic_contact,
        "automated_notice": engine.wording.interface("first_line", clinic=engine.settings.clinic_name),
        "privacy_url": "http://testserver/privacy",
        "keeps_questions": False,
    }


def test_the_public_address_is_the_settings(open_api: Open) -> None:
    site = open_api(public_url="https://chat.example").get("/api/sites/demo").json()
    assert site["privacy_url"] == "https://chat.example/privacy"


def test_listed_websites_alone_may_frame_the_readers_pages(open_api: Open) -> None:
    policy = open_api().get("/nothing").headers["content-security-policy"]
    assert policy.endswith(f"frame-ancestors 'self' {CLINIC} {OTHER}")
    desk = open_api(pages="desk").get("/nothing").headers["content-security-policy"]
    assert desk.endswith("frame-ancestors 'none'")
    assert "frame-ancestors 'none'" in open_api().get("/api/health").headers["content-security-policy"]


@pytest.mark.parametrize(
    "sites",
    [
        [{"id": "a", "origins": ["*"]}],
        [{"id": "a", "origins": ["https://clinic.example/path"]}],
        [{"id": "a", "origins": ["https://clinic.example; script-src *"]}],
        [{"id": "a", "origins": ["clinic.example"]}],
        [{"id": "a b"}],
        [{"id": "a", "colour": "red"}],
        [{"id": "a"}, {"id": "a"}],
    ],
)
def test_sites_that_cannot_be_meant_are_refused(sites: list[dict[str, object]]) -> None:
    with pytest.raises(ValidationError):
        Settings(sites=sites)


def test_sites_are_read_from_the_settings_file_form() -> None:
    assert Settings(sites=[{"id": "a", "origins": ["https://a.example"]}]).sites == (
        Site(id="a", origins=("https://a.example",)),
    )
