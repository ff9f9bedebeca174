"""Put an answer together: message, numbered citations, notices, help, follow-ups, and the plain text of it all."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from answer.compose import Composer
from answer.retrieve import Hit
from answer.said import Quoted, Said, sources_of
from answer.schema import Answer, Citation, Confidence, Message, Notice, Sentence
from answer.schema import Composer as ComposerName
from answer.suggest import Suggestions
from safety.crisis import CrisisLines, Help
from safety.triage import Outcome
from safety.wording import Wording
from settings import Settings

if TYPE_CHECKING:
    from answer.engine import Turn

MOST_MISSING = 3
DISAGREE = "sources_disagree"
LOWER: dict[Confidence, Confidence] = {"strong": "moderate", "moderate": "limited", "limited": "limited"}


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
        self._settings, self._lines = settings, lines
        self._wordings = {settings.language: wording}
        self._suggestions, self._composer = suggestions, composer

    def message(
        self,
        turn: "Turn",
        outcome: Outcome,
        message_id: str,
        said: Sequence[Said] = (),
        follow_ups: Sequence[str] | None = None,
    ) -> Answer:
        """An answer that is a reviewed message first; ``said`` follows it where the reader asked for it.

        ``follow_ups`` take the place of the usual ones.
        """
        fields = {
            "length": str(len(turn.question.text)),
            "limit": str(self._settings.max_question_chars),
        }
        answer = self._build(turn, outcome, self._message(turn, message_id, **fields), said, topic="")
        return answer if follow_ups is None else answer.model_copy(update={"follow_ups": list(follow_ups)})

    def answered(self, turn: "Turn", said: Sequence[Said], topic: str, composer: ComposerName = "extractive") -> Answer:
        """An ordinary answer."""
        return self._build(turn, "answered", None, said, topic).model_copy(update={"composer": composer})

    def nothing_found(self, turn: "Turn", missing: Sequence[str], hits: Sequence[Hit]) -> Answer:
        """Says what the sources don't cover, and what they can help with instead."""
        named = ", ".join(f"“{word}”" for word in missing[:MOST_MISSING])
        fields = {"missing": named} if named else {}
        message = self._message(turn, "no_evidence" if named else "no_evidence_general", **fields)
        return self._build(turn, "no_evidence", message, (), self._composer.topic(hits))

    def _message(self, turn: "Turn", message_id: str, **fields: str) -> Message:
        names = {"clinic": self._settings.clinic_name, "contact": self._settings.clinic_contact}
        return Message(id=message_id, text=self._words(turn.language).message(message_id, **names, **fields))

    def _words(self, language: str) -> Wording:
        """The wording of a language, read once."""
        if language not in self._wordings:
            self._wordings[language] = Wording(self._settings.prompts_dir, language)
        return self._wordings[language]

    def _build(
        self, turn: "Turn", outcome: Outcome, message: Message | None, said: Sequence[Said], topic: str
    ) -> Answer:
        citations, sentences = _numbered(said)
        help_ = self._help(turn)
        return Answer(
            id=turn.question.id or uuid4().hex,
            outcome=outcome,
            language=turn.language,
            message=message,
            sentences=sentences,
            text=_plain_text(message, help_, sentences),
            citations=citations,
            notices=self._notices(turn, outcome, said, topic),
            help=help_,
            follow_ups=self._follow_ups(turn, outcome, said, topic),
            confidence=self._confidence(said, topic, DISAGREE in turn.notices),
            corpus_version=turn.corpus_version,
            checks=_checks(said, sentences),
            labels=list(turn.triage.labels),
            timings_ms=turn.timings,
        )

    def _help(self, turn: "Turn") -> Help | None:
        reason = turn.triage.help_reason
        return self._lines.help_for(turn.country, reason) if reason else None

    def _notices(self, turn: "Turn", outcome: Outcome, said: Sequence[Said], topic: str) -> list[Notice]:
        words = self._words(turn.language)
        ids = [(notice, "") for notice in (*turn.triage.notices, *turn.notices)]
        if any(source.provenance == "clinic" for source in sources_of(said)):
            ids.append(("clinic_source", ""))
        elsewhere = self._elsewhere(turn, said) if outcome == "answered" else []
        if elsewhere and self._composer.is_country_bound(topic):
            names = [words.interface(f"country_{code}") for code in elsewhere]
            ids.append(("other_country", ", ".join(names)))
        return [
            Notice(id=notice, text=words.notice(notice, clinic=self._settings.clinic_name, country=countries))
            for notice, countries in ids
        ]

    def _elsewhere(self, turn: "Turn", said: Sequence[Said]) -> list[str]:
        """Countries the sources speak of, when none of them speaks of the reader's."""
        codes = {code for source in sources_of(said) for code in source.country}
        return [] if codes & self._lines.jurisdictions(turn.country) else sorted(codes)

    def _follow_ups(self, turn: "Turn", outcome: Outcome, said: Sequence[Said], topic: str) -> list[str]:
        if outcome not in ("answered", "no_evidence"):
            return []
        asked = [turn.text, *turn.question.history]
        topics = [topic, *(name for source in sources_of(said) for name in source.topics)]
        return (
            self._suggestions.follow_ups(list(dict.fromkeys(filter(None, topics))), asked)
            or (self._suggestions.first()[:3])
        )

    def _confidence(self, said: Sequence[Said], topic: str, disagree: bool) -> Confidence | None:
        """How far to trust an answer on effect or safety, by the grades of its different sources.

        Strong: two of high grade. Moderate: one of high, or two of moderate grade. Limited: anything less. One step
        lower where the sources disagree.
        """
        if not said or not self._composer.weighs_evidence(topic):
            return None
        grades = [source.evidence for source in sources_of(said)]
        high, moderate = grades.count("high"), grades.count("moderate")
        level: Confidence = "strong" if high >= 2 else "moderate" if high or moderate >= 2 else "limited"
        return LOWER[level] if disagree else level


