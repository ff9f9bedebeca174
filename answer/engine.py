"""The engine: one question in, one answer out. Pages, API and command line share one of it a process."""

import threading
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from answer.beside import UNDER_18
from answer.build import DISAGREE, AnswerBuilder, numbered
from answer.compose import Chosen, Composer, Reader, evidence
from answer.converse import Converser, Understood
from answer.cover import Coverage, Coverer
from answer.disagree import Disagreements
from answer.faithful import Faithful
from answer.faq import Entry, FaqBook, Match, Supported, Supporter, Unsupported
from answer.follow import LateIndex, LiveIndex
from answer.generate import Generator
from answer.language import FEWEST_WORDS, is_english, is_english_mended, language_by_script
from answer.retrieve import Hit, Retriever
from answer.said import Said, sources_of
from answer.say import BACKGROUND_SECTIONS, Sayer, SourceView, verbatim
from answer.schema import Answer, Detail, Question
from answer.slips import Slips
from answer.spell import Speller
from answer.stream import start_model
from answer.streaming import Event, Teller, Telling, Told, made
from answer.suggest import Suggestions
from answer.translate import Translator
from answer.translated import Translations, load_originals, load_translations
from answer.turns import AGAIN
from answer.verify import Verifier
from ingest.clean import NOT_TEXT
from ingest.corpus import FAQ, faq_folder
from ingest.embed import Embedder, Vectors, identify
from ingest.generation import Generation, IndexFolder
from ingest.schema import Passage, SourceMeta
from ingest.terms import Terms
from ingest.vocabulary import Vocabulary, words_of
from safety.age import Ages
from safety.classify import Classifier
from safety.crisis import CrisisLines
from safety.privacy import redactor
from safety.second_opinion import Asked, SecondOpinion, raised
from safety.triage import Outcome, Triage, Triager
from safety.wording import Wording
from settings import ROOT, Settings

SEARCHED = 60
HELP_FIRST: frozenset[Outcome] = frozenset(("crisis", "emergency"))
LONGEST_READ = 20_000
WORDING_ASKED_FOR: dict[str, Detail] = {"simpler": "plain", "detailed": "detailed"}
LEAST_CLINIC_COSINE = 0.5
FACTS = "clinic-information"
SET_UP_BONUS = 0.1
OFF_TOPIC_CHANCE = 0.05
OFF_TOPIC_COSINE = 0.35


@dataclass(frozen=True, slots=True)
class _Lookup:
    """What is built once per generation of the index."""

    name: str
    coverer: Coverer
    speller: Speller
    views: dict[str, SourceView]
    sayer: Sayer


