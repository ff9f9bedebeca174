"""Answer a question by a reviewed FAQ entry, when it really asks the same thing.

Closeness of meaning finds the entry; names, amounts and negation decide. "Can I take it *without* lithium?" lies close
to an entry about lithium and asks something else, so a question may not name a drug, condition, group, place or number
that the entry lacks, nor leave out one that the entry is about.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter

from answer.quantities import Quantity, quantities
from answer.verify import Quote, Verifier
from ingest.embed import Vectors
from ingest.faq import FaqEntry
from ingest.generation import Generation
from ingest.schema import Passage, SourceMeta, passage_id
from ingest.terms import Terms, name_term
from ingest.vocabulary import Vocabulary, words_of

NEAREST = 60
CLOSE = 0.6
SAME = 0.76
COSINE_WEIGHT, ASKED_WEIGHT, PHRASED_WEIGHT = 0.4, 0.4, 0.2
TRIED = 4
CONSIDERED = 3
COMMON_SHARE = 0.1
IMPLIED_SHARE = 0.5
ASKED_KINDS = frozenset(
    ("drug", "condition", "population", "place", "organisation", "substance", "food", "procedure", "scale", "route")
)
NARROWING_KINDS = ASKED_KINDS | {"event", "symptom", "body"}


@dataclass(frozen=True, slots=True)
class Entry:
    """An FAQ entry as the index holds it: its phrasings, and its sentences with the ids they cite."""

    id: str
    topic: str
    questions: tuple[str, ...]
    sentences: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that answers a question, the phrasing it was found by, and how close (cosine)."""

    entry: Entry
    phrasing: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Supported:
    """A sentence of an entry with the passages that bear it out."""

    text: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A sentence of an entry that no passage of its sources bears out, and the first reason why."""

    text: str
    reason: str


class FaqBook:
    """The entries of one generation of the FAQ index."""

    def __init__(self, generation: Generation, terms: Terms, denials: frozenset[str]) -> None:
        """Take the entries in; ``denials`` are the words that negate (``Verifier.denials``)."""
        self.name = generation.manifest.name
        self._generation = generation
        self._terms = terms
        self._vocabulary: Vocabulary = terms.vocabulary
        self._denials = denials
        by_source: dict[str, list[Passage]] = defaultdict(list)
        for passage in generation.passages:
            by_source[passage.source_id].append(passage)
        self.entries = {id_: _entry(generation.sources[id_].meta, found) for id_, found in by_source.items()}
        self._known = lru_cache(maxsize=4096)(self._known_uncached)
        self._phrased = lru_cache(maxsize=4096)(lambda phrasing: frozenset(terms.of(phrasing)))

    def match(self, question: str, vector: Vectors) -> Match | None:
        """The entry that asks the same as ``question`` (its vector: one row); None when none does."""
        asked = frozenset(self._terms.of(question))
        if self._names_a_stranger(asked):
            return None
        rated = [(self._rating(asked, match), match) for match in self._closest(vector) if match.cosine >= CLOSE]
        likely = sorted((pair for pair in rated if pair[0] >= SAME), key=itemgetter(0), reverse=True)[:CONSIDERED]
        return next((match for _, match in likely if self._asks_the_same(question, match)), None)

    def other_than(self, sentences: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Ids whose entry doesn't say these sentences (id → sentences in order), or of which there is no entry."""
        said = {id_: [passage.text for passage in entry.sentences] for id_, entry in self.entries.items()}
        return frozenset(id_ for id_, wanted in sentences.items() if said.get(id_) != list(wanted))

    def _rating(self, asked: frozenset[str], match: Match) -> float:
        """How much alike a question (its terms) and an entry are: cosine, the share of the question's words (rare ones
        count more) that the entry's phrasings use, and the share of the closest phrasing's words that it uses."""
        phrased = self._phrased(match.phrasing)
        own = frozenset().union(*map(self._phrased, match.entry.questions))
        weights = COSINE_WEIGHT, ASKED_WEIGHT, PHRASED_WEIGHT
        parts = match.cosine, self._share(asked, own), self._share(phrased, asked)
        return sum(weight * part for weight, part in zip(weights, parts, strict=True))

    def _share(self, terms: frozenset[str], others: frozenset[str]) -> float:
        """The share of terms found among others, each weighted by how rare it is."""
        weights = {term: self._generation.idf(term) for term in terms}
        return sum(weight for term, weight in weights.items() if term in others) / (sum(weights.values()) or 1.0)

    def _closest(self, vector: Vectors) -> Iterator[Match]:
        """Entries by their closest phrasing, closest first."""
        best: dict[str, Match] = {}
        for key, cosine in self._generation.nearest(vector, NEAREST)[0].items():
            passage_id, _, kind = key.partition(":")
            row = self._generation.row_of.get(passage_id)
            if row is None or not kind.startswith("q"):
                continue
            passage = self._generation.passages[row]
            entry = self.entries[passage.source_id]
            if entry.id not in best or cosine > best[entry.id].cosine:
                best[entry.id] = Match(entry, passage.questions[int(kind[1:])], cosine)
        yield from sorted(best.values(), key=lambda match: -match.cosine)

    def _asks_the_same(self, question: str, match: Match) -> bool:
        asked, phrased = self._names(question, ASKED_KINDS), self._narrow(match.phrasing)
        known = self._known(match.entry.id)
        if asked - known or phrased - self._widened(self._names(question, NARROWING_KINDS)):
            return False
        if self._denies(question) != self._denies(match.phrasing):
            return False
        amounts = quantities(question)
        return not amounts or _tells(match.entry, amounts)

    def _names(self, text: str, kinds: frozenset[str]) -> set[str]:
        return {mention.term.name for mention in self._vocabulary.mentions(text) if mention.term.kind in kinds}

    def _narrow(self, text: str) -> set[str]:
        """Names that make a text a narrower question: not what most entries are about, which readers leave unsaid."""
        return {name for name in self._names(text, NARROWING_KINDS) if not self._goes_unsaid(name)}

    def _goes_unsaid(self, name: str) -> bool:
        share = self._generation.count(name_term(name)) / (len(self._generation.passages) or 1)
        return share >= (COMMON_SHARE if self._vocabulary.terms[name].kind == "condition" else IMPLIED_SHARE)

    def _widened(self, names: set[str]) -> set[str]:
        return names.union(*(self._vocabulary.ancestors(name) for name in names))

    def _denies(self, text: str) -> bool:
        return not self._denials.isdisjoint(words_of(text))

    def _names_a_stranger(self, asked: frozenset[str]) -> bool:
        """True when a term of the question stands in no entry at all: an author's name, an animal, a study."""
        return any(self._generation.count(term) == 0 for term in asked)

    def _known_uncached(self, entry_id: str) -> frozenset[str]:
        """Names, with broader ones, in an entry's phrasings and sentences."""
        texts = _texts(self.entries[entry_id])
        return frozenset().union(*(self._vocabulary.named_with_ancestors(text) for text in texts))


