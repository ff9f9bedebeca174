"""Let a chat model write the answer, and show of it only what passes the checks.

The model gets numbered passages and writes sentences with [n] marks. Each sentence is checked against the passages it
cites as soon as it is whole, and shown only then; one that fails gives way to the cited source's own sentence. Where
the model fails, is too slow or says too little, sentences composed from the sources complete the answer. Nothing shown
is ever withdrawn.

A thread of its own reads the model, so that no server, however slow, holds a reader up longer than the settings allow.
"""

import logging
import re
import time
from collections import abc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, SecretStr

from answer.compose import Chosen, likest
from answer.retrieve import Hit
from answer.schema import Composer
from answer.stream import ModelLeftError, Reading, marked_sentences, read_marks, whole_sentences
from answer.verify import Quote, Verifier
from ingest.terms import FILLERS
from ingest.vocabulary import words_of
from safety.instructions import Instructions, as_data
from safety.privacy import redactor
from safety.triage import Triager
from settings import Settings

MOST_PASSAGES = 12
MOST_SENTENCES = 6
FEWEST_SENTENCES = 2
MOST_TRIED = 12
MOST_CITED = 3
FEWEST_WORDS = 3
LONGEST_SENTENCE = 1000
ATTEMPTS = 2
RETRY_PAUSE = 0.5
CLIENT_SLACK = 1.0
PROBE = "ping"
SUSPECT = frozenset(("injection", "misuse", "abuse"))
_LOG = logging.getLogger(__name__)

_WHOLE = re.compile(r"[.!][\"”’)]*$")
# Links, markup and templates: nothing that a sentence of an answer needs.
_NOT_PLAIN = re.compile(r"https?:|www\.|</?\w|\]\(|[{}|@]")


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence that may be shown, the passages it cites, and whose words it is."""

    text: str
    hits: tuple[Hit, ...]
    by: Literal["model", "source"]


class Report(BaseModel):
    """How an answer came about; final once its sentences have been read. Holds nothing that a reader or model wrote."""

    composer: Composer = "extractive"
    reason: str = ""
    """Why the model didn't write all of it; empty when it did."""
    shown: int = 0
    """The model's sentences that passed."""
    replaced: int = 0
    """Those that failed and gave way to their source's own sentence."""
    dropped: int = 0
    """Those that failed, or found no room, without a replacement."""
    completed: int = 0
    """Composed sentences added at the end."""
    first_ms: float | None = None
    """From the start to the first sentence."""


class Generator:
    """Writes answers with one chat model; safe to share between threads."""

    def __init__(self, settings: Settings, verifier: Verifier, triager: Triager, model: BaseChatModel) -> None:
        """Read the prompt; ``Generator.open`` makes the model from settings.

        Raises:
            WordingError: the prompt is missing, or a field of it.
        """
        self.settings = settings
        self._verifier = verifier
        self._model = model
        self._prompt = _Prompt(settings.prompts_dir / "model" / "answer.md")
        self._triager = triager
        self._redactor = redactor(settings.corpus_dir)

    @property
    def model(self) -> BaseChatModel:
        """The model, for what else it is asked."""
        return self._model

    @classmethod
    def open(cls, settings: Settings, verifier: Verifier, triager: Triager) -> "Generator | None":
        """The generator for ``settings.model``; None, and one line in the log that says why, where it can't be used.

        Args:
            settings: name the model, the prompts' folder and the limits.
            verifier: checks every sentence.
            triager: finds orders to a model in passages and sentences.

        Raises:
            WordingError: the prompt is missing, or a field of it.
        """
        if not settings.model:
            _LOG.info("No chat model is set: answers are composed from the sources' own sentences.")
            return None
        try:
            model = init_chat_model(settings.model, **_limits(settings))
            _check_key(model)
            _probe(model, settings)
        except Exception as error:  # each provider's client raises errors of its own
            _LOG.warning(
                "Chat model '%s' can't be used (%s): answers are composed from the sources' own sentences.",
                settings.model,
                _one_line(error),
            )
            return None
        return cls(settings, verifier, triager, model)

    def write(self, question: str, passages: Sequence[Hit], fallback: Sequence[Chosen]) -> "Writing":
        """Write an answer; the model is asked when the first sentence is.

        Args:
            question: what the reader asked.
            passages: what may be cited, best first; those of ``fallback`` come before them.
            fallback: the answer composed without a model.
        """
        hits = {hit.passage.id: hit for hit in (*(item.hit for item in fallback), *passages)}
        safe = [hit for hit in hits.values() if not self._is_suspect(hit.passage.text)][:MOST_PASSAGES]
        return Writing(self, question, safe, fallback)

    def read(self, question: str, hits: Sequence[Hit]) -> Reading:
        """Start the model on a question, which leaves this machine without what identifies the reader."""
        words = self.settings.max_answer_words
        asked = self._redactor.redact(question).text
        return Reading(self._model, self._prompt.messages(asked, hits, MOST_SENTENCES, words))

    def may_be_shown(self, text: str, cited: Sequence[Hit]) -> bool:
        """True when a sentence is a plain statement, holds no order to a model, and passes all checks."""
        if not cited or not _is_statement(text) or self._is_suspect(text):
            return False
        return self._verifier.passes(text, [Quote.of(hit.passage, hit.source.country) for hit in cited])

    def _is_suspect(self, text: str) -> bool:
        """True for orders to a model, and for what no source should ask of a reader."""
        return not SUSPECT.isdisjoint(self._triager.triage(text).labels)


