"""Splitting: nothing longer than the embedder reads, no sentence torn, no word lost, ids that last."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from ingest.corpus import PARTS
from ingest.embed import Embedder
from ingest.load import load
from ingest.schema import Block, BlockKind, Passage, Source, SourceMeta
from ingest.split import WINDOW_TOKENS, sentences, split
from settings import ROOT

TEN = [f"Sentence {word} says how the patients of the study felt on the day after the infusion." for word in
       ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]]  # fmt: skip


def document(*texts: str, kind: BlockKind = "prose", heading: str = "Ketamine", section: str = "") -> Source:
    blocks = tuple(Block(kind, section, text) for text in texts)
    return Source(SourceMeta(id="doc", title="Ketamine"), heading, blocks, "digest")


def passages(source: Source, embedder: Embedder) -> list[Passage]:
    return split(source, embedder.count_tokens, embedder.max_tokens)


def too_long(texts: Sequence[str], embedder: Embedder) -> list[str]:
    return [text for text, size in zip(texts, embedder.count_tokens(texts), strict=True) if size > embedder.max_tokens]


def test_the_token_count_is_that_of_the_model_s_own_tokenizer(embedder: Embedder) -> None:
    texts = ["", "Ketamine", "0.5 mg/kg esketamine (Spravato®) naïve – µg", "word " * 400]
    tokenizer = embedder._model.tokenizer
    assert embedder.count_tokens(texts) == [len(tokenizer(text, truncation=False)["input_ids"]) for text in texts]


def test_every_passage_and_question_of_the_whole_corpus_fits_the_embedder(embedder: Embedder) -> None:
    sources = load([ROOT / "corpus" / part for part in PARTS]).sources
    texts = [text for source in sources for passage in passages(source, embedder) for _, text in passage.embedded()]
    assert len(texts) > 8000
    assert too_long(texts, embedder) == []


@pytest.mark.parametrize("kind", ["prose", "claim"])
@pytest.mark.parametrize(
    "text",
    [
        " ".join(f"word{n}" for n in range(3000)),
        "An infusion, " * 800 + "ends.",
        "x" * 20_000,
        "é,;" * 3000,
        "0.5/" * 2000,
        "漢字" * 2000,
        "- " * 3000,
        "🙂" * 2000,
    ],
    ids=["no full stop", "commas", "one word", "accents", "figures", "chinese", "dashes", "emoji"],
)
def test_a_monster_sentence_or_bullet_is_cut_until_it_fits_and_loses_nothing(
    embedder: Embedder, kind: BlockKind, text: str
) -> None:
    found = passages(document(text.strip(), kind=kind, heading="A long heading " * 60, section="Part"), embedder)
    assert too_long([passage.titled for passage in found], embedder) == []
    assert all(passage.text for passage in found)
    letters = set("".join(text.split()))
    assert set("".join(passage.text for passage in found).replace(" ", "")) == letters


def test_monster_text_keeps_every_word_in_order(embedder: Embedder) -> None:
    words = [f"word{n}" for n in range(2000)]
    found = passages(document(" ".join(words)), embedder)
    seen = dict.fromkeys(word for passage in found for word in passage.text.split())
    assert list(seen) == words


@pytest.mark.parametrize("heading", ["Word " * 300, "x" * 5000, "漢" * 600], ids=["words", "one word", "chinese"])
@pytest.mark.parametrize("kind", ["prose", "claim"])
def test_a_long_title_leaves_room_for_the_text(embedder: Embedder, heading: str, kind: BlockKind) -> None:
    found = passages(document(*TEN, kind=kind, heading=heading, section=heading), embedder)
    assert too_long([passage.titled for passage in found], embedder) == []
    assert {text for text in TEN if any(text in passage.text for passage in found)} == set(TEN)


def test_a_bullet_is_one_passage_with_the_title_as_context(embedder: Embedder) -> None:
    claims = ["Scores fell by 14 points. The effect lasted three days.", "Salt water changed nothing."]
    found = passages(document(*claims, kind="claim", heading="The first trial", section="What was found"), embedder)
    assert [passage.text for passage in found] == claims
    assert {passage.title for passage in found} == {"The first trial"}
    assert {passage.section for passage in found} == {"What was found"}
    assert [passage.order for passage in found] == [0, 1]


def test_short_prose_is_one_passage_titled_by_document_and_section(embedder: Embedder) -> None:
    (found,) = passages(document("Rest for a day.", "Do not drive.", heading="Aftercare", section="At home"), embedder)
    assert found.titled == "Aftercare: At home. Rest for a day. Do not drive."


def test_prose_windows_are_whole_sentences_and_neighbours_share_one(embedder: Embedder) -> None:
    found = [sentences(passage.text) for passage in passages(document(" ".join(TEN)), embedder)]
    assert len(found) > 1
    assert list(dict.fromkeys(sentence for window in found for sentence in window)) == TEN
    for before, after in pairwise(found):
        assert before[-1] == after[0]
        assert len(set(before) & set(after)) == 1


def test_prose_windows_keep_to_their_size(embedder: Embedder) -> None:
    found = passages(document(*TEN * 3), embedder)
    assert max(embedder.count_tokens([passage.text for passage in found])) <= WINDOW_TOKENS


def test_prose_does_not_run_across_a_heading(embedder: Embedder) -> None:
    blocks = (Block("prose", "Before", "Eat nothing."), Block("prose", "After", "Do not drive."))
    found = passages(Source(SourceMeta(id="doc", title="T"), "T", blocks, "d"), embedder)
    assert [(passage.section, passage.text) for passage in found] == [
        ("Before", "Eat nothing."),
        ("After", "Do not drive."),
    ]


def test_a_text_that_stands_twice_in_a_document_is_one_passage(embedder: Embedder) -> None:
    found = passages(document("Do not drive.", "Eat nothing.", "Do not drive.", kind="claim"), embedder)
    assert [passage.text for passage in found] == ["Do not drive.", "Eat nothing."]


def test_ids_are_stable_and_depend_on_source_and_text_alone(embedder: Embedder) -> None:
    claims = ["Do not drive.", "Eat nothing."]
    first = passages(document(*claims, kind="claim"), embedder)
    moved = passages(document("New.", *reversed(claims), kind="claim", heading="Other", section="Else"), embedder)
    assert {passage.id for passage in first} < {passage.id for passage in moved}
    assert first[0].id == "8b65f3f750764d07"
    other = Source(SourceMeta(id="other", title="T"), "T", document(*claims, kind="claim").blocks, "d")
    assert {passage.id for passage in first}.isdisjoint(passage.id for passage in passages(other, embedder))


def test_a_claim_carries_its_questions(embedder: Embedder) -> None:
    source = document("Do not drive.", "Eat nothing.", kind="claim")
    source.questions["Do not drive."] = ["Can I drive?", "And a bicycle?"]
    first, second = passages(source, embedder)
    assert first.questions == ("Can I drive?", "And a bicycle?")
    assert second.questions == ()
    assert dict(first.embedded()) == {
        f"{first.id}:t": "Ketamine. Do not drive.",
        f"{first.id}:q0": "Can I drive?",
        f"{first.id}:q1": "And a bicycle?",
    }


@pytest.mark.parametrize(
    "expected",
    [
        ["Berman et al. [12] gave ketamine to seven people.", "It worked."],
        ["Zarate et al. (2006) saw the same.", "Others followed."],
        ["Ketamine i.v. was given slowly.", "Nobody fell ill."],
        ["Scores fell within 24 h.", "After that they rose."],
        ["The dose was 0.5 mg/kg over 40 min. in all cases.", "It was well tolerated."],
        ["A dose of 0.5 mg/kg was used.", "A dose of 1.0 mg/kg was not."],
        ["Some drugs, e.g. Xanax, weaken it.", "Others, i.e. SSRIs, do not."],
        ["In the U.S. the label names it.", "In the U.K. it does not."],
        ["In the U.S. Spravato is approved.", "It is a spray."],
        ["The effect lasted three days [3].", "Then it faded."],
        ["The effect lasted three days.[3]", "Then it faded."],
        ["It lasted three days. (95% CI 1 to 2.)", "Then it faded."],
        ["Is it safe?", "It is given under supervision!", "Nobody should drive."],
        ["Dr. Krystal and Prof. Charney led it.", "Both work in the U.S."],
        ["See Fig. 2 and No. 5 in the list.", "The rest is below."],
        ["Does it cure depression?", "No.", "It helps some."],
        ["Ketamine vs. placebo was tested.", "Ketamine vs. midazolam too."],
        ["Scores fell (p < .05).", "The rest did not."],
        ["She said: “It helped.”", "He agreed."],
    ],
)  # fmt: skip
def test_awkward_sentences_are_told_apart(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "No full stop", "… …", "A. B. C.", "1. First 2. Second", "Wait... what?! Yes.", "(In brackets. Two.) Out.",
     "a\u2028b. C.", "He said \"one. two.\" Then three.", "same. same. same.", "Ketamine [1]. Then [2,3]. (4) End."],
)  # fmt: skip
def test_sentences_joined_give_the_text_back(text: str) -> None:
    assert " ".join(sentences(text)).split() == text.split()


def test_the_sentences_of_the_article_joined_give_it_back() -> None:
    for block in load([ROOT / "corpus" / "article.md"]).sources[0].blocks:
        assert " ".join(sentences(block.text)) == block.text


def test_a_book_in_one_paragraph_is_split_in_linear_time_and_loses_no_word() -> None:
    text = " ".join(
        f"The {number} people in this study felt better within 0.5 hours, e.g. after a drip." for number in range(3000)
    )
    pieces = sentences(text)
    assert len(pieces) == 3000
    assert " ".join(pieces) == text
