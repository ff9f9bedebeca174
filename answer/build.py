"""Put an answer together: message, numbered citations, notices, help, follow-ups, and the plain text of it all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from answer.beside import UNDER_18, Beside
from answer.compose import Composer
from answer.offlabel import OffLabel
from answer.pins import all_pinned
from answer.retrieve import Hit
from answer.said import Quoted, Said, sources_of
from answer.schema import Answer, Citation, Confidence, Message, Sentence
from answer.schema import Composer as ComposerName
from answer.streaming import Opening
from answer.suggest import Suggestions
from answer.translate import Report
from answer.verify import Quote, Verifier
from answer.words import Words
from safety.crisis import CrisisLines, Help
from safety.outgoing import Outgoing
from safety.triage import Outcome
from settings import Settings

if TYPE_CHECKING:
    from answer.engine import Turn

MOST_MISSING = 3
DISAGREE = "sources_disagree"
LOWER: dict[Confidence, Confidence] = {"strong": "moderate", "moderate": "limited", "limited": "limited"}


@dataclass(frozen=True, slots=True)
class _Told:
    """A reviewed message to tell: its id, and what its fields are filled with."""

    id: str
    fields: Mapping[str, str]


class AnswerBuilder:
    """Turns decisions into ``Answer`` objects; all its words come from ``prompts/``.

    Every sentence passes the last check here (``safety/outgoing.py``), wherever it comes from.
    """

    def __init__(
        self,
        settings: Settings,
        lines: CrisisLines,
        suggestions: Suggestions,
        composer: Composer,
        verifier: Verifier,
    ) -> None:
        """Read the rules and the words of all languages.

        Raises:
            OutgoingError, OffLabelError, WordingError: a file can't be used, or a reviewed text may not go out.
        """
        self._settings, self._lines = settings, lines
        self._suggestions, self._composer = suggestions, composer
        self._verifier, self._outgoing = verifier, Outgoing()
        self._words = Words(settings, verifier, self._outgoing)
        off_label = OffLabel(settings.corpus_dir / "off-label.toml", verifier.vocabulary)
        self._beside = Beside(settings, self._words, lines, composer, off_label)

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
        sayable = self.sayable(turn, said)
        answer = self._build(turn, outcome, sayable, "", _Told(message_id, fields))
        return answer if follow_ups is None else answer.model_copy(update={"follow_ups": list(follow_ups)})

    def answered(self, turn: "Turn", said: Sequence[Said], topic: str, composer: ComposerName = "extractive") -> Answer:
        """An ordinary answer of the sentences that may go out; without any, what the sources don't answer."""
        sayable = self.sayable(turn, said)
        if not sayable:
            return self.nothing_found(turn, (), ())
        sayable = self._beside.with_harms(turn, sayable, lambda item: bool(self.sayable(turn, [item])))
        return self._build(turn, "answered", sayable, topic).model_copy(update={"composer": composer})

    def opening(self, turn: "Turn") -> Opening:
        """What an ordinary answer shows before its sentences, as far as it is known before they are."""
        return Opening(outcome="answered", help=self._help(turn, "answered"), notices=self._beside.decided(turn))

    def reworded(self, answer: Answer, told: Sequence[str], report: Report) -> Answer:
        """An answer whose sentences are told in other words, one for one."""
        sentences = [
            sentence.model_copy(update={"text": text}) for sentence, text in zip(answer.sentences, told, strict=True)
        ]
        changed = {
            "sentences": sentences,
            "text": _plain_text(answer.message, answer.help, sentences),
            "composer": report.composer,
            "checks": answer.checks | {"translation": report.model_dump()},
        }
        return answer.model_copy(update=changed)

    def with_help(self, turn: "Turn", answer: Answer) -> Answer:
        """An answer made before the triage was raised, with the notices and the help that it calls for now."""
        shown = {notice.id for notice in answer.notices}
        notices = [*answer.notices, *(notice for notice in self._beside.decided(turn) if notice.id not in shown)]
        help_, labels = self._help(turn, answer.outcome), list(turn.triage.labels)
        return answer.model_copy(update={"notices": notices, "help": help_, "labels": labels})

    def nothing_found(self, turn: "Turn", missing: Sequence[str], hits: Sequence[Hit]) -> Answer:
        """Says what the sources don't cover, and what they can help with instead."""
        named = "" if turn.translated else ", ".join(f"“{word}”" for word in missing[:MOST_MISSING])
        message_id = "no_evidence" if named else "no_evidence_general"
        fields = {"missing": named} if named else {}
        return self._build(turn, "no_evidence", (), self._composer.topic(hits), _Told(message_id, fields))

    def sayable(self, turn: "Turn", said: Sequence[Said]) -> list[Said]:
        """The sentences that pass the last check. Translated ones were checked in English, which ``further`` reads."""

        return [item for item in said if not self.stopped(item, english=turn.english)]

    def stopped(self, item: Said, *, english: bool) -> str:
        """Why a sentence may not go out; nothing when it may."""
        quotes = [Quote.of(quote.passage, quote.source.country) for quote in item.quotes]
        further = (lambda text: self._verifier.unsayable(text, quotes)) if english else None
        return self._outgoing.stopped(item.text, further)

    def _reason(self, turn: "Turn", message_id: str) -> tuple[Quoted, ...]:
        """The claims that a message's reason rests on; none when one of them is gone, and then it isn't given."""
        pins = self._words.of(turn.language).claims(message_id)
        passages = all_pinned(pins, {id_: view.claims for id_, view in turn.views.items()}) if pins else []
        return tuple(Quoted(turn.views[p.source_id].meta, p, p.text) for p in passages)

    def _message(self, turn: "Turn", told: _Told, reason: Sequence[Quoted], numbers: Sequence[int]) -> Message:
        text = self._words.message(turn.language, told.id, reasoned=bool(reason), **told.fields)
        return Message(id=told.id, text=text, citations=list(numbers))

    def _build(
        self, turn: "Turn", outcome: Outcome, said: Sequence[Said], topic: str, told: _Told | None = None
    ) -> Answer:
        reason = self._reason(turn, told.id) if told else ()
        citations, all_sentences = numbered([*([Said("", reason)] if reason else []), *said])
        cited, sentences = (all_sentences[0].citations, all_sentences[1:]) if reason else ([], all_sentences)
        message = self._message(turn, told, reason, cited) if told else None
        help_ = self._help(turn, outcome)
        return Answer(
            id=turn.question.id or uuid4().hex,
            outcome=outcome,
            language=turn.language,
            message=message,
            sentences=sentences,
            text=_plain_text(message, help_, sentences),
            citations=citations,
            notices=self._beside.notices(turn, outcome, said, topic),
            help=help_,
            follow_ups=self._follow_ups(turn, outcome, said, topic),
            confidence=self._confidence(said, topic, DISAGREE in turn.notices),
            corpus_version=turn.corpus_version,
            checks=_checks(said, sentences),
            labels=list(turn.triage.labels),
            timings_ms=turn.timings,
        )

    def _help(self, turn: "Turn", outcome: Outcome) -> Help | None:
        """The lines to show: where the triage says so, to a reader under 18, and where help to stop is offered."""
        young = UNDER_18 in (*turn.triage.notices, *turn.notices)
        reason = turn.triage.help_reason or ("topic" if young or outcome == "misuse" else None)
        return self._lines.help_for(turn.country, reason, young=young) if reason else None

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


def numbered(said: Sequence[Said]) -> tuple[list[Citation], list[Sentence]]:
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
    parts = [f"{message.text} {_marks(message.citations)}".rstrip()] if message else []
    if help_ and help_.reason in ("crisis", "emergency"):
        parts += [" · ".join(filter(None, (line.name, line.number, line.text, line.hours))) for line in help_.lines]
    answer = " ".join(f"{s.text} {_marks(s.citations)}" for s in sentences)
    return "\n".join([*parts, answer] if answer else parts)


def _marks(numbers: Sequence[int]) -> str:
    return "".join(f"[{number}]" for number in numbers)