class Writing(Iterator[Written]):
    """One answer in the making: iterate over its sentences, then read ``report``. ``close`` leaves it early."""

    def __init__(self, generator: Generator, question: str, hits: Sequence[Hit], fallback: Sequence[Chosen]) -> None:
        self.report = Report()
        self._generator, self._question = generator, question
        self._numbered = dict(enumerate(hits, start=1))
        self._fallback = fallback
        self._shown: list[Written] = []
        self._tried = 0
        self._start = 0.0
        self._sentences = self._write()

    def __next__(self) -> Written:
        return next(self._sentences)

    def close(self) -> None:
        """Stop reading the model."""
        self._sentences.close()

    def _write(self) -> abc.Generator[Written, None, None]:
        self._start = time.monotonic()
        if self._numbered:
            yield from self._by_model()
        if self.report.reason or len(self._shown) < FEWEST_SENTENCES:
            yield from self._complete()

    def _by_model(self) -> Iterator[Written]:
        """The model's sentences; says in the report why it was left, if it was."""
        for attempt in range(1, ATTEMPTS + 1):
            reading = self._generator.read(self._question, list(self._numbered.values()))
            try:
                yield from self._checked(reading)
                self.report.reason = self._shortfall()
                return
            except ModelLeftError as left:
                self.report.reason = left.reason
                _LOG.warning("The chat model was left: %s.", left.reason)
                time_left = self._deadline() - time.monotonic()
                if not left.again or self._tried or attempt == ATTEMPTS or time_left <= RETRY_PAUSE:
                    return
            finally:
                reading.leave()
            time.sleep(RETRY_PAUSE)

    def _checked(self, reading: Reading) -> Iterator[Written]:
        for sentence in self._arriving(reading):
            # The checks take time too, and a server may send all its text at once.
            if time.monotonic() >= self._deadline():
                raise ModelLeftError("it was too slow")
            yield from self._take(sentence)
            if len(self._shown) >= MOST_SENTENCES or self._tried >= MOST_TRIED:
                return
        if not self._tried:
            raise ModelLeftError("it wrote nothing", again=True)

    def _arriving(self, reading: Reading) -> Iterator[str]:
        """The model's sentences as they become whole."""
        text = ""
        while (piece := reading.piece(self._deadline())) is not None:
            whole, text = whole_sentences(text + piece)
            yield from whole
            if len(text) > LONGEST_SENTENCE:
                raise ModelLeftError("its text has no sentences")
        yield from marked_sentences(text)

    def _deadline(self) -> float:
        """Until when to wait for the model: shorter while the reader has seen nothing."""
        limits = self._generator.settings
        first = min(limits.model_seconds, limits.model_first_seconds)
        return self._start + (limits.model_seconds if self._shown else first)

    def _take(self, sentence: str) -> Iterator[Written]:
        """A sentence of the model if it passes, else its source's own, else nothing."""
        text, numbers = read_marks(sentence)
        self._tried += 1
        cited = tuple(self._numbered[number] for number in numbers if number in self._numbered)
        honest = len(cited) == len(numbers) <= MOST_CITED
        if honest and self._has_room(text) and self._generator.may_be_shown(text, cited):
            self.report.shown += 1
            yield self._show(Written(text, cited, "model"))
        elif own := self._own_sentence(text, cited):
            self.report.replaced += 1
            yield self._show(own)
        else:
            self.report.dropped += 1

    def _own_sentence(self, text: str, cited: Sequence[Hit]) -> Written | None:
        """What the first cited source not yet heard says itself, where that may be shown."""
        for hit in cited:
            own = next((item.text for item in self._fallback if item.hit.passage.id == hit.passage.id), "")
            own = own or likest(hit, text, _words)
            if not self._is_said(hit) and self._has_room(own) and self._generator.may_be_shown(own, [hit]):
                return Written(own, (hit,), "source")
        return None

    def _complete(self) -> Iterator[Written]:
        for item in self._fallback:
            if len(self._shown) < MOST_SENTENCES and not self._is_said(item.hit) and self._has_room(item.text):
                self.report.completed += 1
                yield self._show(Written(item.text, (item.hit,), "source"))

    def _show(self, written: Written) -> Written:
        if self.report.first_ms is None:
            self.report.first_ms = round((time.monotonic() - self._start) * 1000, 1)
        self._shown.append(written)
        authors = {earlier.by for earlier in self._shown}
        self.report.composer = "extractive" if authors == {"source"} else "model" if len(authors) == 1 else "mixed"
        return written

    def _shortfall(self) -> str:
        """Why a model that wrote to its end still needs completing; empty when it doesn't."""
        if not self.report.shown:
            return "none of its sentences passed the checks"
        return "most of its sentences failed the checks" if self.report.dropped > self.report.shown else ""

    def _is_said(self, hit: Hit) -> bool:
        return any(hit.passage.id == cited.passage.id for written in self._shown for cited in written.hits)

    def _has_room(self, text: str) -> bool:
        said = [written.text for written in self._shown]
        words = sum(len(earlier.split()) for earlier in (*said, text))
        return bool(text) and text not in said and words <= self._generator.settings.max_answer_words


