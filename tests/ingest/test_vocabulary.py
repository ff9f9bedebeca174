"""The vocabulary: longest match, plurals, broader terms, and a bad file that says which term is wrong."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.terms import Terms
from ingest.vocabulary import LONGEST_TERM, Term, Vocabulary, VocabularyError, words_of
from settings import ROOT

Write = Callable[[str, str], Path]
TERMS = [
    Term(name="esketamine", kind="drug", words=("Spravato", "esketamine nasal spray"), parents=("ketamine",)),
    Term(name="ketamine", kind="drug", words=("ketalar",), parents=("medicine",)),
    Term(name="medicine", kind="drug"),
    Term(name="urine", kind="body"),
    Term(name="drug test", kind="procedure", words=("urine test",)),
    Term(name="crisis line", kind="organisation", words=("helpline",)),
    Term(name="mother's milk", kind="body"),
]


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary(TERMS)


@pytest.fixture(scope="module")
def real() -> Vocabulary:
    return Vocabulary.load(ROOT / "corpus" / "vocabulary.toml")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Is SPRAVATO safe?", {"esketamine"}),
        ("the esketamine nasal spray", {"esketamine"}),
        ("Will it show in a urine test?", {"drug test"}),
        ("blood in my urine, tested", {"urine"}),
        ("which helplines are there", {"crisis line"}),
        ("mother’s milk", {"mother's milk"}),
        ("spravatoo, anti-ketaminergic", set()),
        ("", set()),
    ],
)
def test_a_text_names_its_longest_matches_whatever_the_case_or_plural(
    vocabulary: Vocabulary, text: str, names: set[str]
) -> None:
    assert vocabulary.names(text) == names


def test_mentions_come_in_order_with_their_places(vocabulary: Vocabulary) -> None:
    found = vocabulary.mentions("ketamine, then a urine test")
    assert [(mention.term.name, mention.start, mention.end) for mention in found] == [
        ("ketamine", 0, 1),
        ("drug test", 3, 5),
    ]


def test_a_term_brings_all_broader_terms(vocabulary: Vocabulary) -> None:
    assert vocabulary.ancestors("esketamine") == {"ketamine", "medicine"}
    assert vocabulary.named_with_ancestors("spravato") == {"esketamine", "ketamine", "medicine"}
    assert vocabulary.ancestors("unknown") == frozenset()


def test_terms_that_are_each_other_s_parent_do_not_hang() -> None:
    loop = Vocabulary([Term(name="a", kind="drug", parents=("b",)), Term(name="b", kind="drug", parents=("a",))])
    assert loop.ancestors("a") == {"a", "b"}


def test_the_digest_follows_every_change() -> None:
    digests = {
        Vocabulary(TERMS).digest,
        Vocabulary(TERMS[:-1]).digest,
        Vocabulary([*TERMS[:-1], Term(name="mother's milk", kind="body", words=("milk",))]).digest,
        Vocabulary([*TERMS[:-1], Term(name="mother's milk", kind="food")]).digest,
    }
    assert len(digests) == 4
    assert Vocabulary(TERMS).digest == Vocabulary(list(TERMS)).digest


def test_a_brand_and_its_substance_share_a_search_term(vocabulary: Vocabulary) -> None:
    terms = Terms(vocabulary)
    assert "=esketamine" in set(terms.of("Spravato is a spray")) & set(terms.asked("is esketamine safe"))


def test_a_question_is_not_searched_by_the_name_of_an_organ(vocabulary: Vocabulary) -> None:
    terms = Terms(vocabulary)
    assert "=urine" in terms.of("blood in the urine")
    assert "=urine" not in terms.asked("blood in the urine")


def test_words_keep_inner_dots_and_apostrophes() -> None:
    assert words_of("John’s 0.5 mg/kg (i.v.) DOSE_1 – naïve") == [
        "john's",
        "0.5",
        "mg",
        "kg",
        "i.v",
        "dose",
        "1",
        "naïve",
    ]


def test_a_missing_file_is_an_empty_vocabulary(tmp_path: Path) -> None:
    assert Vocabulary.load(tmp_path / "none.toml").mentions("ketamine") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[term]\nname = 1", "not TOML"),
        ('[[term]]\nname = "x"\nkind = "rumour"', "'x'"),
        ('[[term]]\nname = "x"\nkind = "drug"\nword = ["y"]', "word"),
        ('[[term]]\nkind = "drug"', "name"),
        ('term = "x"', "term"),
        ("term = [1]", "term"),
    ],
)
def test_a_bad_file_is_refused_with_its_path_and_what_is_wrong(write: Write, text: str, told: str) -> None:
    path = write("vocabulary.toml", text)
    with pytest.raises(VocabularyError) as caught:
        Vocabulary.load(path)
    assert str(path) in str(caught.value)
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2


def test_every_parent_in_the_project_s_vocabulary_is_a_term_of_it(real: Vocabulary) -> None:
    missing = {
        (term.name, parent) for term in real.terms.values() for parent in term.parents if parent not in real.terms
    }
    assert missing == set()


def test_no_term_of_the_project_is_its_own_ancestor(real: Vocabulary) -> None:
    assert [name for name in real.terms if name in real.ancestors(name)] == []


def test_no_word_of_the_project_s_vocabulary_belongs_to_two_terms(real: Vocabulary) -> None:
    owners: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for term in real.terms.values():
        for variant in (term.name, *term.words):
            owners[tuple(words_of(variant))].add(term.name)
    assert {" ".join(words): names for words, names in owners.items() if len(names) > 1} == {}


def test_every_name_and_word_of_the_project_s_vocabulary_can_be_matched(real: Vocabulary) -> None:
    variants = [(term, variant) for term in real.terms.values() for variant in (term.name, *term.words)]
    assert [variant for _, variant in variants if not 1 <= len(words_of(variant)) <= LONGEST_TERM] == []
    assert [variant for term, variant in variants if term.name not in real.names(variant)] == []


def test_no_name_is_given_twice_in_the_project_s_vocabulary(real: Vocabulary) -> None:
    text = (ROOT / "corpus" / "vocabulary.toml").read_text(encoding="utf-8")
    assert text.count("[[term]]") == len(real.terms) > 100
