"""Fit the model that decides whether the sources cover a question (``answer/cover.json``).

    python -m evals.fit_cover [--write]

Data: ``evals/questions/coverage.jsonl`` and ``hard.jsonl`` (answerable and not), ``own.jsonl`` (answerable). Figures
come from cross-validation by topic, so that no topic is judged by a model that has seen it.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from answer.cover import FEATURES
from answer.engine import Engine
from evals.rows import read_rows
from settings import load_settings

QUESTIONS = Path(__file__).with_name("questions")
MODEL = Path(__file__).parent.parent / "answer" / "cover.json"
FOLDS = 8
STRENGTH = 0.3
ANSWERED_SHARES = (0.99, 0.98, 0.97, 0.95, 0.9)


def main() -> None:
    """Print the risk–coverage table; with ``--write`` replace the model file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace answer/cover.json")
    arguments = parser.parse_args()
    rows, groups = _rows()
    engine = Engine.open(load_settings())
    features = np.array([list(engine.coverage(row["question"]).features.values()) for row in rows])
    labels = np.array([row.get("answerable", True) for row in rows])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=2000))
    chances = cross_val_predict(model, features, labels, groups=groups, cv=GroupKFold(FOLDS), method="predict_proba")[
        :, 1
    ]
    sys.stdout.write(_table(chances, labels))
    if arguments.write:
        MODEL.write_text(json.dumps(_as_data(model.fit(features, labels)), indent=1) + "\n", encoding="utf-8")
        sys.stdout.write(f"written: {MODEL}\n")


def _rows() -> tuple[list[dict[str, Any]], NDArray[np.str_]]:
    labelled = read_rows(QUESTIONS / "coverage.jsonl")
    # Misspelt words would teach the model that unknown words don't matter; those of an invented study do.
    hard = [row for row in read_rows(QUESTIONS / "hard.jsonl") if row["type"] != "misspelt"]
    own = read_rows(QUESTIONS / "own.jsonl") + hard
    groups = [row["topic"] for row in labelled] + [f"own {number % FOLDS}" for number in range(len(own))]
    return labelled + own, np.array(groups)


def _table(chances: NDArray[np.float64], labels: NDArray[np.bool_]) -> str:
    lines = [
        f"{labels.sum()} answerable, {(~labels).sum()} not; area under the curve {roc_auc_score(labels, chances):.3f}"
    ]
    lines += ["answered of the answerable   threshold   declined of the others"]
    for share in ANSWERED_SHARES:
        threshold = float(np.quantile(chances[labels], 1 - share))
        lines.append(f"{share:26.2f}{threshold:12.2f}{(chances[~labels] < threshold).mean():25.2f}")
    return "\n".join(lines) + "\n"


def _as_data(model: Pipeline) -> dict[str, Any]:
    scaler, regression = model[0], model[-1]
    columns = zip(FEATURES, regression.coef_[0], scaler.mean_, scaler.scale_, strict=True)
    return {
        "intercept": round(float(regression.intercept_[0]), 4),
        "features": {
            name: {"weight": round(float(w), 4), "mean": round(float(m), 4), "scale": round(float(s), 4)}
            for name, w, m, s in columns
        },
    }


if __name__ == "__main__":
    main()
