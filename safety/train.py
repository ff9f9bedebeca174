"""Train the triage classifier: ``python -m safety.train [--folds 2] [--write]``.

Learns from ``data/train-*.jsonl`` and, as ordinary messages, from the questions that the literature answers. Prints
cross-validated figures (folds by family, so that no twin of a message is learnt from) and with ``--write`` replaces
``classifier.npz``. How encoder, n-grams and rules are weighed, and the thresholds, come from the held-out folds too.
``data/test.jsonl`` is never read here.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from safety.adapt import adapt
from safety.classify import BETWEEN_TURNS, MODEL, evidence, softmax
from safety.encoder import Encoder
from safety.labelled import LABELS, Labelled, read_labelled
from safety.lexicon import RULE_LABELS, load_lexicons, read_rules, weights
from safety.ngrams import ngrams, rarity, weighted

HERE = Path(__file__).parent
STRENGTH_NGRAMS, STRENGTH_WEIGHING = 10.0, 0.3
PARTS = {"encoder": slice(0, len(LABELS)), "n-grams": slice(len(LABELS), 2 * len(LABELS))}
FALSE_ALARMS = (0.01, 0.02, 0.05)
BUDGETS = {
    "crisis": 0.042, "check_in": 0.11, "emergency": 0.0025, "misuse": 0.018, "injection": 0.007, "abuse": 0.002,
    "off_topic": 0.04, "medical_advice": 0.15,
}  # fmt: skip
"""Share of calm held-out messages that may be taken for each label; thresholds follow from it. Most of these were
written to look dangerous: of everyday questions far fewer are taken (about 0.3 % of the literature's own). What looks
off topic is still looked up, and ``medical_advice`` only adds a sentence. Chosen with ``evals/messages/dev.jsonl``."""

OWN_QUESTIONS = 4
CORPUS = "corpus"
"""Author of the literature's own questions: too easy to be counted where thresholds are chosen."""

_SUICIDE = re.compile(r"suicid|self-harm|kill|crisis|overdos", re.IGNORECASE)

CALM = ("ordinary", "medical_advice")
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Task:
    """Training messages as the classifier sees them; ``rules`` holds the rules' weights: (messages, rule labels)."""

    rows: Sequence[Labelled]
    texts: Sequence[str]
    labels: NDArray[np.int64]
    rules: Floats

    def take(self, chosen: NDArray[np.int64]) -> Task:
        """Some of the messages."""
        return Task(
            [self.rows[i] for i in chosen], [self.texts[i] for i in chosen], self.labels[chosen], self.rules[chosen]
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; with ``--write`` replace the classifier's file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=2, help="folds of the cross-validation")
    parser.add_argument("--epochs", type=int, default=4, help="times the encoder sees each message")
    parser.add_argument("--write", action="store_true", help=f"replace {MODEL.name}")
    options = parser.parse_args(arguments)
    task = read_task(sorted((HERE / "data").glob("train-*.jsonl")), HERE.parent / "corpus")
    held_out = cross_validate(task, options.folds, options.epochs)
    weighing = weigh(held_out, task)
    probabilities = weighing.predict_proba(np.hstack([held_out, task.rules]))
    sys.stdout.write(table(task, held_out, _weighed_apart(held_out, task, options.folds)))
    thresholds = choose_thresholds(task, probabilities)
    sys.stdout.write(f"thresholds {json.dumps(thresholds)}\n")
    if options.write:
        arrays = {**learn(task, options.epochs), "weigh.weight": weighing.coef_, "weigh.bias": weighing.intercept_}
        size = write(MODEL, arrays, thresholds)
        sys.stdout.write(f"{MODEL} written: {size / 1e6:.1f} MB\n")
    return 0


def read_task(paths: Sequence[Path], corpus: Path | None = None) -> Task:
    """Training messages, and ``corpus``'s own questions as ordinary ones, with the rules' weights in each."""
    rows = [*read_labelled(paths), *(own_questions(corpus) if corpus else ())]
    texts = [BETWEEN_TURNS.join([*row.history, row.text]) for row in rows]
    normaliser, lexicons = load_lexicons(HERE / "lexicons")
    found = [weights(read_rules(normaliser, lexicons, row.text)) for row in rows]
    rules = np.array([[each[name] for name in RULE_LABELS] for each in found], np.float32)
    return Task(rows, texts, np.array([LABELS.index(row.learnt) for row in rows]), rules)


def own_questions(corpus: Path, share: int = OWN_QUESTIONS) -> list[Labelled]:
    """Every ``share``-th question that the literature answers, as an ordinary message; none that speaks of suicide."""
    found = []
    for path in sorted((corpus / "questions").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            texts = json.loads(line).get("questions", []) if line.strip() else []
            found += [
                Labelled(text=text, label="ordinary", family=f"corpus-{path.stem}", author=CORPUS) for text in texts
            ]
    return [row for row in found[::share] if not _SUICIDE.search(row.text)]


def learn(task: Task, epochs: int) -> dict[str, Floats]:
    """Encoder and n-grams learnt from all messages of a task."""
    rows = ngrams(task.texts)
    rarities = rarity(rows)
    linear = LogisticRegression(C=STRENGTH_NGRAMS, max_iter=300).fit(weighted(rows, rarities), task.labels)
    encoder = adapt(task.texts, task.labels.tolist(), epochs=epochs)
    arrays = {"ngrams.rarity": rarities, "ngrams.weight": linear.coef_, "ngrams.bias": linear.intercept_}
    return arrays | {f"encoder.{name}": array for name, array in encoder.items()}


def cross_validate(task: Task, folds: int, epochs: int) -> Floats:
    """(messages, 2 × labels): the evidence of a classifier that has seen no message of the same family."""
    held_out = np.zeros((len(task.rows), 2 * len(LABELS)), np.float32)
    families = [row.family or row.id for row in task.rows]
    split = GroupKFold(folds, shuffle=True, random_state=0).split(task.texts, groups=families)
    for number, (train, test) in enumerate(split, start=1):
        arrays = learn(task.take(train), epochs)
        encoder = Encoder({name.removeprefix("encoder."): a for name, a in arrays.items() if "encoder." in name})
        for start in range(0, len(test), 64):
            chosen = test[start : start + 64]
            held_out[chosen] = evidence(encoder, arrays, [task.texts[i] for i in chosen])
        sys.stderr.write(f"fold {number} of {folds} done\n")
    return held_out


def weigh(held_out: Floats, task: Task) -> LogisticRegression:
    """How encoder, n-grams and rules are weighed together."""
    return LogisticRegression(C=STRENGTH_WEIGHING, max_iter=1000).fit(np.hstack([held_out, task.rules]), task.labels)


def _weighed_apart(held_out: Floats, task: Task, folds: int) -> Floats:
    """Probabilities of all together, each message weighed without its family."""
    features = np.hstack([held_out, task.rules])
    result = np.zeros((len(task.rows), len(LABELS)), np.float32)
    families = [row.family or row.id for row in task.rows]
    for train, test in GroupKFold(folds, shuffle=True, random_state=1).split(features, groups=families):
        result[test] = weigh(held_out[train], task.take(train)).predict_proba(features[test])
    return result


def table(task: Task, held_out: Floats, together: Floats) -> str:
    """Crisis recall at shares of false alarms among ordinary messages, and recall of every label, for each part."""
    parts = {name: softmax(held_out[:, columns]) for name, columns in PARTS.items()}
    average: Floats = (held_out[:, PARTS["encoder"]] + held_out[:, PARTS["n-grams"]]) / np.float32(2)
    parts |= {"both, averaged": softmax(average), "both and rules, weighed": together}
    head = f"{'cross-validated, by family':<28}" + "".join(f"crisis@{share:.0%}".rjust(11) for share in FALSE_ALARMS)
    lines = [f"{len(task.rows)} messages", head + "".join(f"{label[:10]:>12}" for label in LABELS)]
    for name, probabilities in parts.items():
        lines.append(f"{name:<28}" + _recalls(task, probabilities))
    for language in sorted({row.lang for row in task.rows}):
        here = np.array([row.lang == language for row in task.rows])
        chosen = np.flatnonzero(here)
        lines.append(f"  weighed, {language:<17}" + _recalls(task.take(chosen), together[chosen]))
    return "\n".join(lines) + "\n"


def _recalls(task: Task, probabilities: Floats) -> str:
    crisis = probabilities[:, LABELS.index("crisis")]
    ordinary = crisis[task.labels == LABELS.index("ordinary")]
    truly = task.labels == LABELS.index("crisis")
    cells = [f"{(crisis[truly] > np.quantile(ordinary, 1 - share)).mean():11.3f}" for share in FALSE_ALARMS]
    taken = probabilities.argmax(axis=1)
    cells += [
        f"{(taken[task.labels == i] == i).mean() if (task.labels == i).any() else 0:12.2f}" for i in range(len(LABELS))
    ]
    return "".join(cells)


def choose_thresholds(task: Task, probabilities: Floats) -> dict[str, float]:
    """The least probability from which each label holds, so that its share of false alarms stays in the budget."""
    written = np.array([row.author != CORPUS for row in task.rows])
    calm = np.isin(task.labels, [LABELS.index(label) for label in CALM]) & written
    ordinary = (task.labels == LABELS.index("ordinary")) & written
    thresholds = {}
    for name, budget in BUDGETS.items():
        column = probabilities[:, LABELS.index("crisis" if name == "check_in" else name)]
        asked_of = ordinary if name == "medical_advice" else calm
        thresholds[name] = round(float(np.quantile(column[asked_of], 1 - budget)), 3)
    return thresholds


def write(path: Path, arrays: Mapping[str, Floats], thresholds: Mapping[str, float]) -> int:
    """Write the classifier's file in half precision, without times, so that the same training gives the same bytes."""
    content = {name: array.astype(np.float16) for name, array in sorted(arrays.items())}
    content["thresholds"] = np.frombuffer(json.dumps(thresholds).encode(), np.uint8)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, array in content.items():
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=False)
            file.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(), zipfile.ZIP_DEFLATED, 9)
    return path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
