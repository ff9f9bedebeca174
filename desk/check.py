"""What an FAQ entry must keep to before it goes live: the rules of ``ketamine-answers lint``, in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from answer.faq import Unsupported

if TYPE_CHECKING:
    from answer.engine import Engine
    from ingest.faq import FaqEntry

_RULES = frozenset(
    ("cited", "numbers", "names", "negation", "direction", "arms", "certainty", "meaning", "promise", "verdict", "dose")
)
"""Names of the checks in ``answer.verify``, which stand before their reasons."""


class Checker:
    """Holds entries against the literature that is live now; safe to share between threads."""

    def __init__(self, engine: Engine, asked: Callable[[], Mapping[str, Sequence[str]]]) -> None:
        """``asked`` gives the phrasings of all entries by id: no two entries may be asked for in the same words."""
        self._engine, self._asked = engine, asked

    def __call__(self, entry: FaqEntry) -> list[str]:
        """All that is wrong with an entry, a sentence each; the sentences it is about are quoted."""
        found = [*self.phrasings(entry.meta.id, entry.meta.questions)]
        if entry.meta.language != "en":
            found.append(self._told("faq_wrong_language"))
        for sentence in entry.sentences:
            if reason := self.sentence(sentence.text, sentence.cites):
                found.append(self._told("faq_wrong_sentence", sentence=sentence.text, reason=reason))
        return found

    def sentence(self, text: str, cites: Sequence[str]) -> str:
        """Why a sentence can't be used with these sources; nothing when they bear it out."""
        if not cites:
            return self._told("faq_wrong_no_source")
        found = self._engine.support(text, cites)
        if not isinstance(found, Unsupported):
            return ""
        rule, _, reason = found.reason.partition(": ")
        return reason if rule in _RULES else found.reason

    def phrasings(self, id: str, questions: Sequence[str]) -> list[str]:
        """Which ways of asking belong to another entry already."""
        owners = {_plain(text): other for other, texts in self._asked().items() if other != id for text in texts}
        taken = ((question, owners.get(_plain(question))) for question in questions)
        return [self._told("faq_wrong_taken", question=text, other=other) for text, other in taken if other]

    def _told(self, id: str, **fields: str) -> str:
        return self._engine.wording.interface(id, **fields)


def _plain(question: str) -> str:
    """A question as the ingest compares it: words alone, in small letters."""
    return " ".join(re.findall(r"\w+", question.lower()))
