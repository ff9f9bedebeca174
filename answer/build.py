"""Put an answer together: message, numbered citations, notices, help, follow-ups, and the plain text of it all."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from answer.compose import Chosen, Composer
from answer.retrieve import Hit
from answer.schema import Answer, Citation, Confidence, Message, Notice, Sentence
from answer.suggest import Suggestions
from safety.crisis import CrisisLines, Help
from safety.triage import Outcome
from safety.wording import Wording
from settings import Settings

if TYPE_CHECKING:
    from answer.engine import Turn

MOST_MISSING = 3


class AnswerBuilder:
    """Turns decisions into ``Answer`` objects; all its words come from ``prompts/``."""

    def __init__(
        self,
        settings: Settings,
        wording: Wording,
        lines: CrisisLines,
        suggestions: Suggestions,
        composer: Composer,
    ) -> None:
        self._settings, self._wording, self._lines = settings, wording, lines
        self._suggestions, self._composer = suggestions, composer

    def message(self, turn: "Turn", outcome: Outcome, message_id: str, chosen: Sequence[Chosen] = ()) -> Answer:
        """An answer that is a reviewed message first; ``chosen`` follow it where the reader asked for them."""
        fields = {
            "length": str(len(turn.question.text)),
            "limit": str(self._settings.max_question_chars),
        }
        return self._build(turn, outcome, self._message(message_id, **fields), chosen, topic="")

    def answered(self, turn: "Turn", chosen: Sequence[Chosen], topic: str) -> Answer:
        """An ordinary answer."""
        return self._build(turn, "answered", None, chosen, topic)

    def nothing_found(self, turn: "Turn", missing: Sequence[str], hits: Sequence[Hit]) -> Answer:
        """Says what the sources don't cover, and what they can help with instead."""
        named = ", ".join(f"“{word}”" for word in missing[:MOST_MISSING])
        message = self._message("no_evidence", missing=named) if named else self._message("no_evidence_general")
        return self._build(turn, "no_evidence", message, (), self._composer.topic(hits))

    def _message(self, message_id: str, **fields: str) -> Message:
        names = {"clinic": self._settings.clinic_name, "contact": self._settings.clinic_contact}
        return Message(id=message_id, text=self._wording.message(message_id, **names, **fields))

    def _build(
        self, turn: "Turn", outcome: Outcome, message: Message | None, chosen: Sequence[Chosen], topic: str
    ) -> Answer:
        citations = [_citation(number, item) for number, item in enumerate(chosen, start=1)]
        sentences = [Sentence(text=item.text, citations=[number]) for number, item in enumerate(chosen, start=1)]
        help_ = self._help(turn)
        return Answer(
            id=turn.question.id or uuid4().hex,
            outcome=outcome,
            language=turn.language,
            message=message,
            sentences=sentences,
            text=_plain_text(message, help_, sentences),
            citations=citations,
            notices=self._notices(turn, outcome, chosen, topic),
            help=help_,
            follow_ups=self._follow_ups(turn, outcome, chosen, topic),
            confidence=self._confidence(chosen, topic),
            corpus_version=turn.corpus_version,
            checks=_checks(chosen, sentences),
            labels=list(turn.triage.labels),
            timings_ms=turn.timings,
        )

    def _help(self, turn: "Turn") -> Help | None:
        reason = turn.triage.help_reason
        return self._lines.help_for(turn.country, reason) if reason else None

    def _notices(self, turn: "Turn", outcome: Outcome, chosen: Sequence[Chosen], topic: str) -> list[Notice]:
        ids = [(notice, "") for notice in turn.triage.notices]
        if any(item.hit.source.provenance == "clinic" for item in chosen):
            ids.append(("clinic_source", ""))
        elsewhere = self._elsewhere(turn, chosen) if outcome == "answered" else []
        if elsewhere and self._composer.is_country_bound(topic):
            names = [self._wording.interface(f"country_{code}") for code in elsewhere]
            ids.append(("other_country", ", ".join(names)))
        return [
            Notice(id=notice, text=self._wording.notice(notice, clinic=self._settings.clinic_name, country=countries))
            for notice, countries in ids
        ]

    def _elsewhere(self, turn: "Turn", chosen: Sequence[Chosen]) -> list[str]:
        """Countries the sources speak of, when none of them speaks of the reader's."""
        codes = {code for item in chosen for code in item.hit.source.country}
        return [] if codes & self._lines.jurisdictions(turn.country) else sorted(codes)

    def _follow_ups(self, turn: "Turn", outcome: Outcome, chosen: Sequence[Chosen], topic: str) -> list[str]:
        if outcome not in ("answered", "no_evidence"):
            return []
        asked = [turn.text, *turn.question.history]
        topics = [topic, *(name for item in chosen for name in item.hit.source.topics)]
        return (
            self._suggestions.follow_ups(list(dict.fromkeys(filter(None, topics))), asked)
            or (self._suggestions.first()[:3])
        )

    def _confidence(self, chosen: Sequence[Chosen], topic: str) -> Confidence | None:
        """How far to trust an answer on effect or safety, by the grades of its different sources.

        Strong: two of high grade. Moderate: one of high, or two of moderate grade. Limited: anything less.
        """
        if not chosen or not self._composer.weighs_evidence(topic):
            return None
        grades = [evidence for _, evidence in {(item.hit.source.id, item.hit.source.evidence) for item in chosen}]
        high, moderate = grades.count("high"), grades.count("moderate")
        if high >= 2:
            return "strong"
        return "moderate" if high or moderate >= 2 else "limited"


def _citation(number: int, item: Chosen) -> Citation:
    source, passage = item.hit.source, item.hit.passage
    return Citation(
        number=number,
        source_id=source.id,
        title=source.title,
        publisher=source.publisher,
        year=source.year,
        kind=source.kind,
        evidence=source.evidence,
        provenance=source.provenance,
        country=source.country,
        url=source.url,
        section=passage.section,
        quote=item.text,
        passage_id=passage.id,
    )


def _checks(chosen: Sequence[Chosen], sentences: Sequence[Sentence]) -> dict[str, bool]:
    if not chosen:
        return {}
    return {
        "every_sentence_cited": all(sentence.citations for sentence in sentences),
        "quotes_verbatim": all(item.text in item.hit.passage.text for item in chosen),
    }


def _plain_text(message: Message | None, help_: Help | None, sentences: Sequence[Sentence]) -> str:
    """What a reader of plain text sees: message, the help lines where they lead, sentences with their marks."""
    parts = [message.text] if message else []
    if help_ and help_.reason in ("crisis", "emergency"):
        parts += [" · ".join(filter(None, (line.name, line.number, line.text, line.hours))) for line in help_.lines]
    marks = (" ".join((s.text, "".join(f"[{number}]" for number in s.citations))) for s in sentences)
    answer = " ".join(marks)
    return "\n".join([*parts, answer] if answer else parts)
