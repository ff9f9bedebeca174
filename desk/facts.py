"""Medical claims among the clinic's practical facts: told apart by their words, judged by the claim audit."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from answer.audit import FIELD_KINDS, FLAGGED, Auditor, Finding
from answer.engine import Engine
from desk.document_review import Flagged

PATTERNS = Path(__file__).with_name("facts.toml")
NOT_BORNE_OUT = "a medical claim that the literature doesn't bear out"


class FactsCheck:
    """Flags sentences; remembers what it found while the literature stays the same."""

    def __init__(self, engine: Engine) -> None:
        self._auditor, self._vocabulary = Auditor(engine), engine.vocabulary
        self._found: dict[str, Finding] = {}

    def __call__(self, sentences: Sequence[str]) -> list[Flagged]:
        """What was flagged, in order: refused where it is a medical claim, else to be read again."""
        new = [text for text in dict.fromkeys(sentences) if text not in self._found]
        self._found |= dict(zip(new, self._auditor.audit(new), strict=True))
        return [flag for text in sentences if (flag := self._flag(self._found[text]))]

    def _flag(self, finding: Finding) -> Flagged | None:
        refused = self._is_refused(finding)
        if not refused and finding.label not in FLAGGED:
            return None
        reason = f"{NOT_BORNE_OUT} ({finding.reason or finding.label.replace('_', ' ')})" if refused else finding.reason
        return Flagged(finding.text, reason, refused)

    def _is_refused(self, finding: Finding) -> bool:
        if finding.label == "supported":
            return False
        if finding.reason.startswith("promises") or self._claims_effect(finding.text):
            return True
        return finding.label in FLAGGED and _says("advice", finding.text)

    def _claims_effect(self, text: str) -> bool:
        if _says("effect", text):
            return True
        named = any(mention.term.kind in FIELD_KINDS for mention in self._vocabulary.mentions(text))
        return named and _says("effect_of_something", text)


def _says(group: str, text: str) -> bool:
    return any(pattern.search(text) for pattern in _patterns()[group])


@lru_cache(maxsize=1)
def _patterns() -> dict[str, list[re.Pattern[str]]]:
    groups = tomllib.loads(PATTERNS.read_text(encoding="utf-8"))
    return {name: [re.compile(pattern, re.IGNORECASE) for pattern in patterns] for name, patterns in groups.items()}
