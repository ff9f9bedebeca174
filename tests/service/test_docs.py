"""The documents of the service name what there is."""

from __future__ import annotations

import re

from answer.streaming import Event
from service.problems import CODES
from settings import ROOT

SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def test_every_test_that_the_threat_model_names_exists() -> None:
    files = (ROOT / "tests").rglob("test_*.py")
    defined = {name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.M)}
    named = set(re.findall(r"`(test_\w+)`", SECURITY))
    assert named and not named - defined


def test_every_threat_has_its_proof() -> None:
    rows = [line for line in SECURITY.splitlines() if line.startswith("| ") and "what stops it" not in line]
    assert rows and all("test_" in row.rsplit("|", 2)[1] for row in rows)


def test_the_api_document_names_every_status_and_event() -> None:
    table = "\n".join(line for line in API.splitlines() if line.startswith("| 4") or line.startswith("| 5"))
    assert not {str(status) for status in CODES} - set(re.findall(r"\d{3}", table))
    events = Event.__annotations__["name"].__args__
    assert all(f"| `{name}` |" in API for name in events)
