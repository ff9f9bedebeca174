"""Hold everything reviewed against its sources: FAQ entries, their translations, and the plain forms of claims.

The same checks that every answer passes; what they stop here is simply not used in answers, and told with its place.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from answer.faq import Supporter, Unsupported
from answer.translated import load_translations, mismatches
from answer.verify import Quote, Verifier
from ingest.corpus import FAQ, PARTS
from ingest.faq import FaqEntry, load_entries
from ingest.load import load
from ingest.schema import Passage, Problem, Source, passage_id
from ingest.terms import Terms
from ingest.vocabulary import Vocabulary


def lint(corpus: Path) -> Iterator[Problem]:
    """All problems of a corpus, file by file; those that aren't fatal don't keep anything out of answers."""
    loaded = load([corpus / part for part in PARTS if (corpus / part).exists()])
    yield from loaded.problems
    vocabulary = Vocabulary.load(corpus / "vocabulary.toml")
    verifier = Verifier(vocabulary)
    claims = {source.meta.id: _claims(source) for source in loaded.sources}
    claims |= {alias: claims[source.meta.id] for source in loaded.sources for alias in source.meta.aliases}
    entries, problems = load_entries(corpus / FAQ)
    yield from problems
    countries = {source.meta.id: source.meta.country for source in loaded.sources}
    yield from _entries(entries, Supporter(verifier, Terms(vocabulary), claims, countries))
    translated, problems = load_translations(corpus / FAQ)
    yield from problems
    yield from mismatches(translated, {entry.meta.id: entry for entry in entries})
    for source in loaded.sources:
        yield from _plain_forms(corpus / "questions" / f"{source.meta.id}.jsonl", source, verifier)


def _entries(entries: Sequence[FaqEntry], supporter: Supporter) -> Iterator[Problem]:
    for entry in entries:
        for sentence in entry.sentences:
            support = supporter.support(sentence.text, sentence.cites)
            if isinstance(support, Unsupported):
                yield Problem(entry.path, f"{support.reason} (“{sentence.text}”)", line=sentence.line)


def _plain_forms(path: Path, source: Source, verifier: Verifier) -> Iterator[Problem]:
    for claim, plain in source.plain.items():
        failed = verifier.failure(plain, [Quote(claim, source.heading, tuple(source.meta.country))])
        if failed:
            yield Problem(path, f"{failed.name}: {failed.reason} (“{plain}”)", field="plain", fatal=False)


def _claims(source: Source) -> list[Passage]:
    """Each block as one passage: what a sentence may be held against."""
    return [
        Passage(passage_id(source.meta.id, b.text), source.meta.id, b.kind, b.section, source.heading, b.text, order)
        for order, b in enumerate(source.blocks)
    ]
