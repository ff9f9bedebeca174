"""Read a chat model's text as it streams: piece by piece in a thread of its own, cut into whole marked sentences."""

import queue
import re
import threading
import time

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from ingest.split import sentences

_MARK = re.compile(r"\[\s*\d{1,3}(?:\s*[,;]\s*\d{1,3})*\s*\]")
_MARKS_BEHIND = re.compile(rf"([.!?]+[\"”’)*]*)((?:\s*{_MARK.pattern})+)")
_NEXT_BEGUN = re.compile(r"[^\[\s]\S*\s")
_DECORATION = re.compile(r"^\s*(?:[-*•]|#+|\d{1,2}[.)])\s+|\*\*|(?<!\w)\*|\*(?!\w)|[#`]+")


class ModelLeftError(Exception):
    """The model is given up; ``again`` where a second try may do better."""

    def __init__(self, reason: str, again: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.again = reason, again


class Reading:
    """Reads a model's text in a thread of its own."""

    def __init__(self, model: BaseChatModel, messages: list[BaseMessage]) -> None:
        self._pieces: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()
        self._left = threading.Event()
        threading.Thread(target=self._read, args=(model, messages), name="chat-model", daemon=True).start()

    def piece(self, deadline: float) -> str | None:
        """The next piece of text; None at the end.

        Raises:
            ModelLeftError: the deadline (``time.monotonic``) is over, or reading failed.
        """
        left = deadline - time.monotonic()
        try:
            if left <= 0:
                raise queue.Empty
            piece = self._pieces.get(timeout=left)
        except queue.Empty:
            raise ModelLeftError("it was too slow") from None
        if isinstance(piece, Exception):
            raise ModelLeftError(f"it failed ({_kind(piece)})", again=True) from piece
        return piece

    def leave(self) -> None:
        """Stop after the piece that is being waited for; the client's own time limit ends that wait."""
        self._left.set()

    def _read(self, model: BaseChatModel, messages: list[BaseMessage]) -> None:
        try:
            for chunk in model.stream(messages):
                if self._left.is_set():
                    return
                self._pieces.put(str(chunk.text))
            self._pieces.put(None)
        except Exception as error:  # each provider's client raises errors of its own
            self._pieces.put(error)


def start_model(model: BaseChatModel, system: str, message: str) -> Reading:
    """Start a model on instructions and a message; comes back at once."""
    return Reading(model, [SystemMessage(system), HumanMessage(message)])


def whole_sentences(text: str) -> tuple[list[str], str]:
    """Whole sentences at the start of a text, and what follows. A sentence is whole when the next one's first word is:
    only then is it sure that neither a mark nor the rest of an abbreviation is still to come."""
    if not re.search(r"[.!?\n]", text):
        return [], text
    *whole, last = marked_sentences(text) or [""]
    if not whole or not _NEXT_BEGUN.match(last + text[len(text.rstrip()) :]):
        return [], text
    return whole, last + text[len(text.rstrip()) :]


def marked_sentences(text: str) -> list[str]:
    """The sentences of a text, marks behind a full stop moved before it; a line's end ends a sentence."""
    inside = _MARKS_BEHIND.sub(lambda found: f" {' '.join(found[2].split())}{found[1]} ", text)
    return [sentence for line in inside.splitlines() for sentence in sentences(line)]


def read_marks(sentence: str) -> tuple[str, list[int]]:
    """A sentence without marks and decoration, and the numbers of its marks."""
    numbers = [int(number) for mark in _MARK.findall(sentence) for number in re.findall(r"\d+", mark)]
    plain = " ".join(_DECORATION.sub("", _MARK.sub(" ", sentence)).split())
    return re.sub(r" (?=[.,;:!?])", "", plain), list(dict.fromkeys(numbers))


def _kind(error: Exception) -> str:
    """Class and status alone: a server's own words may repeat the question or a part of the key."""
    return f"{type(error).__name__} {getattr(error, 'status_code', '')}".strip()
