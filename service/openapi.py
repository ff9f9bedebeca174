"""What the API's description says beside the models: problems and examples."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from service.problems import MEDIA_TYPE, Problem

SCHEMAS = "#/components/schemas/"

_CITATION = {
    "number": 1,
    "source_id": "kryst-2020-meta",
    "title": "Efficacy of single and repeated administration of ketamine in unipolar and bipolar depression",
    "publisher": "Pharmacological Reports",
    "year": 2020,
    "kind": "meta-analysis",
    "evidence": "high",
    "provenance": "summary",
    "country": [],
    "url": "https://doi.org/10.1007/s43440-020-00097-z",
    "section": "What was found",
    "quote": "…",
    "passage_id": "0f0f0f0f0f0f0f0f",
}
ANSWER_EXAMPLE: dict[str, Any] = {
    "id": "8b4eca238a034785b6a7b9e767a86aa5",
    "outcome": "answered",
    "language": "en",
    "message": None,
    "sentences": [{"text": "…", "citations": [1]}],
    "text": "… [1]",
    "citations": [_CITATION],
    "notices": [],
    "help": None,
    "follow_ups": ["…"],
    "confidence": "strong",
    "corpus_version": "…",
    "composer": "extractive",
    "checks": {"every_sentence_cited": True, "quotes_verbatim": True},
    "labels": [],
    "timings_ms": {"total": 28.4},
}
EVENTS_EXAMPLE = (
    'event: citation\ndata: {"number":1,"source_id":"kryst-2020-meta","quote":"…"}\n\n'
    'event: sentence\ndata: {"text":"…","citations":[1]}\n\n'
    'event: done\ndata: {"id":"8b4e…","outcome":"answered"}\n\n'
)
EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "event": {"enum": ["message", "citation", "sentence", "done", "error"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}


def describe(api: FastAPI) -> dict[str, Any]:
    """The API's description, with the problem's schema once; made once."""
    if api.openapi_schema is None:
        described = get_openapi(title=api.title, version=api.version, description=api.description, routes=api.routes)
        problem = Problem.model_json_schema(ref_template=f"{SCHEMAS}{{model}}")
        described["components"]["schemas"] |= {**problem.pop("$defs", {}), "Problem": problem}
        described["servers"] = [{"url": "/api"}]
        api.openapi_schema = described
    return api.openapi_schema


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The description of the problems that a route may answer with; every route may meet a refused method."""
    return {status: _problem(status) for status in sorted({405, *statuses})}


def _problem(status: int) -> dict[str, Any]:
    headers = {"Retry-After": {"schema": {"type": "integer"}}} if status in (429, 503, 504) else {}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}},
        "headers": headers,
    }
