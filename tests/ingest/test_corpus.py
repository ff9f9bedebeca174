"""The project's own corpus is complete and in order: what a curator breaks fails here, with the file's name."""

import re

import pytest

from ingest.corpus import PARTS
from ingest.load import Loaded, load
from ingest.schema import Source
from ingest.vocabulary import Vocabulary
from settings import ROOT

CORPUS = ROOT / "corpus"
# ISO 3166 codes that the literature may name, "EU" for rules of the Union.
COUNTRY_CODES = """
AR AT AU BE BG BR CA CH CL CN CO CY CZ DE DK EE ES EU FI FR GB GR HK HR HU IE IL IN IR IS IT JP KR LT LU LV MT MX MY
NL NO NZ PE PH PK PL PT RO SA SE SG SI SK TH TR TW UA US ZA
"""


@pytest.fixture(scope="module")
def corpus() -> Loaded:
    return load([CORPUS / part for part in PARTS])


@pytest.fixture(scope="module")
def cards(corpus: Loaded) -> list[Source]:
    return [source for source in corpus.sources if source.meta.provenance == "summary"]


def test_the_corpus_has_no_problem(corpus: Loaded) -> None:
    assert [str(problem) for problem in corpus.problems] == []


def test_every_card_is_loaded(cards: list[Source]) -> None:
    assert len(cards) == len(list((CORPUS / "literature").glob("*.md"))) > 300


def test_a_card_s_file_is_named_by_its_id(cards: list[Source]) -> None:
    files = {path.stem for path in (CORPUS / "literature").glob("*.md")}
    assert {card.meta.id for card in cards} == files


def test_every_card_has_kind_evidence_link_topics_and_title(cards: list[Source]) -> None:
    bare = [
        card.meta.id
        for card in cards
        if not {"kind", "evidence", "topics", "title"} <= card.meta.model_fields_set
        or card.meta.kind == "document"
        or not card.meta.topics
        or not card.meta.url
    ]
    assert bare == []


def test_every_card_has_a_heading_and_claims_below_sections(cards: list[Source]) -> None:
    odd = [
        card.meta.id
        for card in cards
        if not card.heading or not any(block.kind == "claim" and block.section for block in card.blocks)
    ]
    assert odd == []


def test_countries_are_iso_codes_in_use(corpus: Loaded) -> None:
    known = set(COUNTRY_CODES.split())
    odd = [source.meta.id for source in corpus.sources if not set(source.meta.country) <= known]
    assert odd == []


def test_every_questions_file_belongs_to_a_card_and_no_question_is_lost(cards: list[Source]) -> None:
    files = {path.stem for path in (CORPUS / "questions").glob("*.jsonl")}
    assert files - {card.meta.id for card in cards} == set()
    with_questions = {card.meta.id for card in cards if card.questions}
    assert files - with_questions == set()
    assert sum(len(own) for card in cards for own in card.questions.values()) > 5000


def test_only_for_names_a_term_of_the_vocabulary(corpus: Loaded) -> None:
    vocabulary = Vocabulary.load(CORPUS / "vocabulary.toml")
    named = {source.meta.id: source.meta.only_for for source in corpus.sources if source.meta.only_for}
    assert {id_: term for id_, term in named.items() if term not in vocabulary.terms} == {}


def test_crisis_cards_are_found_only_when_a_helpline_is_asked_about(cards: list[Source]) -> None:
    crisis = {card.meta.id: card.meta.only_for for card in cards if card.meta.id.startswith("crisis-help-")}
    assert len(crisis) >= 7
    assert set(crisis.values()) == {"crisis line"}


def test_clinic_templates_are_not_ingested(corpus: Loaded) -> None:
    templates = sorted((CORPUS / "clinic").glob("*.md"))
    assert templates, "the clinic's templates are part of the corpus"
    assert [path for path in templates if path.name != "README.md" and path not in corpus.skipped] == []
    assert [source.meta.id for source in corpus.sources if source.meta.kind == "clinic-information"] == []


def test_the_article_is_the_clinic_s_own_text_and_low_evidence(corpus: Loaded) -> None:
    (article,) = [source for source in corpus.sources if source.meta.kind == "clinic-article"]
    assert (article.meta.provenance, article.meta.evidence) == ("clinic", "low")


def test_no_claim_stands_in_two_cards(cards: list[Source]) -> None:
    seen: dict[str, str] = {}
    twice = []
    for card in cards:
        for block in card.blocks:
            mark = re.sub(r"\W+", "", block.text.lower())
            if seen.setdefault(mark, card.meta.id) != card.meta.id:
                twice.append((seen[mark], card.meta.id, block.text[:60]))
    assert twice == []
