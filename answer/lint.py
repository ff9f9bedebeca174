"""Hold everything reviewed against its sources: FAQ entries, their translations, plain forms of claims, messages.

The same checks that every answer passes; what they stop here is simply not used in answers, and told with its place.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from answer.faq import Supporter, Unsupported
from answer.offlabel import OffLabel
from answer.pins import all_pinned, pinned
from answer.translated import load_translations, mismatches
from answer.verify import Quote, Verifier
from answer.words import unsayable
from ingest.corpus import FAQ, PARTS
from ingest.faq import FaqEntry, load_entries
from ingest.load import load
from ingest.schema import Passage, Problem, Source, passage_id
from ingest.terms import Terms
from ingest.vocabulary import Vocabulary
from safety.crisis import CrisisLines
from safety.outgoing import Outgoing
from safety.wording import FALLBACK_LANGUAGE, Reviewed, Wording, languages


def lint(corpus: Path, prompts: Path | None = None, *, strict: bool = False) -> Iterator[Problem]:
    """All problems of a corpus, file by file; those that aren't fatal don't keep anything out of answers.

    Args:
        corpus: the folder with literature, FAQ and the other facts.
        prompts: the folder with the reviewed wording, to be held against the literature too.
        strict: crisis lines that were checked more than a year ago are fatal.
    """
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
    yield from _crisis_lines(corpus / "crisis-lines.toml", strict=strict)
    yield from _off_label(corpus / "off-label.toml", vocabulary, claims)
    if prompts:
        yield from _messages(prompts, verifier, claims)


def _crisis_lines(path: Path, *, strict: bool) -> Iterator[Problem]:
    if path.exists():
        for field, problem in CrisisLines(path).stale(date.today()):
            yield Problem(path, problem, field=field, fatal=strict)


def _off_label(path: Path, vocabulary: Vocabulary, claims: Mapping[str, list[Passage]]) -> Iterator[Problem]:
    for field, pin in OffLabel(path, vocabulary).pins():
        if pinned(pin, claims) is None:
            yield Problem(path, f"no single claim begins so: {pin}", field=field)


def _messages(prompts: Path, verifier: Verifier, claims: Mapping[str, list[Passage]]) -> Iterator[Problem]:
    """Texts that may not go out; pins that are gone; English reasons that say more than their claims."""
    outgoing = Outgoing()
    for language in languages(prompts):
        wording = Wording(prompts, language)
        for problem in unsayable(wording, language, verifier, outgoing):
            yield Problem(prompts, problem)
        path = prompts / "messages" / f"{language}.toml"
        for id, reviewed in wording.reasons() if path.exists() else ():
            yield from _reason(path, id, reviewed, verifier if language == FALLBACK_LANGUAGE else None, claims)


def _reason(
    path: Path, id: str, reviewed: Reviewed, verifier: Verifier | None, claims: Mapping[str, list[Passage]]
) -> Iterator[Problem]:
    for pin in reviewed.claims:
        if pinned(pin, claims) is None:
            yield Problem(path, f"no single claim begins so: {pin}", field=f"{id}.claims")
    if not reviewed.claims:
        yield Problem(path, "rests on no claim", field=f"{id}.claims")
    quotes = [Quote(claim.text, claim.title) for claim in all_pinned(reviewed.claims, claims)]
    failed = verifier.failure(reviewed.why, quotes) if verifier and quotes else None
    if failed:
        yield Problem(path, f"{failed.name}: {failed.reason} (“{reviewed.why}”)", field=f"{id}.why")


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
