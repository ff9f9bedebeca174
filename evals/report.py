"""Put the results of question sets into one table, and into a report with the failures to read."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import NormalDist, mean, median

from evals.evaluate import LOOKED_AT, RANDOM_CLAIMS, Result, Results, countable

FIRST = 5


def figures(results: Results) -> dict[str, str]:
    """The figures of one set by name, shares with their 95 % interval (Wilson)."""
    asked = [result for result in results.results if result.answerable]
    others = [result for result in results.results if not result.answerable]
    answered = [result for result in results.results if result.answer.sentences]
    declined = [result for result in results.results if result.declined]
    facts = [told for result in asked for told in result.facts]
    composers = Counter(result.answer.composer for result in answered)
    return {
        "questions (of them not answerable)": f"{len(results.results)} ({len(others)})",
        "expected source is the first": share([result.within(1) for result in asked]),
        f"expected source among the first {FIRST}": share([result.within(FIRST) for result in asked]),
        f"mean reciprocal rank (of {LOOKED_AT} passages)": _mean([1 / r.rank if r.rank else 0.0 for r in asked]),
        "expected source cited in the answer": share([result.cited for result in asked]),
        "expected facts in the answer": share(facts),
        "  … if the answer echoed the question": f"{results.echo_facts:.1%}",
        f"  … if it were {RANDOM_CLAIMS} random claims": f"{results.random_facts:.1%}",
        "every sentence cited, quotes verbatim": share([result.grounded for result in answered]),
        "answerable and answered": share([not result.declined for result in asked]),
        "not answerable and declined (recall)": share([result.declined for result in others]),
        "declined and not answerable (precision)": share([not result.answerable for result in declined])
        if others
        else "–",
        "reading grade, median and 90th of 100": _spread([result.grade for result in answered], "{:.1f} / {:.1f}", 0.9),
        "words in an answer, median and longest": _spread([_words(r) for r in answered], "{:.0f} / {:.0f}", 1.0),
        "milliseconds, median and 95th of 100": _spread(
            [result.answer.timings_ms["total"] for result in results.results], "{:.0f} / {:.0f}", 0.95
        ),
        "composed by": ", ".join(f"{name} {count}" for name, count in composers.most_common()) or "–",
    }


def by_composer(results: Results) -> dict[str, str]:
    """Per composer: how many answerable questions it answered, and the shares cited and told."""
    lines: dict[str, str] = {}
    for name in dict.fromkeys(r.answer.composer for r in results.results if r.answer.sentences):
        own = [r for r in results.results if r.answer.sentences and r.answer.composer == name and r.answerable]
        facts = [told for result in own for told in result.facts]
        lines[name] = f"{len(own)} answers; cited {share([r.cited for r in own])}; facts {share(facts)}"
    return lines


def table(sets: Sequence[Results]) -> list[list[str]]:
    """Rows of the table: the heading, then one figure a row, one column a set."""
    columns = [figures(results) for results in sets]
    return [["", *(results.name for results in sets)], *([name, *(c[name] for c in columns)] for name in columns[0])]


def failures(results: Results) -> Iterator[str]:
    """A line or two for each question answered badly: not cited, facts missing, wrongly answered or declined."""
    for result in results.results:
        complaint = _complaint(result)
        if complaint:
            cited = ", ".join(dict.fromkeys(c.source_id for c in result.answer.citations)) or result.answer.outcome
            yield f"{result.row['id']}  {result.row['question']}\n    {complaint}; cites {cited}"


def markdown(sets: Sequence[Results]) -> str:
    """The report: the table, then shares per composer and the failures of each set."""
    rows = table(sets)
    lines = ["# Evaluation", "", _row(rows[0]), _row(["---"] * len(rows[0])), *map(_row, rows[1:])]
    for results in sets:
        lines += ["", f"## {results.name}: by composer", ""]
        lines += [f"- {name}: {line}" for name, line in by_composer(results).items()]
        lines += ["", f"## {results.name}: to read", ""]
        lines += ["- " + failure.replace("\n    ", "\n  ") for failure in failures(results)] or ["Nothing failed."]
    return "\n".join(lines) + "\n"


def _complaint(result: Result) -> str:
    if not result.answerable:
        return "" if result.declined else "answered, though the sources don't cover it"
    lacks = [fact for fact, told in zip(countable(result.row), result.facts, strict=True) if not told]
    if result.cited and not lacks:
        return ""
    where = "cited" if result.cited else f"found as number {result.rank}, not cited" if result.rank else "not found"
    return f"{where}; lacks {lacks}"


def _words(result: Result) -> int:
    return len(" ".join(sentence.text for sentence in result.answer.sentences).split())


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _spread(values: Sequence[float], pattern: str, share: float) -> str:
    """Median and a quantile of values."""
    ordered = sorted(values)
    return (
        pattern.format(median(ordered), ordered[min(int(len(ordered) * share), len(ordered) - 1)]) if ordered else "–"
    )


def _mean(values: Sequence[float]) -> str:
    """A mean with its 95 % interval (normal approximation)."""
    if not values:
        return "–"
    middle = mean(values)
    half = 1.96 * (sum((v - middle) ** 2 for v in values) / max(len(values) - 1, 1) / len(values)) ** 0.5
    return f"{middle:.3f}  ({middle - half:.3f}–{middle + half:.3f})"


def share(hits: Sequence[bool]) -> str:
    """'93.4%  (88.3–96.4, 141 of 151)': a share with its Wilson interval."""
    count, total = sum(hits), len(hits)
    if not total:
        return "–"
    z = NormalDist().inv_cdf(0.975)
    share = count / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * (share * (1 - share) / total + z * z / (4 * total * total)) ** 0.5 / (1 + z * z / total)
    return f"{share:6.1%}  ({centre - half:.1%}–{centre + half:.1%}, {count} of {total})"