class _Prompt:
    """What is sent for a question, from ``prompts/model/answer.md``."""

    def __init__(self, path: Path) -> None:
        self._instructions = Instructions(path, ("passages", "question"), ("sentences", "words"))

    def messages(self, question: str, hits: Iterable[Hit], most: int, words: int) -> list[BaseMessage]:
        """What is sent for a question."""
        passages = "\n".join(f"[{number}] {as_data(hit.passage.titled)}" for number, hit in enumerate(hits, start=1))
        user = self._instructions.message(passages=passages, question=as_data(question), sentences=most, words=words)
        return [SystemMessage(self._instructions.system), HumanMessage(user)]


def _limits(settings: Settings) -> dict[str, Any]:
    """Time limit and retries, as the provider's class names them.

    The client's limit only ends the thread; ours comes first. Retries are ours too, since they cost the reader time.
    """
    seconds = settings.model_seconds + CLIENT_SLACK
    if settings.model.startswith("ollama:"):
        return {"client_kwargs": {"timeout": seconds}}
    return {"timeout": seconds, "max_retries": 0}


def _check_key(model: BaseChatModel) -> None:
    """Raise where a key is empty: not every client notices before it asks its server."""
    for field, variable in model.lc_secrets.items():
        secret = getattr(model, field, None)
        if isinstance(secret, SecretStr) and not secret.get_secret_value():
            raise ValueError(f"{variable} is not set")


def _probe(model: BaseChatModel, settings: Settings) -> None:
    """Ask the model for a first piece; raises what its client raised. A server that is only busy passes."""
    reading = Reading(model, [HumanMessage(PROBE)])
    try:
        reading.piece(time.monotonic() + settings.model_seconds)
    except ModelLeftError as left:
        status = getattr(left.__cause__, "status_code", None) or 0
        if status != 429 and status < 500:
            raise (left.__cause__ or left) from None
        _LOG.warning("Chat model '%s' is busy (status %s); it will be asked again.", settings.model, status)
    finally:
        reading.leave()


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:200]}".rstrip(".")


def _is_statement(text: str) -> bool:
    """True for a whole sentence with something to say: the checks find nothing wrong with one that says nothing."""
    said = [word for word in words_of(text) if word not in FILLERS]
    return len(said) >= FEWEST_WORDS and bool(_WHOLE.search(text)) and not _NOT_PLAIN.search(text)


def _words(text: str) -> list[str]:
    return text.lower().split()
