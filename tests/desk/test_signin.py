"""The sign-in form, asked as a browser asks it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from desk.database import Database
from desk.sessions import COOKIE, Sessions, csrf_token
from desk.signin import BELOW, FORM_COOKIE, SIGN_IN, SIGN_OUT, signin
from desk.users import FAILURES, Users
from settings import Settings
from tests.desk.conftest import sqlite_only

GOOD = "tidal copper lantern"


@pytest.fixture
def browser(settings: Settings, database: Database) -> Iterator[TestClient]:
    """A browser in front of the routes, with one user there is."""
    Users(database).add("anna", GOOD, "editor", "test")
    named = settings.model_copy(update={"clinic_name": "<b>North</b>"})
    app = Starlette(routes=[Mount(BELOW, signin(named, database))])
    with TestClient(app, base_url="https://desk.test", follow_redirects=False) as client:
        yield client


def send(browser: TestClient, password: str, **fields: str) -> tuple[int, str, dict[str, str]]:
    """Fill in the form and send it: status, page, and the cookies set."""
    page = browser.get(SIGN_IN).text
    found = re.search(r'name="csrf" value="(\w+)"', page)
    assert found
    answer = browser.post(SIGN_IN, data={"csrf": found[1], "name": "anna", "password": password, **fields})
    return answer.status_code, answer.text, dict(answer.cookies)


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(
    browser: TestClient, database: Database
) -> None:
    page = browser.get(SIGN_IN)
    answer = browser.post(
        SIGN_IN, data={"csrf": csrf_token(browser.cookies[FORM_COOKIE]), "name": "anna", "password": GOOD}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE)]
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    user = Sessions(database).current_user({COOKIE: answer.cookies[COOKIE]})
    assert user is not None
    assert user.name == "anna"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_a_wrong_name_and_a_wrong_password_read_the_same(browser: TestClient) -> None:
    wrong_password, wrong_name = send(browser, "wrong"), send(browser, GOOD, name="nobody")
    texts = [re.sub(r'value="\w+"', "", page) for _, page, _ in (wrong_password, wrong_name)]
    assert wrong_password[0] == wrong_name[0] == 401
    assert texts[0] == texts[1]
    assert COOKIE not in wrong_password[2]


def test_a_flood_of_wrong_passwords_locks_the_name(browser: TestClient) -> None:
    for _ in range(FAILURES):
        assert send(browser, "wrong")[0] == 401
    status, page, _ = send(browser, GOOD)
    assert status == 429
    assert "Too many attempts" in page


def test_what_the_clinic_is_called_is_shown_as_text(browser: TestClient) -> None:
    assert "&lt;b&gt;North" in browser.get(SIGN_IN).text


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_form_that_this_server_did_not_make_is_refused(token: str, browser: TestClient) -> None:
    browser.get(SIGN_IN)
    assert browser.post(SIGN_IN, data={"csrf": token, "name": "anna", "password": GOOD}).status_code == 403


def test_a_form_from_another_site_or_too_large_is_refused(browser: TestClient) -> None:
    browser.get(SIGN_IN)
    data = {"csrf": csrf_token(browser.cookies[FORM_COOKIE]), "name": "anna", "password": GOOD}
    assert browser.post(SIGN_IN, data=data, headers={"origin": "https://evil.test"}).status_code == 403
    assert browser.post(SIGN_IN, data={**data, "more": "x" * 5000}).status_code == 403


def test_signing_out_ends_the_session_on_the_server(browser: TestClient, database: Database) -> None:
    token = send(browser, GOOD)[2][COOKIE]
    assert browser.post(SIGN_OUT, data={"csrf": "0" * 64}).status_code == 403
    assert browser.post(SIGN_OUT, data={"csrf": csrf_token(token)}).status_code == 303
    assert Sessions(database).current_user({COOKIE: token}) is None


@sqlite_only
def test_a_database_that_is_down_is_told_calmly(settings: Settings) -> None:
    settings.data_dir.write_text("a file where the folder should be")
    app = Starlette(routes=[Mount(BELOW, signin(settings, Database.of(settings)))])
    with TestClient(app, base_url="http://desk.test") as browser:
        status, page, _ = send(browser, GOOD)
    assert status == 503
    assert "try again later" in page
