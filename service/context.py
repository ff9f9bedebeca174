"""What all routes of one process share."""

from __future__ import annotations

from dataclasses import dataclass

from answer.engine import Engine
from answer.schema import Answer, Question
from safety.crisis import CrisisLines, Help
from safety.wording import FALLBACK_LANGUAGE, Wording
from service.feedback import Feedback, Votes
from service.limits import Limiter, Streams
from service.metrics import Metrics
from service.pool import Pool
from service.problems import RefusedError
from service.recording import Recorder
from service.sites import Sites
from settings import Settings, Site


@dataclass(frozen=True, slots=True)
class Context:
    """The engine, or None while no question can be answered, and what stands around it.

    Without a ``recorder`` nothing is recorded of what is answered.
    """

    settings: Settings
    engine: Engine | None
    crisis_lines: CrisisLines
    wordings: dict[str, Wording]
    sites: Sites
    limiter: Limiter
    streams: Streams
    metrics: Metrics
    pool: Pool
    votes: Votes
    recorder: Recorder | None = None

    @classmethod
    def open(
        cls,
        settings: Settings,
        engine: Engine | None,
        crisis_lines: CrisisLines,
        limiter: Limiter,
        recorder: Recorder | None = None,
    ) -> Context:
        """Put the parts together.

        Raises:
            WordingError: an interface text of a site's language can't be read.
        """
        languages = {settings.language, FALLBACK_LANGUAGE, *(site.language for site in settings.sites)} - {None}
        metrics, streams = Metrics(settings), Streams(settings)
        metrics.streams.set_function(lambda: float(streams.count))

        def record(vote: Feedback) -> None:
            metrics.vote(vote.site or "", vote.helpful)

        return cls(
            settings,
            engine,
            crisis_lines,
            {str(language): Wording(settings.prompts_dir, str(language)) for language in languages},
            Sites(settings),
            limiter,
            streams,
            metrics,
            Pool(settings, metrics),
            Votes(record, settings.keep_feedback_text),
            recorder,
        )

    def close(self) -> None:
        """Begin no more work; the engine is closed by who opened it."""
        self.pool.close()
        self.metrics.close()

    def ready(self) -> Engine:
        """The engine.

        Raises:
            RefusedError: there is none.
        """
        if self.engine is None:
            raise RefusedError(503, "not_ready", retry_after=30, help=self.help_for(None))
        return self.engine

    def answered(self, answer: Answer, country: str | None) -> None:
        """Count an answer to a reader of ``country``; returns at once."""
        self.metrics.answer(answer)
        if self.recorder:
            self.recorder.count(answer, (country or self.settings.country).upper())

    @property
    def keeps_questions(self) -> bool:
        """Whether readers may let the clinic keep a question."""
        return self.recorder is not None and self.recorder.keeps_questions

    def wording(self, language: str | None = None) -> Wording:
        """The words of a language; the settings' where no site has it."""
        return self.wordings.get(language or "", self.wordings[self.settings.language])

    def say(self, code: str, **fields: str) -> str:
        """The sentence for a problem."""
        return self.wording().interface(f"problem_{code}", **fields)

    def help_for(self, country: str | None) -> Help:
        """The help lines to show beside whatever happens."""
        return self.crisis_lines.help_for(country or self.settings.country, "topic")

    def country_of(self, question: Question, site: Site | None) -> str:
        """Whose lines to show for a question."""
        return question.country or (site.country if site else None) or self.settings.country
