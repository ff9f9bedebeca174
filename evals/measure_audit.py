"""Measure the claim audit on labelled sentences, and fit its model (``answer/audit.json``).

    python -m evals.measure_audit [--half a|b|c|both] [--show] [--fit]

``evals/checks/audit-a.jsonl`` and ``audit-c.jsonl`` were used to build lexicon and model; ``audit-b.jsonl``, by another
author, only to measure them. Figures for a and c are cross-validated: no sentence is judged by a model that has seen
it. The baseline flags every sentence.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from answer.audit import FLAGGED, JUDGED, MODEL, Auditor, Evidence, Finding, Label, Model
from answer.engine import Engine
from evals.rows import read_rows
from settings import load_settings

CHECKS = Path(__file__).with_name("checks")
FITTED_ON = ("a", "c")
FOLDS = 5
STRENGTH = 0.1
THRESHOLD = 0.45
LABELS: tuple[Label, ...] = (*JUDGED, "not_covered", "not_a_claim")
Seen = list[tuple[Evidence, Label]]


def main(
    half: Annotated[str, typer.Option(help="a, b, c, or both for a and b.")] = "both",
    show: Annotated[bool, typer.Option("--show", help="Print the sentences that got another label.")] = False,
    fit: Annotated[bool, typer.Option("--fit", help="Fit the model on a and c, and write it.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the index instead of the settings'.")] = None,
) -> None:
    """Print how many of the sentences that must be flagged are, and how many of the flags are right."""
    settings, console = load_settings(), Console(highlight=False)
    engine = Engine.open(settings.model_copy(update={"data_dir": data_dir} if data_dir else {}))
    auditor = Auditor(engine)
    halves = ["a", "b"] if half == "both" else [half]
    seen = [pair for name in FITTED_ON for pair in _seen(auditor, name)] if fit or set(halves) & set(FITTED_ON) else []
    if fit:
        MODEL.write_text(_fitted(seen).model_dump_json(indent=1) + "\n", encoding="utf-8")
        console.print(f"written: {MODEL}")
    judged = _cross_validated(auditor, seen) if seen else {}
    table = Table("", "must be flagged: found", "flags: right", *(f"{label}: found" for label in LABELS))
    for name in halves:
        rows = read_rows(CHECKS / f"audit-{name}.jsonl")
        findings = [judged.get(row["text"]) or auditor.audit([row["text"]])[0] for row in rows]
        table.add_row(f"audit {name}", *_figures(rows, [finding.label for finding in findings]))
        table.add_row("flag everything", *_figures(rows, ["overstated"] * len(rows)))
        if show:
            _print_wrong(console, rows, findings)
    console.print(table)


def _seen(auditor: Auditor, name: str) -> Seen:
    return [(auditor.evidence(row["text"]), row["label"]) for row in read_rows(CHECKS / f"audit-{name}.jsonl")]


def _cross_validated(auditor: Auditor, seen: Seen) -> dict[str, Finding]:
    """Findings by text, each by a model fitted without that sentence's fold."""
    findings: dict[str, Finding] = {}
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    for known, asked in folds.split(seen, [label for _, label in seen]):
        model = _fitted([seen[place] for place in known])
        findings |= {seen[place][0].text: auditor.conclude(seen[place][0], model) for place in asked}
    return findings


def _fitted(seen: Seen) -> Model:
    claims = [(evidence.features, label) for evidence, label in seen if label in JUDGED]
    names = list(claims[0][0])
    scaler = StandardScaler().fit(np.array([list(features.values()) for features, _ in claims]))
    scaled = scaler.transform(np.array([list(features.values()) for features, _ in claims]))
    regression = LogisticRegression(C=STRENGTH, max_iter=3000).fit(scaled, [label for _, label in claims])
    scales = zip(names, scaler.mean_, scaler.scale_, strict=True)
    return Model(
        features={name: (round(float(mean), 4), round(float(scale), 4)) for name, mean, scale in scales},
        weights={
            label: {name: round(float(weight), 4) for name, weight in zip(names, row, strict=True)}
            for label, row in zip(regression.classes_, regression.coef_, strict=True)
        },
        intercepts={
            label: round(float(value), 4)
            for label, value in zip(regression.classes_, regression.intercept_, strict=True)
        },
        threshold=THRESHOLD,
    )


def _figures(rows: Sequence[dict[str, Any]], labels: Sequence[str]) -> list[str]:
    must = [row["label"] in FLAGGED for row in rows]
    flagged = [label in FLAGGED for label in labels]
    right = sum(a and b for a, b in zip(must, flagged, strict=True))
    each = (
        (sum(row["label"] == wanted == label for row, label in zip(rows, labels, strict=True)),
         sum(row["label"] == wanted for row in rows))
        for wanted in LABELS
    )  # fmt: skip
    return [_share(right, sum(must)), _share(right, sum(flagged)), *(f"{found}/{all_}" for found, all_ in each)]


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} {part / whole:.2f}" if whole else "–"


def _print_wrong(console: Console, rows: Sequence[dict[str, Any]], findings: Sequence[Finding]) -> None:
    for row, finding in zip(rows, findings, strict=True):
        if row["label"] != finding.label:
            closest = finding.closest[0].quote if finding.closest else ""
            console.print(f"{row['id']} {row['label']} → {finding.label}: {row['text']}\n   {closest}", markup=False)


if __name__ == "__main__":
    typer.run(main)
