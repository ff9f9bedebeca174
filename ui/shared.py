"""What all pages and all readers share in one process: settings, wording, help lines, engine, kept conversations.

The composition root provides it once (`provide`); the pages ask for it (`parts`). Tests provide their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from safety.crisis import CrisisLines, Help
from settings import Settings
from ui.keep import Keep
from ui.words import Words

if TYPE_CHECKING:
    from answer.engine import Engine
    from desk.database import Database
    from desk.record import Recorder


class NotProvidedError(RuntimeError):
    """A page ran before the composition root provided its parts."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a page needs. ``engine`` is None when it couldn't be opened: pages then still show help lines.

    ``seconds_to_wait`` counts a client's question and says how long it must wait, 0 for not at all. ``recorder`` counts
    answers; ``database`` is the desk's.
    """

    settings: Settings
    words: Words
    crisis_lines: CrisisLines
    engine: Engine | None
    seconds_to_wait: Callable[[str], int] = lambda client: 0
    keep: Keep = field(default_factory=Keep)
    recorder: Recorder | None = None
    database: Database | None = None

    def help_at_hand(self) -> Help:
        """The help lines of the configured country, for the line that is always on screen."""
        return self.crisis_lines.help_for(self.settings.country, "topic")


class _Shelf:
    parts: Parts | None = None


def provide(parts: Parts) -> None:
    """Make ``parts`` what every page of this process uses."""
    _Shelf.parts = parts


def parts() -> Parts:
    """What this process provided.

    Raises:
        NotProvidedError: nothing was provided; the page wasn't started through ``app.py``.
    """
    if _Shelf.parts is None:
        raise NotProvidedError("Start the pages with 'streamlit run app.py' or 'ketamine-answers chat'.")
    return _Shelf.parts
