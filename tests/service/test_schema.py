"""Schemathesis: requests made from the API's own description, fitting and not, find no answer that it doesn't allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from answer.engine import Engine
from service.context import Context
from service.front import Front
from service.limits import Limiter
from tests.service.conftest import app_of, settings_of

pytestmark = pytest.mark.slow
EXAMPLES = 30
OPERATIONS = [
    "POST /v1/ask", "POST /v1/ask/stream", "POST /v1/feedback", "POST /v1/keep", "GET /v1/sources",
    "GET /v1/sources/{id}", "GET /v1/suggestions", "GET /v1/sites/{id}", "GET /v1/health", "GET /v1/ready",
    "GET /v1/metrics",
]  # fmt: skip
ENOUGH = "1000000/day"
"""A rate that so many requests don't reach."""


@pytest.fixture(scope="module")
def operations(engine: Engine) -> Iterator[dict[str, Any]]:
    """The operations of the description that the server itself gives, by name."""
    rates = dict.fromkeys(("question_rate", "site_rate", "read_rate"), ENOUGH)
    own = settings_of(engine, max_body_bytes=10_000_000, **rates)
    front = Front()
    front.open(Context.open(own, engine, engine.crisis_lines, Limiter(own)))
    described = schemathesis.openapi.from_asgi("/api/openapi.json", app_of(front))
    yield {operation.label: operation for operation in (found.ok() for found in described.get_all_operations())}
    front.close()


def test_every_operation_is_tried(operations: dict[str, Any]) -> None:
    assert sorted(operations) == sorted(OPERATIONS)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_api_does_as_it_describes(name: str, mode: GenerationMode, operations: dict[str, Any]) -> None:
    operation = operations[name]
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
        pytest.skip("takes nothing that could be wrong")

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def try_it(case: schemathesis.Case) -> None:
        case.call_and_validate()

    try_it()
