"""Teach the encoder: low-rank changes to every linear layer of the base model, and a head, by plain AdamW."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

from ingest.embed import DEFAULT_MODEL, load_model, plain_tokenizer
from safety.encoder import SCALE, Arrays, adapted_layers, batch, pooled, token_ids, transformer
from safety.labelled import LABELS

SEED = 0
RANK = 16
EPOCHS = 5
BATCH = 32
RATE, HEAD_RATE = 1e-3, 3e-3
WARM_UP = 0.1
SMOOTHING = 0.05
_POOL = 16  # batches sorted by length together, so that a batch holds little padding


class _Changed(nn.Module):
    """A frozen layer and its low-rank change."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        self.a = nn.Parameter(torch.randn(RANK, layer.in_features) / math.sqrt(layer.in_features))
        self.b = nn.Parameter(torch.zeros(layer.out_features, RANK))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        change = (x @ self.a.T) @ self.b.T
        result: torch.Tensor = self.layer(x) + SCALE * change
        return result


def adapt(texts: Sequence[str], labels: Sequence[int], epochs: int = EPOCHS) -> Arrays:
    """Learn from texts and labels (positions in ``LABELS``): what ``Encoder`` takes, rounded to half precision."""
    torch.manual_seed(SEED)
    base = load_model(DEFAULT_MODEL)
    tokenizer = plain_tokenizer(base)
    bert = copy.deepcopy(transformer(base)).float().requires_grad_(False).train()
    changed = _change(bert)
    head = nn.Linear(2 * int(base.get_embedding_dimension() or 0), len(LABELS))
    rows = [token_ids(tokenizer, text) for text in texts]
    _learn(bert, head, rows, labels, epochs)
    arrays = {f"{name}.{part}": getattr(layer, part) for name, layer in changed.items() for part in ("a", "b")}
    arrays |= {"head.weight": head.weight, "head.bias": head.bias}
    return {name: value.detach().numpy().astype(np.float16).astype(np.float32) for name, value in arrays.items()}


def _change(bert: nn.Module) -> dict[str, _Changed]:
    """Put a change beside every layer that takes one."""
    changed = {name: _Changed(layer) for name, layer in adapted_layers(bert).items()}
    for name, layer in changed.items():
        parent, _, attribute = name.rpartition(".")
        setattr(bert.get_submodule(parent), attribute, layer)
    return changed


def _learn(bert: nn.Module, head: nn.Linear, rows: Sequence[Sequence[int]], labels: Sequence[int], epochs: int) -> None:
    changes = [parameter for parameter in bert.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": changes, "lr": RATE}, {"params": head.parameters(), "lr": HEAD_RATE}], weight_decay=0.01
    )
    steps = epochs * math.ceil(len(rows) / BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / (WARM_UP * steps), 1.0) * max(0.02, 1 - step / steps)
    )
    random = np.random.default_rng(SEED)
    for _ in range(epochs):
        for chosen in _batches(rows, random):
            ids, mask = batch([rows[i] for i in chosen])
            found = head(nn.functional.dropout(pooled(bert, ids, mask), 0.1))
            wanted = torch.tensor([labels[i] for i in chosen])
            loss = nn.functional.cross_entropy(found, wanted, label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(changes, 1.0)
            optimizer.step()
            schedule.step()


def _batches(rows: Sequence[Sequence[int]], random: np.random.Generator) -> Iterator[list[int]]:
    """All rows once, in random order but for neighbours of like length."""
    order = random.permutation(len(rows)).tolist()
    batches = []
    for start in range(0, len(order), BATCH * _POOL):
        pool = sorted(order[start : start + BATCH * _POOL], key=lambda i: len(rows[i]))
        batches += [pool[i : i + BATCH] for i in range(0, len(pool), BATCH)]
    yield from (batches[i] for i in random.permutation(len(batches)))
