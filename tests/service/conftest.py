"""The API on the real engine: in this process for most tests, as a started server for a few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from answer.engine import Engine
from service.context import Context
from service.front import Front
from service.limits import Limiter
from settings import Settings, Site

CLINIC, OTHER = "https://clinic.example", "https://other.example:8443"
SITES = (
    Site(id="clinic", origins=(CLINIC,), country="GB", language="en", greeting="Hello", theme={"accent": "#123456"}),
    Site(id="other", origins=(OTHER,), country="DE", language="de"),
    Site(id="demo"),
)

Open = Callable[..., TestClient]


def settings_of(engine: Engine, **changes: Any) -> Settings:
    """The engine's settings with two websites, and what a test changes of them."""
    return Settings(**{**engine.settings.model_dump(), "sites": SITES, "metrics_token": "open", **changes})


def app_of(front: Front) -> Starlette:
    """An application of the API alone, opened by the test itself."""
    return Starlette(
        routes=front.routes(),
        middleware=front.middleware(),
        exception_handlers={404: front.on_error, 405: front.on_error},
    )


@pytest.fixture
def open_api(engine: Engine) -> Iterator[Open]:
    """Opens an API of its own with changed settings; ``engine=…`` puts another in the real one's place."""
    clients: list[tuple[TestClient, Front]] = []

    def open_(instead: Any = engine, **changes: Any) -> TestClient:
        settings = settings_of(engine, **changes)
        front = Front()
        front.open(Context.open(settings, instead, engine.crisis_lines, Limiter(settings)))
        client = TestClient(app_of(front), raise_server_exceptions=False)
        clients.append((client, front))
        return client

    yield open_
    for client, front in clients:
        client.close()
        front.close()


@pytest.fixture
def api(open_api: Open) -> TestClient:
    """An API with the usual settings."""
    return open_api()
