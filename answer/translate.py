"""Let a chat model translate a question into English, and the sentences of its answer out of it.

The model writes nothing of its own: the answer is looked up and composed as for an English question, and each sentence
is shown in translation only where that passes ``answer/faithful.py``; else it stays English. The quotes stay English
always. Time limits are those of a model's answer; where anything fails, there is no translation.
"""

import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel, Field

from answer.faithful import Faithful
from answer.language import SCRIPTS, language_by_script
from answer.schema import Composer
from answer.stream import ModelLeftError, start_model
from safety.instructions import Instructions, as_data
from safety.outgoing import Outgoing
from settings import Settings

ATTEMPTS = 2
RETRY_PAUSE = 0.5
LONGEST_LINE = 1500
MOST_LINES = 40
LONGER, LEAST_ROOM = 3, 80
_NUMBERED = re.compile(r"\[(\d{1,2})\]\s+(\S.*)")
_NOT_PLAIN = re.compile(r"https?:|www\.|</?\w|[{}|@<>]")
_LOG = logging.getLogger(__name__)

LanguageOf = Callable[[str], str | None]
"""The language that most words of a text belong to."""


class Report(BaseModel):
    """How a translated answer came about; holds nothing that a reader or a model wrote."""

    language: str
    translated: int = 0
    """Sentences shown in translation."""
    english: int = 0
    """Sentences left in English."""
    failed: dict[str, int] = Field(default_factory=dict)
    """Checks that translations failed, and how many did."""
    reason: str = ""
    """Why the model was left, if it was."""
    originals: list[str] = Field(default_factory=list)
    """The English sentences, in the answer's order."""

    @property
    def composer(self) -> Composer:
        """Whose words the answer shows."""
        return "mixed" if self.translated and self.english else "model" if self.translated else "extractive"


@dataclass(frozen=True, slots=True)
class _Prompts:
    question: Instructions
    answer: Instructions


class Translator:
    """Translates with one chat model; safe to share between threads."""

    def __init__(self, settings: Settings, model: BaseChatModel, faithful: Faithful, language_of: LanguageOf) -> None:
        """Read the instructions.

        Args:
            settings: the prompts' folder and the limits.
            model: the chat model.
            faithful: checks every translated sentence.
            language_of: tells languages with the same letters apart.

        Raises:
            WordingError: instructions are missing, or a field of them.
        """
        folder = settings.prompts_dir / "model"
        self.prompts = _Prompts(
            Instructions(folder / "translate-question.md", ("question",), ("language",)),
            Instructions(folder / "translate-answer.md", ("sentences", "language")),
        )
        self._settings, self._model, self._faithful = settings, model, faithful
        self._language_of, self._outgoing = language_of, Outgoing()

    def begin(self, language: str) -> "Translation | None":
        """A translation from and into a language, its time running; None where the language can't be checked."""
        name = self._faithful.languages.get(language)
        return Translation(self, language, name) if name else None

    def lines(self, instructions: Instructions, language: str, deadline: float, **fields: str) -> Iterator[str]:
        """The lines that the model writes, each as it becomes whole; tried once more where nothing came.

        Raises:
            ModelLeftError: the model fails, or the deadline (``time.monotonic``) is over.
        """
        system = instructions.system.replace("{language}", language)
        message = instructions.message(language=language, **fields)
        for attempt in range(1, ATTEMPTS + 1):
            begun = False
            try:
                for line in self._read(system, message, deadline):
                    begun = True
                    yield line
                return
            except ModelLeftError as left:
                in_time = deadline - time.monotonic() > RETRY_PAUSE
                if begun or not left.again or attempt == ATTEMPTS or not in_time:
                    raise
            time.sleep(RETRY_PAUSE)

    def limits(self) -> tuple[float, float]:
        """Seconds for the question, and for all."""
        whole = self._settings.model_seconds
        return min(whole, self._settings.model_first_seconds), whole

    def question_failure(self, english: str, asked: str, language: str) -> str:
        """Why a translated question can't be used; nothing when it can."""
        if not english or _NOT_PLAIN.search(english) or len(english) > LONGER * len(asked) + LEAST_ROOM:
            return "it wrote no question"
        return "" if self._faithful.keeps_numbers(asked, english, language) else "it changed a number of the question"

    def failure(self, english: str, translated: str, language: str) -> str:
        """The name of the first check that a translated sentence fails; nothing when it passes all."""
        if not self._is_in(translated, language):
            return "language"
        failed = self._faithful.failure(english, translated, language)
        return failed or ("outgoing" if self._outgoing.stopped(translated) else "")

    def _is_in(self, text: str, language: str) -> bool:
        by_script = language_by_script(text)
        return by_script == language if language in SCRIPTS.values() else self._language_of(text) == language

    def _read(self, system: str, message: str, deadline: float) -> Iterator[str]:
        reading = start_model(self._model, system, message)
        text = ""
        try:
            while (piece := reading.piece(deadline)) is not None:
                *whole, text = (text + piece).split("\n")
                yield from whole
                if len(text) > LONGEST_LINE:
                    raise ModelLeftError("its text has no lines")
            if text:
                yield text
        finally:
            reading.leave()


class Translation:
    """One question and its answer on their way; ``report`` is final once the answer is translated."""

    def __init__(self, translator: Translator, language: str, name: str) -> None:
        self.report = Report(language=language)
        self._translator, self._name = translator, name
        first, whole = translator.limits()
        self._first, self._whole = time.monotonic() + first, time.monotonic() + whole

    def question(self, text: str) -> str:
        """The question in English, on one line; empty where the model failed.

        Args:
            text: the question, without what identifies the reader.
        """
        prompt = self._translator.prompts.question
        try:
            lines = self._translator.lines(prompt, self._name, self._first, question=as_data(text))
            said = [line.strip() for line, _ in zip(lines, range(MOST_LINES), strict=False) if line.strip()]
            english = said[0] if len(said) == 1 else ""
            reason = self._translator.question_failure(english, text, self.report.language)
        except ModelLeftError as left:
            english, reason = "", left.reason
        return "" if self._leave(reason) else english

    def answer(self, sentences: Sequence[str]) -> list[str]:
        """The sentences as they may be shown: in translation, or in English where that failed."""
        prompt, numbered = self._translator.prompts.answer, dict(enumerate(sentences, start=1))
        data = "\n".join(f"[{number}] {as_data(text)}" for number, text in numbered.items())
        found: dict[int, str] = {}
        try:
            lines = self._translator.lines(prompt, self._name, self._whole, sentences=data)
            for line, _ in zip(lines, range(MOST_LINES), strict=False):
                if match := _NUMBERED.fullmatch(line.strip()):
                    found.setdefault(int(match[1]), match[2].strip())
        except ModelLeftError as left:
            self._leave(left.reason)
        return self._checked(numbered, found)

    def _checked(self, numbered: dict[int, str], found: dict[int, str]) -> list[str]:
        language = self.report.language
        failed = {
            number: self._translator.failure(english, found[number], language) if number in found else "missing"
            for number, english in numbered.items()
        }
        shown = [english if failed[number] else found[number] for number, english in numbered.items()]
        self.report.originals = list(numbered.values())
        self.report.failed = dict(Counter(filter(None, failed.values())))
        self.report.english = sum(map(bool, failed.values()))
        self.report.translated = len(shown) - self.report.english
        return shown

    def _leave(self, reason: str) -> str:
        if reason:
            self.report.reason = reason
            _LOG.warning("The translation was left: %s.", reason)
        return reason
