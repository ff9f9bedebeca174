"""The classifier: what it reads, what it remembers, and what happens when its file is unusable."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from safety.classify import MODEL, Classifier, ClassifierError
from safety.labelled import LABELS, LabelledError, read_labelled
from safety.ngrams import SIZE, ngrams, rarity, weighted
from safety.pieces import stretches
from safety.triage import Triager
from settings import ROOT

PLAIN = "How long does a session take, and can I eat before it? "
HIDDEN = "I have written the letters and tonight I am going to kill myself. "


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load()


@pytest.fixture(scope="module")
def triager(classifier: Classifier) -> Triager:
    return Triager(ROOT / "safety" / "lexicons", classifier)


def words(text: str) -> int:
    return len(text.split())


def test_every_label_gets_a_probability(classifier: Classifier) -> None:
    found = classifier.probabilities(["How long does a session take?"], {})
    assert set(found) == set(LABELS)
    assert max(found, key=lambda label: found[label]) == "ordinary"


def test_a_wish_to_die_is_likely_a_crisis_without_any_rule(classifier: Classifier) -> None:
    assert classifier.probabilities([HIDDEN], {})["crisis"] > classifier.thresholds["check_in"]


def test_the_shipped_file_is_small_and_holds_arrays_only() -> None:
    assert MODEL.stat().st_size <= 5_000_000
    with np.load(MODEL, allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


def test_a_sentence_of_crisis_in_twenty_thousand_characters_is_found(triager: Triager) -> None:
    filler = PLAIN * (20_000 // len(PLAIN) // 2)
    assert triager.triage((filler + HIDDEN + filler)[:20_000]).outcome == "crisis"


def test_the_same_length_without_it_is_simply_answered(triager: Triager) -> None:
    assert triager.triage((PLAIN * 400)[:20_000]).outcome is None


def test_a_message_is_remembered_by_its_digest_only(classifier: Classifier) -> None:
    classifier.probabilities(["My name is Euphrosyne Quillfeather and I wonder about parking."], {})
    assert "Quillfeather" not in repr(vars(classifier))


def test_an_earlier_turn_changes_how_a_harmless_one_is_read(triager: Triager) -> None:
    calm = triager.triage("thank you, that was all I needed")
    after = triager.triage("thank you, that was all I needed", ["I want to die and I have the pills here"])
    assert calm.outcome is None
    assert after.outcome == "crisis"


def test_after_plain_words_of_safety_old_words_of_crisis_no_longer_count(triager: Triager) -> None:
    history = ["I want to kill myself", "I am safe now, my sister is with me and I will not hurt myself"]
    triage = triager.triage("How long does an infusion take?", history)
    assert triage.outcome is None
    assert triage.help_reason == "crisis"


@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_an_unusable_file_is_named_with_the_command_that_makes_it(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "classifier.npz"
    if damage == "cut":
        path.write_bytes(MODEL.read_bytes()[:5000])
    if damage == "other":
        np.savez(path, something=np.zeros(3))
    with pytest.raises(ClassifierError, match=r"classifier\.npz.*safety\.train"):
        Classifier.load(path)


def test_stretches_hold_whole_sentences_and_share_their_ends() -> None:
    text = "One two three. Four five six. Seven eight nine. Ten eleven twelve."
    assert list(stretches(text, words, 6)) == [
        "One two three. Four five six.",
        "Four five six. Seven eight nine.",
        "Seven eight nine. Ten eleven twelve.",
    ]


def test_a_text_without_sentence_ends_is_cut_into_overlapping_runs() -> None:
    text = " ".join(f"w{i}" for i in range(200))
    runs = list(stretches(text, words, 60))
    assert all(words(run) <= 60 for run in runs)
    assert {word for run in runs for word in run.split()} == set(text.split())
    assert all(set(a.split()) & set(b.split()) for a, b in itertools.pairwise(runs))


def test_ngrams_seen_once_weigh_nothing() -> None:
    rows = ngrams(["I feel calm", "I feel calm", "a zyzzyva"])
    assert rows.shape == (3, SIZE)
    rarities = rarity(rows)
    vectors = weighted(rows, rarities).toarray()
    assert vectors[0].any()
    assert not vectors[:, rarities == 0].any()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not JSON"),
        ('{"text": "", "label": "crisis"}', "text"),
        ('{"text": "hello", "label": "sad"}', "label"),
    ],
)
def test_a_bad_labelled_line_is_named_with_file_line_and_field(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "messages.jsonl"
    path.write_text('{"text": "fine", "label": "ordinary"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(LabelledError, match=rf"messages\.jsonl, line 2: {complaint}"):
        read_labelled([path])