@dataclass
class Supporter:
    """Finds the passages of the cited sources that bear a sentence out: its live citations.

    ``claims`` are the passages of each source by id, ``countries`` the codes of the countries that a source is of.
    """

    verifier: Verifier
    terms: Terms
    claims: Mapping[str, Sequence[Passage]]
    countries: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _found: dict[tuple[str, tuple[str, ...]], Supported | Unsupported] = field(default_factory=dict)

    def support(self, sentence: str, cites: Sequence[str]) -> Supported | Unsupported:
        """The fewest passages that a sentence passes all checks with, or why there are none."""
        key = sentence, tuple(cites)
        if key not in self._found:
            self._found[key] = self._search(sentence, cites)
        return self._found[key]

    def _search(self, sentence: str, cites: Sequence[str]) -> Supported | Unsupported:
        missing = [name for name in cites if not self.claims.get(name)]
        if missing:
            return Unsupported(sentence, f"its source “{missing[0]}” isn't in the index")
        own = set(self.terms.of(sentence))
        shared = {p.id: _shared(own, self.terms.of(p.titled)) for name in cites for p in self.claims[name]}
        ranked = {name: sorted(self.claims[name], key=lambda p: -shared[p.id])[:TRIED] for name in cites}
        singles = [next((p for p in ranked[name] if self._bears_out(sentence, [p])), None) for name in cites]
        if found := [passage for passage in singles if passage]:
            return Supported(sentence, tuple(found))
        pool = sorted((p for found in ranked.values() for p in found), key=lambda p: -shared[p.id])
        for wider in _groups(pool):
            if self._bears_out(sentence, wider):
                return Supported(sentence, tuple(wider))
        return Unsupported(sentence, self._reason(sentence, pool))

    def _bears_out(self, sentence: str, passages: Sequence[Passage]) -> bool:
        return self.verifier.passes(sentence, [self._quote(passage) for passage in passages])

    def _reason(self, sentence: str, pool: Sequence[Passage]) -> str:
        """Why the closest passage doesn't bear it out."""
        failed = self.verifier.failure(sentence, [self._quote(pool[0])])
        return f"{failed.name}: {failed.reason}" if failed else ""

    def _quote(self, passage: Passage) -> Quote:
        return Quote.of(passage, self.countries.get(passage.source_id, ()))


def drafted(draft: FaqEntry) -> Entry:
    """A read file as the index would hold it."""
    id_, questions = draft.meta.id, tuple(draft.meta.questions)
    sentences = (
        Passage(passage_id(id_, s.text), id_, "claim", "", questions[0], s.text, order, (), s.cites)
        for order, s in enumerate(draft.sentences)
    )
    return Entry(id_, draft.meta.topic, questions, tuple(sentences))


def _groups(pool: Sequence[Passage]) -> Iterator[Sequence[Passage]]:
    """Pairs of the likeliest passages, then the likeliest three."""
    few = pool[: TRIED + 1]
    yield from ([one, other] for place, one in enumerate(few) for other in few[place + 1 :])
    if len(pool) > 2:
        yield pool[:3]


def _shared(words: set[str], others: Sequence[str]) -> float:
    theirs = set(others)
    return len(words & theirs) / (len(theirs) ** 0.5 or 1)


def _entry(meta: SourceMeta, passages: Sequence[Passage]) -> Entry:
    ordered = sorted(passages, key=lambda passage: passage.order)
    questions = next((p.questions for p in ordered if p.questions), ())
    return Entry(meta.id, meta.topics[0] if meta.topics else "", questions, tuple(ordered))


def _tells(entry: Entry, amounts: Sequence[Quantity]) -> bool:
    """True when an entry speaks of all these amounts."""
    told = [quantity for text in _texts(entry) for quantity in quantities(text, parts=True)]
    return all(any(amount.agrees(other) for other in told) for amount in amounts)


def _texts(entry: Entry) -> list[str]:
    return [*entry.questions, *(passage.text for passage in entry.sentences)]
