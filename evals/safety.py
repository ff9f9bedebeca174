"""How well the triage does on a labelled set of messages: `python -m evals.safety FILE`.

FILE holds one JSON object a line: `text`, `label`, and where they apply `history` (earlier turns), `lang` and
`note`; a note that starts with `[also:LABEL]` makes a second outcome acceptable. Labels that aren't outcomes
of the triage (`ordinary`, `privacy`, `medical_advice`) must go on to be answered.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from safety.triage import Outcome, Triage, Triager

ROOT = Path(__file__).resolve().parent.parent
PASSES = "answered"
"""What a message counts as when the triage lets it go on."""

_OUTCOMES = frozenset(get_args(Outcome))


@dataclass(frozen=True, slots=True)
class Verdict:
    """One message: what it should be, what it was taken for, and whether that is acceptable."""

    text: str
    language: str
    label: str
    wanted: str
    also: str
    triage: Triage

    @property
    def got(self) -> str:
        """What the triage took it for."""
        return self.triage.outcome or PASSES

    @property
    def right(self) -> bool:
        """Whether that is what the label, or its accepted second reading, says."""
        return self.got in (self.wanted, self.also)


def judge(triager: Triager, lines: Iterable[str]) -> list[Verdict]:
    """Triage every labelled message."""
    return [_judge_one(triager, json.loads(line)) for line in lines if line.strip()]


def _judge_one(triager: Triager, row: dict[str, object]) -> Verdict:
    text, label = str(row["text"]), str(row["label"])
    history = row.get("history")
    also = re.match(r"\[also:(\w+)\]", str(row.get("note", "")))
    return Verdict(
        text=text,
        language=str(row.get("lang", "en")),
        label=label,
        wanted=label if label in _OUTCOMES else PASSES,
        also=also[1] if also else "",
        triage=triager.triage(text, [str(turn) for turn in history] if isinstance(history, list) else ()),
    )


def table(verdicts: Sequence[Verdict]) -> str:
    """Recall by label and precision by outcome, as text."""
    total = Counter(v.label for v in verdicts)
    right = Counter(v.label for v in verdicts if v.right)
    given = Counter(v.got for v in verdicts)
    deserved = Counter(v.got for v in verdicts if v.right)
    rows = [f"{'label':<16}{'n':>6}{'recall':>9}{'precision':>11}"]
    for label in sorted(total):
        precision = f"{deserved[label] / given[label]:.3f}" if given[label] else "-"
        rows.append(f"{label:<16}{total[label]:>6}{right[label] / total[label]:>9.3f}{precision:>11}")
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and what was missed."""
    parser = argparse.ArgumentParser(description="Measure the triage on a labelled set of messages.")
    parser.add_argument("file", type=Path, help="labelled messages, one JSON object a line")
    parser.add_argument("--lexicons", type=Path, default=ROOT / "safety" / "lexicons")
    parser.add_argument("--language", help="only messages in this language (two letters)")
    options = parser.parse_args(arguments)
    verdicts = judge(Triager(options.lexicons), options.file.read_text(encoding="utf-8").splitlines())
    if options.language:
        verdicts = [v for v in verdicts if v.language == options.language]
    print(table(verdicts))
    for verdict in verdicts:
        if not verdict.right:
            print(
                f"\n{verdict.label} taken for {verdict.got}: {verdict.text}\n    {', '.join(verdict.triage.evidence)}"
            )


if __name__ == "__main__":
    main()