def _numbered(said: Sequence[Said]) -> tuple[list[Citation], list[Sentence]]:
    """Citations, each quote once, and the sentences with their numbers."""
    numbers: dict[tuple[str, str], int] = {}
    citations: list[Citation] = []
    sentences: list[Sentence] = []
    for item in said:
        own = []
        for quote in item.quotes:
            key = quote.passage.id, quote.words
            if key not in numbers:
                numbers[key] = len(citations) + 1
                citations.append(_citation(numbers[key], quote))
            own.append(numbers[key])
        sentences.append(Sentence(text=item.text, citations=sorted(set(own))))
    return citations, sentences


def _citation(number: int, quote: Quoted) -> Citation:
    source, passage = quote.source, quote.passage
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
        quote=quote.words,
        passage_id=passage.id,
    )


def _checks(said: Sequence[Said], sentences: Sequence[Sentence]) -> dict[str, bool]:
    if not said:
        return {}
    quotes = [quote for item in said for quote in item.quotes]
    return {
        "every_sentence_cited": all(sentence.citations for sentence in sentences),
        "quotes_verbatim": all(quote.words in quote.passage.text for quote in quotes),
    }


def _plain_text(message: Message | None, help_: Help | None, sentences: Sequence[Sentence]) -> str:
    """What a reader of plain text sees: message, the help lines where they lead, sentences with their marks."""
    parts = [message.text] if message else []
    if help_ and help_.reason in ("crisis", "emergency"):
        parts += [" · ".join(filter(None, (line.name, line.number, line.text, line.hours))) for line in help_.lines]
    marks = (" ".join((s.text, "".join(f"[{number}]" for number in s.citations))) for s in sentences)
    answer = " ".join(marks)
    return "\n".join([*parts, answer] if answer else parts)
