"""Say how likely a message is each label: encoder, n-grams and the lexicons' rules, weighed together.

What is learnt lies in ``classifier.npz`` (arrays, no pickle), made from ``data/`` by ``python -m safety.train``.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from errors import OperatorError
from safety.encoder import LONGEST, Encoder
from safety.labelled import LABELS
from safety.lexicon import RULE_LABELS
from safety.ngrams import ngrams, weighted
from safety.pieces import stretches

MODEL = Path(__file__).with_name("classifier.npz")
BETWEEN_TURNS = " / "
REMEMBERED = 4096

Floats = NDArray[np.float32]


class ClassifierError(OperatorError):
    """The classifier's file can't be used; the text names it and the command that makes it."""


class Classifier:
    """Reads messages; safe to share between threads."""

    def __init__(self, arrays: Mapping[str, Floats], thresholds: Mapping[str, float]) -> None:
        """Put together what was learnt: see ``safety/train.py`` for the arrays' names and shapes."""
        self.thresholds = dict(thresholds)
        self._arrays = arrays
        self._encoder = Encoder({name.removeprefix("encoder."): a for name, a in arrays.items() if "encoder." in name})
        # Texts aren't kept, only their digests: the turns of a conversation are read again with every message.
        self._seen: OrderedDict[bytes, Floats] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def load(cls, path: Path = MODEL) -> Classifier:
        """Read what was learnt.

        Raises:
            ClassifierError: the file is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name].astype(np.float32) for name in file.files if name != "thresholds"}
                thresholds = json.loads(bytes(file["thresholds"]).decode("utf-8"))
            return cls(arrays, thresholds)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ClassifierError(
                f"The triage classifier {path} can't be read ({error}). Make it: python -m safety.train --write"
            ) from error

    def probabilities(self, turns: Sequence[str], rules: Mapping[str, float]) -> dict[str, float]:
        """How likely the newest of ``turns`` (oldest first) is each label, given the weights of the rules in it.

        A message longer than the encoder reads is read piece by piece: a danger counts where it is highest, and the
        message is off topic only where all of it is.
        """
        rows = self._evidence(list(self._pieces(turns)))
        weights = np.array([[rules.get(name, 0.0) for name in RULE_LABELS]] * len(rows), np.float32)
        found = softmax(np.hstack([rows, weights]) @ self._arrays["weigh.weight"].T + self._arrays["weigh.bias"])
        ends = {"off_topic": found.min(axis=0), "ordinary": found.min(axis=0)}
        return {label: float(ends.get(label, found.max(axis=0))[i]) for i, label in enumerate(LABELS)}

    def _pieces(self, turns: Sequence[str]) -> Iterator[str]:
        """The conversation as one text, and where it is too long to be read at once its newest turn in pieces."""
        together = BETWEEN_TURNS.join(turns)
        yield together
        if self._encoder.count_tokens(together) > LONGEST:
            yield from stretches(turns[-1], self._encoder.count_tokens, LONGEST)

    def _evidence(self, texts: Sequence[str]) -> Floats:
        """(texts, 2 × labels): what encoder and n-grams say, as logarithms of probabilities."""
        keys = [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
        with self._lock:
            known = {key: self._seen[key] for key in keys if key in self._seen}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            rows = evidence(self._encoder, self._arrays, list(new.values()))
            known.update(zip(new, rows, strict=True))
            with self._lock:
                self._seen.update(known)
                while len(self._seen) > REMEMBERED:
                    self._seen.popitem(last=False)
        return np.stack([known[key] for key in keys])


def evidence(encoder: Encoder, arrays: Mapping[str, Floats], texts: Sequence[str]) -> Floats:
    """(texts, 2 × labels): logarithms of the probabilities that encoder and n-grams give."""
    rows = weighted(ngrams(texts), arrays["ngrams.rarity"])
    linear = np.asarray(rows @ arrays["ngrams.weight"].T) + arrays["ngrams.bias"]
    return np.hstack([log_softmax(encoder.logits(texts)), log_softmax(linear)]).astype(np.float32)


def softmax(logits: Floats) -> Floats:
    """Probabilities, row by row."""
    return np.exp(log_softmax(logits))


def log_softmax(logits: Floats) -> Floats:
    """Logarithms of probabilities, row by row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float32)