@dataclass(slots=True)
class Turn:
    """One question on its way to an answer. ``text`` is it without what identifies the reader; ``english`` says whether
    its words are; ``country`` is the one it names, else the reader's; ``notices`` are added to those of the triage;
    ``views`` are the sources there are; ``translated`` where a chat model put the question into English."""

    question: Question
    text: str
    english: bool
    language: str
    country: str
    triage: Triage
    corpus_version: str
    notices: tuple[str, ...] = ()
    views: Mapping[str, SourceView] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    translated: bool = False

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the milliseconds spent inside to a stage."""
        start = time.perf_counter()
        yield
        self.timings[stage] = round(self.timings.get(stage, 0.0) + (time.perf_counter() - start) * 1000, 2)


class Engine:
    """Answers questions from one index; safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        index: LiveIndex,
        faq: LateIndex | None,
        embedder: Embedder,
        vocabulary: Vocabulary,
    ) -> None:
        """Put the rooms together; ``Engine.open`` does it from settings."""
        corpus = settings.corpus_dir
        terms = Terms(vocabulary)
        self.settings = settings
        self.wording = Wording(settings.prompts_dir, settings.language)
        self.crisis_lines = CrisisLines(corpus / "crisis-lines.toml")
        self._suggestions = Suggestions(settings.prompts_dir / "suggestions", settings.language)
        self._terms = terms
        self._index = index
        self._embedder = embedder
        self._faq = faq
        self._book: FaqBook | None = None
        self._no_translations = Translations({})
        self.vocabulary = vocabulary
        self.verifier = Verifier(vocabulary)
        self._slips = Slips.read(embedder.words())
        self.embedder = embedder
        self._retriever = Retriever(index, embedder, terms)
        self._converser = Converser(terms)
        self._composer = Composer(corpus / "sections.toml", terms, settings.max_answer_words)
        self._disagreements = Disagreements(vocabulary)
        self._builder = AnswerBuilder(settings, self.crisis_lines, self._suggestions, self._composer, self.verifier)
        self._ages = Ages()
        self._triager = Triager(ROOT / "safety" / "lexicons", Classifier.load())
        self._redactor = redactor(corpus)
        self._generator = Generator.open(settings, Verifier(vocabulary, embedder.embed), self._triager)
        model = self._generator.model if self._generator else None
        self._second_opinion = (
            SecondOpinion(partial(start_model, model), settings.prompts_dir, settings.model_triage_seconds)
            if model and settings.model_triage
            else None
        )
        self._translator = (
            Translator(settings, model, Faithful.load(vocabulary), self._spelt_language)
            if model and settings.model_translates
            else None
        )
        self._lock = threading.Lock()
        self._current: _Lookup | None = None
        # The first search reads Chroma's index into memory; better now than while the first reader waits.
        self.search("warm up", 1)
        self._spelt_language("warm up")

    @classmethod
    def open(cls, settings: Settings) -> "Engine":
        """Load embedder and index as the settings say.

        Raises:
            IndexUnusableError: no index, or one built for another embedder or layout; the message says what to do.
            EmbedderError, VocabularyError, WordingError, CrisisLinesError, AgeError, OutgoingError, OffLabelError: a
                part can't be loaded.
        """
        folder = IndexFolder(settings.data_dir / settings.collection)
        index = LiveIndex(folder, identify(settings.embedder))
        faq = LateIndex(faq_folder(settings), identify(settings.embedder))
        vocabulary = Vocabulary.load(settings.corpus_dir / "vocabulary.toml")
        return cls(settings, index, faq, Embedder(settings.embedder), vocabulary)

    def close(self) -> None:
        """Release the indexes."""
        self._index.close()
        if self._faq:
            self._faq.close()

    @property
    def uses_model(self) -> bool:
        """True when a chat model writes answers."""
        return self._generator is not None

    @property
    def triager(self) -> Triager:
        """What finds danger in a message, by rules and classifier."""
        return self._triager

    def suggestions(self) -> list[str]:
        """Questions to start with."""
        return self._suggestions.first()

    def sources(self) -> list[SourceView]:
        """All sources, by title."""
        with self._index.reading() as generation:
            return sorted(self._lookup(generation).views.values(), key=lambda view: view.heading.lower())

    def source(self, source_id: str) -> SourceView | None:
        """A source by its id or one of its aliases."""
        with self._index.reading() as generation:
            return self._lookup(generation).views.get(generation.aliases.get(source_id, source_id))

    def corpus_version(self) -> str:
        """Names the state of the corpus that answers are drawn from now."""
        with self._index.reading() as generation:
            return generation.manifest.corpus_version

    def faq_entry(self, entry_id: str) -> Entry | None:
        """The FAQ entry of an id as questions are answered by it now."""
        faq = self._faq.get() if self._faq else None
        if faq is None:
            return None
        with faq.reading() as generation:
            return self._faq_book(generation).entries.get(entry_id)

    def support(self, sentence: str, cites: Sequence[str]) -> Supported | Unsupported:
        """The claims of the named sources that bear a sentence out as an answer must be, or the first reason why not.

        What an answer may not say, whatever its sources say, is unsupported too.
        """
        with self._index.reading() as generation:
            sayer = self._lookup(generation).sayer
            found = sayer.supporter.support(sentence, cites)
            if isinstance(found, Unsupported):
                return found
            reason = self._builder.stopped(sayer.written(sentence, found.passages), english=True)
            return Unsupported(sentence, reason) if reason else found

    def preview(self, entry: Entry, question: Question) -> Answer | None:
        """What a reader would get if this entry, wherever it comes from, answered the question.

        None when a sentence of it isn't borne out by its sources.
        """
        with self._index.reading() as generation:
            turn, lookup = self._begin(question, generation), self._lookup(generation)
            if turn.triage.outcome is not None:
                return self._message_first(turn, lookup, turn.triage.outcome)
            hits = evidence(self._retriever.search(turn.text, SEARCHED))
            said = self._said_of(Match(entry, turn.text, 1.0), turn, turn.text, hits, lookup)
            return self._builder.answered(turn, said, entry.topic, "faq") if said else None

    def search(self, text: str, k: int = 10) -> list[Hit]:
        """The ``k`` passages that speak most to a text."""
        return self.search_many([text], k)[0]

    def search_many(self, texts: Sequence[str], k: int = 10) -> list[list[Hit]]:
        """``search`` for many texts at once."""
        with self._index.reading() as generation:
            speller = self._lookup(generation).speller
            return self._retriever.search_many([speller.mend(text) for text in texts], k)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of texts, by the embedder in use."""
        return self._embedder.embed(texts)

    def coverage(self, text: str) -> Coverage:
        """How likely the sources cover a question, and by what it was judged."""
        with self._index.reading() as generation:
            lookup = self._lookup(generation)
            mended = lookup.speller.mend(text)
            return lookup.coverer.judge(mended, evidence(self._retriever.search(mended, SEARCHED)))

    def ask(self, question: Question) -> Answer:
        """Answer a question. Never raises for what a reader typed: odd input gets a message."""
        answer = None
        for event in self.stream(question):
            answer = event.data
        assert isinstance(answer, Answer)
        return answer

    def stream(self, question: Question) -> Told:
        """Answer a question bit by bit; what is told first of a crisis is its help.

        A chat model's sentences are told as soon as each has passed its checks, a composed answer's all at once. The
        last event holds the whole answer. Closing the iterator ends the work.
        """
        start = time.perf_counter()
        teller = Teller()
        with self._index.reading() as generation:
            answer = yield from self._answer(question, generation, teller)
        total = round((time.perf_counter() - start) * 1000, 2)
        yield from teller.whole(answer.model_copy(update={"timings_ms": {**answer.timings_ms, "total": total}}))

    def help_first(self, question: Question) -> Answer | None:
        """The help alone, where somebody may be in danger; None otherwise. Rules only: nothing is looked up.

        For questions that are refused (too long, too many): help is never refused.
        """
        with self._index.reading() as generation:
            turn = self._begin(question, generation)
            outcome = turn.triage.outcome
            if outcome not in HELP_FIRST:
                return None
            return self._builder.message(turn, outcome, _message_id(turn.triage, outcome))

    def triage(self, text: str) -> Triage:
        """What a text needs, whoever wrote it. Rules and classifier only: nothing is looked up."""
        with self._index.reading() as generation:
            return self._begin(Question(text=text), generation).triage

    def _answer(self, question: Question, generation: Generation, teller: Teller) -> Telling:
        turn = self._begin(question, generation)
        lookup = self._lookup(generation)
        odd = self._odd_input(turn)
        if odd and turn.triage.outcome not in HELP_FIRST:
            return self._builder.message(turn, "no_evidence", odd)
        if turn.triage.outcome is not None:
            return self._message_first(turn, lookup, turn.triage.outcome, odd)
        if self._second_opinion is None:
            return (yield from self._look_up(turn, lookup, teller))
        return (yield from self._looked_at_twice(turn, lookup, teller, self._second_opinion.begin(turn.text)))

    def _message_first(self, turn: Turn, lookup: _Lookup, outcome: Outcome, odd: str | None = None) -> Answer:
        """The message for an outcome, and the ordinary part behind it where the reader asked for that."""
        said: list[Said] = []
        if outcome in HELP_FIRST and turn.question.continue_after_help and not odd:
            said = self._ordinary_part(turn, lookup)
        return self._builder.message(turn, outcome, _message_id(turn.triage, outcome), said)

    def _looked_at_twice(self, turn: Turn, lookup: _Lookup, teller: Teller, asked: Asked) -> Telling:
        """The answer, made while the second opinion is on its way; nothing of it is told before that has come."""
        telling = self._look_up(turn, lookup, teller)
        first: Event | None = None
        whole: Answer | None = None
        try:
            first = next(telling)
        except StopIteration as stop:
            whole = stop.value
        with turn.timed("second_opinion"):
            opinion = asked.wait()
        turn.triage = raised(turn.triage, opinion.level)
        checks = {"second_opinion": {"said": opinion.level, "reason": opinion.reason}}
        if turn.triage.outcome is not None:
            telling.close()
            teller.restart()
            turn.notices = tuple(notice for notice in turn.notices if notice == UNDER_18)
            answer = self._message_first(turn, lookup, turn.triage.outcome)
        elif whole:
            answer = self._builder.with_help(turn, whole)
        else:
            yield from Teller().opening(self._builder.opening(turn))
            yield from (event for event in (first,) if event and event.name != "message")
            answer = yield from telling
        return answer.model_copy(update={"checks": answer.checks | checks})

    def _begin(self, question: Question, generation: Generation) -> Turn:
        typed = _tidy(question.text[:LONGEST_READ])
        start = time.perf_counter()
        lookup = self._lookup(generation)
        speller = lookup.speller
        redacted = self._redactor.redact(typed)
        text = redacted.bare
        english = is_english(text, speller.used, speller.right) or self._is_english_misspelt(text, speller)
        triage = self._triage(typed, question.history, speller.mend(typed) if english else typed)
        language = self._other_language(text, english, speller) or question.language or self.settings.language
        country, version = self._country(question, text), generation.manifest.corpus_version
        notices = ["privacy"] if redacted.found and triage.outcome is None else []
        if any(map(self._ages.under_18, (typed, *question.history))):
            notices.append(UNDER_18)
        turn = Turn(question, text, english, language, country, triage, version, tuple(notices), lookup.views)
        turn.timings["triage"] = round((time.perf_counter() - start) * 1000, 2)
        return turn

    def _is_english_misspelt(self, text: str, speller: Speller) -> bool:
        return is_english_mended(speller.mend(text), speller.used, speller.small) and not (
            language_by_script(text) or self._translations.language_of(text)
        )

    def _triage(self, text: str, history: Sequence[str], mended: str) -> Triage:
        """The triage of a text: a crisis as typed or in its mended spelling, all else in the mended one."""
        triage = self._triager.triage(text, history)
        return triage if triage.outcome == "crisis" or mended == text else self._triager.triage(mended, history)

    def _other_language(self, text: str, english: bool, speller: Speller) -> str | None:
        """The language a text is written in, where it can be told and isn't English; a few words tell too little."""
        words = words_of(text)
        if english and (len(words) >= FEWEST_WORDS or all(word in speller.right for word in words)):
            return None
        return language_by_script(text) or self._translations.language_of(text)

    def _country(self, question: Question, text: str) -> str:
        """The country that the question names ("in Leeds"), else the reader's, else the settings'."""
        named = {mention.term.country for mention in self._terms.vocabulary.mentions(text)} - {None}
        if len(named) == 1:
            return str(named.pop())
        return (question.country or self.settings.country).upper()

    def _odd_input(self, turn: Turn) -> str | None:
        """The message for what can't be a question: nothing, no words, or far too many of them."""
        if len(turn.question.text) > self.settings.max_question_chars:
            return "too_long"
        if not turn.text:
            return "empty"
        return None if any(character.isalnum() for character in turn.text) else "unreadable"

    def _look_up(self, turn: Turn, lookup: _Lookup, teller: Teller) -> Telling:
        understood = self._in_context(turn)
        # "More detail please" is too short to tell its language; the cue words are English.
        if not turn.english and understood.kind not in AGAIN:
            return self._in_other_language(turn, lookup)
        text = lookup.speller.mend(understood.text)
        if understood.kind == "scale" and (earlier := self._in_earlier_sources(turn, text, understood, lookup)):
            return (yield from self._composed(turn, text, earlier, lookup, teller))
        return (yield from self._found(turn, text, lookup, teller))

    def _found(self, turn: Turn, text: str, lookup: _Lookup, teller: Teller) -> Telling:
        """The answer to a complete English question."""
        with turn.timed("retrieve"):
            hits = self._retriever.search(text, SEARCHED)
        facts, matters = [hit for hit in hits if hit.source.kind == FACTS], self._matters(text)
        if matters or (facts and facts[0] is hits[0]):
            return self._clinic_answer(turn, text, self._told_of(turn, text, matters) or facts)
        hits = evidence(hits)
        if reviewed := self._reviewed(turn, text, hits, lookup):
            topic, said = reviewed
            return self._builder.answered(turn, said, topic, "faq")
        return (yield from self._from_literature(turn, text, hits, lookup, teller))

    def _in_other_language(self, turn: Turn, lookup: _Lookup) -> Answer:
        """A translated FAQ entry, or a message in the reader's language with the closest questions there are."""
        found = self._translations.find(turn.text, turn.language, self._outdated_translations())
        if found.match:
            entry = self.faq_entry(found.match.id)
            said = lookup.sayer.translated(entry, found.match.sentences) if entry else []
            if said and entry:
                turn.notices += ("language",) if found.match.reviewed else ("language", "translated")
                answer = self._builder.answered(turn, said, entry.topic, "faq")
                return answer.model_copy(update={"follow_ups": list(found.near[1:])})
        if told := self._translated(turn, lookup, found.near or None):
            return told
        return self._builder.message(turn, "no_evidence", "other_language", follow_ups=found.near or None)

    def _translated(self, turn: Turn, lookup: _Lookup, near: Sequence[str] | None) -> Answer | None:
        """The answer to the question in English, translated sentence by sentence; None where there is no translating.

        The English question is triaged like one that was typed: what it tells of comes first.
        """
        translation = self._translator.begin(turn.language) if self._translator else None
        if translation is None:
            return None
        with turn.timed("translate"):
            text = translation.question(turn.text)
        if not text:
            return None
        triage = self._triage(text, (), lookup.speller.mend(text))
        if triage.outcome is not None:
            turn.triage = triage
            return self._message_first(turn, lookup, triage.outcome)
        if not is_english(text, lookup.speller.used, lookup.speller.right):
            return None
        triage = triage if turn.triage.help_reason in (None, "topic") else turn.triage
        notices = (*turn.notices, "language", "translated")
        asked = turn.question.model_copy(update={"text": text, "history": []})
        english = replace(
            turn, question=asked, text=text, triage=triage, notices=notices, english=True, translated=True
        )
        answer = made(self._found(english, lookup.speller.mend(text), lookup, Teller()))
        if answer.sentences:
            with turn.timed("translate"):
                told = translation.answer([sentence.text for sentence in answer.sentences])
            if not translation.report.translated:
                return None
            answer = self._builder.reworded(answer, told, translation.report)
        return answer if near is None else answer.model_copy(update={"follow_ups": list(near)})

    def _from_literature(self, turn: Turn, text: str, hits: Sequence[Hit], lookup: _Lookup, teller: Teller) -> Telling:
        """An answer composed of what was found, or a message that says what the sources lack."""
        if not hits:
            return self._builder.nothing_found(turn, (), hits)
        with turn.timed("cover"):
            coverage = lookup.coverer.judge(text, hits)
        if coverage.probability >= self.settings.answer_threshold:
            return (yield from self._composed(turn, text, hits, lookup, teller))
        if turn.triage.maybe_off_topic or _far_away(turn, coverage, hits):
            return self._builder.message(turn, "off_topic", "off_topic")
        return self._builder.nothing_found(turn, coverage.missing, hits)

    def _composed(self, turn: Turn, text: str, hits: Sequence[Hit], lookup: _Lookup, teller: Teller) -> Telling:
        """Sentences of the sources, or a chat model's where one is configured and passes the checks."""
        chosen, topic = self._compose(turn, text, hits), self._composer.topic(hits)
        chosen, pair = self._disagreements.weave(text, chosen, hits, self.settings.max_answer_words)
        if self._generator is None or turn.translated:
            turn.notices += (DISAGREE,) if pair else ()
            return self._builder.answered(turn, lookup.sayer.compose(chosen, turn.question.detail), topic)
        yield from teller.opening(self._builder.opening(turn))
        said: list[Said] = []
        with turn.timed("model"), closing(self._generator.write(text, hits, chosen)) as writing:
            for sentence in writing:
                written = lookup.sayer.written(sentence.text, [hit.passage for hit in sentence.hits])
                said += self._builder.sayable(turn, [written])
                yield from teller.sentences(*numbered(said))
        cited = {quote.passage.id for item in said for quote in item.quotes}
        turn.notices += (DISAGREE,) if pair and cited.issuperset(pair) else ()
        answer = self._builder.answered(turn, said, topic, writing.report.composer)
        return answer.model_copy(update={"checks": answer.checks | {"model": writing.report.model_dump()}})

    def _in_earlier_sources(self, turn: Turn, text: str, understood: Understood, lookup: _Lookup) -> Sequence[Hit]:
        """What answers "which scale did they use?" in the sources of the answer before; nothing where they don't tell.

        That answer is worked out again from the question it was to, since nothing is kept between turns.
        """
        about = lookup.speller.mend(understood.about or "")
        with turn.timed("earlier"):
            found = evidence(self._retriever.search(about, SEARCHED))
            reviewed = self._reviewed(turn, about, found, lookup)
            said = reviewed[1] if reviewed else [verbatim(item) for item in self._compose(turn, about, found)]
        with turn.timed("retrieve"):
            hits = self._retriever.search_in(understood.own, {source.id for source in sources_of(said)}, SEARCHED)
        if not hits or lookup.coverer.judge(text, hits).probability < self.settings.answer_threshold:
            return ()
        return _set_up_first(hits)

    def _in_context(self, turn: Turn) -> Understood:
        """The complete question that a turn of a conversation means; "simpler" and "more detail" change the wording."""
        earlier = (_tidy(told[:LONGEST_READ]) for told in turn.question.history)
        history = [self._redactor.redact(told).bare for told in earlier]
        understood = self._converser.understand(turn.text, history)
        detail = WORDING_ASKED_FOR.get(understood.kind)
        if detail:
            turn.question = turn.question.model_copy(update={"detail": detail})
        return understood

    def _matters(self, text: str) -> set[str]:
        """The practical matters of the clinic that a text names: "clinic parking"."""
        return {m.term.name for m in self._terms.vocabulary.mentions(text) if m.term.kind == "clinic"}

    def _told_of(self, turn: Turn, text: str, matters: set[str]) -> Sequence[Hit]:
        """The facts of the clinic that say themselves that they are about one of these matters."""
        views = turn.views.items()
        ids = {id for id, view in views if view.meta.kind == FACTS and matters & _declared(view.meta)}
        return self._retriever.search_in(text, ids, SEARCHED) if ids else ()

    def _clinic_answer(self, turn: Turn, text: str, facts: Sequence[Hit]) -> Answer:
        """The clinic's own practical facts, or its contact where it has told none."""
        with turn.timed("compose"):
            chosen = self._composer.compose(text, facts, self._reader(turn))
        if not chosen or not self._speaks_to(text, facts[0]):
            return self._builder.message(turn, "no_evidence", "no_evidence_clinic")
        return self._builder.answered(turn, [verbatim(item) for item in chosen], topic="")

    def _reviewed(self, turn: Turn, text: str, hits: Sequence[Hit], lookup: _Lookup) -> tuple[str, list[Said]] | None:
        """(topic, sentences) of the FAQ entry that asks the same, if its sources still bear out its every sentence."""
        faq = self._faq.get() if self._faq else None
        if faq is None:
            return None
        with turn.timed("faq"), faq.reading() as generation:
            match = self._faq_book(generation).match(text, self._retriever.vector(text))
        if match is None:
            return None
        said = self._said_of(match, turn, text, hits, lookup)
        return (match.entry.topic, said) if said else None

    def _said_of(self, match: Match, turn: Turn, text: str, hits: Sequence[Hit], lookup: _Lookup) -> list[Said]:
        """The sentences of an entry as the reader wants them; none when one of them has lost its support."""
        detail = turn.question.detail
        more = self._compose(turn, text, hits) if hits and detail != "plain" else []
        return lookup.sayer.reviewed(match, detail, more)

    @property
    def _translations(self) -> Translations:
        """The translated entries; none while there is no FAQ that they belong to."""
        return self._read_translations[0] if self._faq and self._faq.get() else self._no_translations

    @cached_property
    def _read_translations(self) -> tuple[Translations, Mapping[str, Sequence[str]]]:
        """The translated entries, and the English sentences that they were made from."""
        folder = self.settings.corpus_dir / FAQ
        return Translations(load_translations(folder)[0]), load_originals(folder)

    def _outdated_translations(self) -> frozenset[str]:
        """Ids of entries whose English text is another one by now: what their translations say isn't the answer."""
        faq = self._faq.get() if self._faq else None
        if faq is None:
            return frozenset()
        with faq.reading() as generation:
            return self._faq_book(generation).other_than(self._read_translations[1])

    def _spelt_language(self, text: str) -> str | None:
        return self._translations.language_of(text)

    def _faq_book(self, generation: Generation) -> FaqBook:
        with self._lock:
            if self._book is None or self._book.name != generation.manifest.name:
                self._book = FaqBook(generation, self._terms, self.verifier.denials)
            return self._book

    def _speaks_to(self, text: str, fact: Hit) -> bool:
        """True when a fact of the clinic is about the practical matter asked about, or very close to the question."""
        named = self._terms.vocabulary.names(fact.passage.titled) | _declared(fact.source)
        return bool(self._matters(text) & named) or max(fact.cosine, fact.question_cosine) >= LEAST_CLINIC_COSINE

    def _ordinary_part(self, turn: Turn, lookup: _Lookup) -> list[Said]:
        text = lookup.speller.mend(turn.text)
        hits = evidence(self._retriever.search(text, SEARCHED))
        covered = hits and lookup.coverer.judge(text, hits).probability >= self.settings.answer_threshold
        return lookup.sayer.compose(self._compose(turn, text, hits), turn.question.detail) if covered else []

    def _compose(self, turn: Turn, text: str, hits: Sequence[Hit]) -> list[Chosen]:
        with turn.timed("compose"):
            return self._composer.compose(text, hits, self._reader(turn))

    def _reader(self, turn: Turn) -> Reader:
        return Reader(self.crisis_lines.jurisdictions(turn.country))

    def _lookup(self, generation: Generation) -> _Lookup:
        with self._lock:
            if self._current is None or self._current.name != generation.manifest.name:
                self._current = self._build_lookup(generation)
            return self._current

    def _build_lookup(self, generation: Generation) -> _Lookup:
        texts = (passage.titled for passage in generation.passages)
        questions = (question for passage in generation.passages for question in passage.questions)
        claims: dict[str, list[Passage]] = {}
        for passage in generation.passages:
            claims.setdefault(passage.source_id, []).append(passage)
        views = {
            source_id: SourceView(stored.meta, stored.heading, tuple(claims.get(source_id, ())))
            for source_id, stored in generation.sources.items()
        }
        cited = claims | {alias: claims.get(source_id, []) for alias, source_id in generation.aliases.items()}
        countries = {source_id: view.meta.country for source_id, view in views.items()}
        supporter = Supporter(self.verifier, self._terms, cited, countries)
        return _Lookup(
            generation.manifest.name,
            Coverer(generation, self._terms),
            Speller(texts, questions, self.vocabulary, self._slips),
            views,
            Sayer(self.verifier, supporter, views, self.settings.max_answer_words),
        )


