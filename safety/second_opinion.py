"""A second opinion on a message in which the triage found no danger, asked of the configured chat model.

It can only raise: it is asked where neither rules nor classifier found an outcome, and whatever isn't one of four words
counts as "none". It is asked while the answer is being looked up, and waited for no longer than the settings allow.
How a model is reached is passed in: this room knows no provider and opens no connection.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol, get_args

from safety.instructions import Instructions, as_data
from safety.triage import HelpReason, Triage

Level = Literal["none", "check_in", "crisis", "emergency"]

LEVELS: tuple[Level, ...] = get_args(Level)
"""From the lowest to the highest."""

BY_MODEL = "model"
LONGEST_REPLY = 40
"""Characters that are read of a reply; a longer one is none of the four words."""

GRACE = 0.05
_OUTCOMES: dict[Level, Literal["crisis", "emergency"]] = {"crisis": "crisis", "emergency": "emergency"}
_GRAVER: tuple[HelpReason | None, ...] = ("check_in", "crisis", "emergency")
_LOG = logging.getLogger(__name__)


class Reply(Protocol):
    """A model's text as it arrives."""

    def piece(self, deadline: float) -> str | None:
        """The next piece; None at the end. Raises where reading fails or ``time.monotonic`` passes the deadline."""

    def leave(self) -> None:
        """Read no further."""


Ask = Callable[[str, str], Reply]
"""Starts a model on instructions and a message, and comes back at once."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the model said; ``reason`` tells why nothing usable came."""

    level: Level
    reason: str = ""


class SecondOpinion:
    """Asks one model; safe to share between threads."""

    def __init__(self, ask: Ask, prompts: Path, seconds: float) -> None:
        """Read the instructions.

        Args:
            ask: reaches the model.
            prompts: folder of the instructions.
            seconds: longest time from the question to the opinion.

        Raises:
            WordingError: the instructions are missing, or a field of them.
        """
        self._ask, self._seconds = ask, seconds
        self._instructions = Instructions(prompts / "model" / "second-opinion.md", ("message",))

    def begin(self, text: str) -> Asked:
        """Ask about a message, which has to be without what identifies the reader; comes back at once."""
        deadline = time.monotonic() + self._seconds
        message = self._instructions.message(message=as_data(text))
        return Asked(self._ask(self._instructions.system, message), deadline)


class Asked:
    """An opinion on its way."""

    def __init__(self, reply: Reply, deadline: float) -> None:
        self._reply, self._deadline = reply, deadline

    def wait(self) -> Opinion:
        """The opinion, at the deadline at the latest; "none" where the model fails, is too slow or says something
        else."""
        text = ""
        # Looking the answer up may have taken longer than the limit; an opinion that has come meanwhile counts.
        deadline = max(self._deadline, time.monotonic() + GRACE)
        try:
            while len(text) <= LONGEST_REPLY and (piece := self._reply.piece(deadline)) is not None:
                text += piece
        except Exception as error:  # the answer must come, whatever breaks here
            reason = str(getattr(error, "reason", type(error).__name__))
            _LOG.warning("The second opinion did not come: %s.", reason)
            return Opinion("none", reason)
        finally:
            self._reply.leave()
        return _read(text)


def raised(triage: Triage, level: Level) -> Triage:
    """A triage raised to a level; the same one where it stands as high already."""
    if triage.outcome is not None or level == "none":
        return triage
    outcome = _OUTCOMES.get(level)
    if outcome is None:
        return triage if triage.help_reason in _GRAVER else _asking_after(triage)
    evidence = f"{outcome}:{BY_MODEL}"
    return replace(
        triage,
        outcome=outcome,
        labels=(outcome, evidence, *triage.labels),
        notices=(),
        help_reason=outcome,
        evidence=(*triage.evidence, evidence),
        maybe_off_topic=False,
    )


def _asking_after(triage: Triage) -> Triage:
    evidence = f"check_in:{BY_MODEL}"
    return replace(
        triage,
        labels=(*triage.labels, evidence),
        notices=(*triage.notices, "check_in"),
        help_reason="check_in",
        evidence=(*triage.evidence, evidence),
    )


def _read(text: str) -> Opinion:
    said = text.strip().strip(".\"'").lower()
    level = next((level for level in LEVELS if said == level), None)
    return Opinion(level) if level else Opinion("none", "it said none of the four words")