def _message_id(triage: Triage, outcome: Outcome) -> str:
    return "crisis_other" if outcome == "crisis" and triage.about_other else outcome


def _declared(source: SourceMeta) -> set[str]:
    """The terms that a source's topics name: "clinic parking" for "clinic-parking"."""
    return {topic.replace("-", " ") for topic in source.topics}


def _far_away(turn: Turn, coverage: Coverage, hits: Sequence[Hit]) -> bool:
    """True for a question that isn't about this field at all: it names nothing of it and is like nothing in it."""
    if coverage.features["missing"] or turn.triage.notices:
        return False
    return coverage.probability < OFF_TOPIC_CHANCE and max(hit.cosine for hit in hits) < OFF_TOPIC_COSINE


def _set_up_first(hits: Sequence[Hit]) -> list[Hit]:
    """Hits with those on how a study was made, and on its limits, moved up: a question about a study asks for these."""
    raised = [
        replace(hit, score=hit.score + SET_UP_BONUS)
        if hit.passage.section.lower().startswith(BACKGROUND_SECTIONS)
        else hit
        for hit in hits
    ]
    return sorted(raised, key=lambda hit: -hit.score)


def _tidy(text: str) -> str:
    """A reader's text in NFC, without control and invisible characters, with single spaces."""
    return " ".join(NOT_TEXT.sub(" ", unicodedata.normalize("NFC", text)).split())
