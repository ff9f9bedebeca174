"""Follow-ups become complete questions; a change of subject inherits nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from answer.converse import RULES, Converser, Understood
from answer.engine import Engine
from answer.schema import Question
from answer.turns import FollowUpRulesError
from ingest.terms import Terms
from ingest.vocabulary import Vocabulary
from settings import ROOT


@pytest.fixture(scope="session")
def terms() -> Terms:
    return Terms(Vocabulary.load(ROOT / "corpus" / "vocabulary.toml"))


@pytest.fixture(scope="session")
def converser(terms: Terms) -> Converser:
    return Converser(terms)


def text(converser: Converser, *turns: str) -> str:
    return converser.understand(turns[-1], turns[:-1]).text


@pytest.mark.parametrize(
    ("earlier", "turn", "meant"),
    [
        ("How fast does ketamine work?", "what about Spravato instead?", "How fast does Spravato work?"),
        ("how fast does a ketamine drip work", "and Spravato", "how fast does Spravato work?"),
        ("Is ketamine approved in the US?", "and in the UK?", "Is ketamine approved in the UK?"),
        ("Can I take sertraline with ketamine?", "with lithium?", "Can I take lithium with ketamine?"),
        ("can i drink alcohol after an infusion", "and coffee?", "can i drink coffee after an infusion?"),
        ("does ketamine help bipolar depression", "ptsd?", "does ketamine help ptsd?"),
        ("Can teenagers have ketamine?", "and for older people?", "Can older people have ketamine?"),
        ("Does ketamine work in teenagers?", "and adults?", "Does ketamine work in adults?"),
        ("Is ECT or ketamine better?", "what about Spravato?", "Is ECT or Spravato better?"),
        ("can people get addicted to ketamine", "and spravato?", "can people get addicted to spravato?"),
    ],
)
def test_a_name_takes_the_place_of_one_of_its_kind(converser: Converser, earlier: str, turn: str, meant: str) -> None:
    assert converser.understand(turn, [earlier]) == Understood(meant, "follow_up", earlier)


@pytest.mark.parametrize(
    ("earlier", "turn", "meant"),
    [
        ("How well does ketamine work?", "for teenagers?", "How well does ketamine work for teenagers?"),
        ("How much does Spravato cost?", "in Canada", "How much does Spravato cost in Canada?"),
        ("can i drive after an infusion", "and alcohol?", "can i drive after an infusion with alcohol?"),
        ("how long does ketamine stay in the body", "in urine?", "how long does ketamine stay in urine?"),
    ],
)
def test_a_name_of_a_new_kind_narrows_the_question(converser: Converser, earlier: str, turn: str, meant: str) -> None:
    assert text(converser, earlier, turn) == meant


@pytest.mark.parametrize(
    ("turn", "meant"),
    [
        ("and the side effects?", "what about the side effects with ketamine for depression?"),
        ("cost?", "what about cost with ketamine for depression?"),
        ("how long?", "how long does ketamine work for depression?"),
        ("how quickly", "how quickly does ketamine work for depression?"),
        ("why?", "why does ketamine work for depression?"),
        ("why not?", "why doesn't ketamine work for depression?"),
        ("since when?", "since when does ketamine work for depression?"),
        ("is it dangerous?", "is ketamine dangerous for depression?"),
        ("is the drug safe", "is ketamine safe for depression?"),
        ("what if i miss one", "what if i miss one with ketamine for depression?"),
    ],
)
def test_another_aspect_is_asked_of_the_same_subject(converser: Converser, turn: str, meant: str) -> None:
    got = text(converser, "How well does ketamine work for depression?", turn)
    assert sorted(got.split()) == sorted(meant.split())


@pytest.mark.parametrize(
    ("earlier", "turn", "meant"),
    [
        ("What does an infusion feel like?", "does that hurt?", "does an infusion hurt?"),
        ("tell me about ketamine lozenges at home", "is that dangerous?", "is ketamine lozenges at home dangerous?"),
        ("what was the karma dep 2 trial", "did it work?", "did the karma dep 2 trial work?"),
        ("Does ketamine cause bladder problems?", "how common is it?", "how common is bladder problems with ketamine?"),
        ("spravato or seroquel", "side effects of both?", "what about side effects of spravato or seroquel?"),
        ("i take xanax every day, is ketamine ok", "should i stop it", "should i stop xanax with ketamine?"),
        ("what is esketamine", "how does it differ from ketamine", "how does esketamine differ from ketamine?"),
        ("can i have ketamine with glaucoma", "does spravato help with that", "does spravato help with glaucoma?"),
    ],
)
def test_a_pronoun_gives_way_to_what_it_stands_for(converser: Converser, earlier: str, turn: str, meant: str) -> None:
    assert text(converser, earlier, turn).startswith(meant.rstrip("?"))


def test_a_follow_up_of_a_follow_up_leans_on_what_was_meant(converser: Converser) -> None:
    turns = ["how fast does a ketamine drip work", "and how long does it last?", "what about Spravato instead?"]
    assert text(converser, *turns[:2]) == "how long does a ketamine drip last?"
    assert text(converser, *turns) == "how long does Spravato last?"


@pytest.mark.parametrize(
    ("turn", "kind"),
    [
        ("explain simpler", "simpler"),
        ("in plain words", "simpler"),
        ("can you say that in simple words please", "simpler"),
        ("explan simplr", "simpler"),
        ("more detail please", "detailed"),
        ("could I get a bit more detail on that", "detailed"),
        ("are you sure?", "sure"),
        ("ok but really?", "sure"),
        ("ar you suure", "sure"),
        ("says who?", "sources"),
        ("how do you know that", "sources"),
    ],
)
def test_the_same_question_is_asked_again_in_another_way(converser: Converser, turn: str, kind: str) -> None:
    earlier = "Is ketamine bad for your bladder?"
    assert converser.understand(turn, [earlier]) == Understood(earlier, kind, earlier)  # type: ignore[arg-type]


@pytest.mark.parametrize("turn", ["is it true that spravato is safe?", "any evidence for PTSD?", "explain ECT"])
def test_a_cue_word_in_a_question_of_its_own_repeats_nothing(converser: Converser, turn: str) -> None:
    assert converser.understand(turn, ["Is ketamine bad for your bladder?"]).kind in ("new", "follow_up")


@pytest.mark.parametrize(
    ("turn", "meant"),
    [
        (
            "which scale did they use for that?",
            "which scale did they use in the studies of ketamine and social anxiety?",
        ),
        ("who was in that study?", "who was in that study of ketamine and social anxiety?"),
        ("how many peple in that studdy", "how many peple in that studdy of ketamine and social anxiety?"),
    ],
)
def test_a_question_about_the_sources_names_what_they_are_about(converser: Converser, turn: str, meant: str) -> None:
    understood = converser.understand(turn, ["Does ketamine help social anxiety?"])
    assert understood.kind == "scale"
    assert understood.about == "Does ketamine help social anxiety?"
    assert {"ketamine", "social", "anxiety?"} <= set(understood.text.split())
    assert understood.text.split()[:3] == meant.split()[:3]


def test_a_question_about_a_named_study_goes_to_that_study(converser: Converser) -> None:
    assert text(converser, "did the KADS trial show ketamine works", "which scale") == "which scale in the KADS trial?"


@pytest.mark.parametrize(
    ("turn", "own"),
    [
        ("who paid for it?", "which company paid for the study?"),
        ("ok, how many people was that", "how many people took part in the study?"),
        ("is that the US or UK?", "in which country, the US or the UK, was the study?"),
        ("which scale did they use for that?", "which scale did they use for that?"),
    ],
)
def test_a_few_words_about_the_study_are_asked_in_full(converser: Converser, turn: str, own: str) -> None:
    understood = converser.understand(turn, ["Does ketamine help social anxiety?"])
    assert (understood.kind, understood.own) == ("scale", own)


@pytest.mark.parametrize("turn", ["who pays for it?", "how many people get side effects?", "is it the same in the UK?"])
def test_what_only_looks_like_a_question_about_the_study_is_none(converser: Converser, turn: str) -> None:
    assert converser.understand(turn, ["Does ketamine help social anxiety?"]).kind != "scale"


@pytest.mark.parametrize(
    "turn", ["which scale did they use for that?", "who paid for it?", "how many people was that?"]
)
def test_a_question_about_the_study_is_answered_from_the_sources_of_the_answer_before(
    engine: Engine, turn: str
) -> None:
    earlier = "Is Spravato better than quetiapine?"
    before = {citation.source_id for citation in engine.ask(Question(text=earlier)).citations}
    answer = engine.ask(Question(text=turn, history=[earlier], previous_answer_id="unknown"))
    assert answer.outcome == "answered"
    assert {citation.source_id for citation in answer.citations} <= before


def test_more_detail_is_no_foreign_language(engine: Engine) -> None:
    history = ["does ketamine make you manic if you have bipolar"]
    assert engine.ask(Question(text="more detail please", history=history)).outcome == "answered"


def test_a_question_about_the_sources_is_no_new_subject(converser: Converser) -> None:
    turns = ["Does ketamine help social anxiety?", "which scale did they use", "and spravato?"]
    assert text(converser, *turns) == "Does spravato help social anxiety?"


@pytest.mark.parametrize(
    "turn",
    [
        "ok different thing: bladder problems?",
        "thanks. what does a session cost in the US?",
        "forget that. is there a generic yet?",
        "changing subject, is arketamine approved anywhere",
        "alright. does st johns wort matter",
        "What remission rate did the original STAR*D authors report after four steps?",
        "Can I breastfeed during treatment with esketamine?",
        "is it safe to drink coffee before spravato?",
        "In the 2019 cocaine trial, what share of people given ketamine stayed off cocaine?",
        "What did the 2022 Shehata review look at?",
        "Is it known whether ketamine is safe long term for teenagers?",
        "Bahji 2021 conclusion on intravenous ketamine versus intranasal esketamine",
        "Did the 424-person clinic review have a comparison group?",
        "thanks",
        "ok, thank you!",
        "?!",
        "",
    ],
)
def test_a_change_of_subject_inherits_nothing(converser: Converser, turn: str) -> None:
    history = ["How well does ketamine work for PTSD?", "and the side effects?"]
    assert converser.understand(turn, history) == Understood(turn, "new", None)


def test_what_follows_a_change_of_subject_leans_on_the_new_one(converser: Converser) -> None:
    turns = ["How well does ketamine work?", "different topic: does lithium hurt the kidneys?", "and valproate?"]
    assert text(converser, *turns) == "does valproate hurt the kidneys?"


def test_thanks_in_between_keeps_the_subject(converser: Converser) -> None:
    turns = ["Is ketamine approved in the US?", "ok thanks!", "and in the UK?"]
    assert text(converser, *turns) == "Is ketamine approved in the UK?"


def test_a_first_turn_is_taken_as_it_is(converser: Converser) -> None:
    assert converser.understand("and the side effects?", []) == Understood("and the side effects?", "new", None)


@pytest.mark.parametrize("odd", ["İİ it İ?", "it " * 5000, "\n\t", "🙂", "140/90?", "ὁ δὲ it", "..that.."])
@pytest.mark.parametrize("earlier", ["İs ketamine ok?", "!!!", "", "it", "that?", "what is", "x" * 30_000])
def test_odd_turns_never_raise(converser: Converser, odd: str, earlier: str) -> None:
    assert converser.understand(odd, [earlier, odd]).text is not None


def test_a_long_story_is_not_carried_along_whole(converser: Converser) -> None:
    story = "I have had a long and winding life with many doctors. " * 30 + "Is ketamine approved in the US?"
    meant = text(converser, story, "and in the UK?")
    assert meant.endswith("Is ketamine approved in the UK?")
    assert len(meant) < 500


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rules: rules.replace("[pronouns]", "[pronoun]"), "lacks 'pronouns'"),
        (lambda rules: rules + "\n[[", "not valid TOML"),
        (lambda rules: rules.replace("empty = [", "empty = ['(', "), "not a pattern"),
    ],
)
def test_a_broken_rules_file_is_named_with_what_is_wrong(
    terms: Terms, write: Callable[[str, str], Path], change: Callable[[str], str], reason: str
) -> None:
    path = write("rules.toml", change(RULES.read_text(encoding="utf-8")))
    with pytest.raises(FollowUpRulesError, match=reason) as raised:
        Converser(terms, path)
    assert str(path) in str(raised.value)


def test_a_missing_rules_file_is_named(terms: Terms, tmp_path: Path) -> None:
    with pytest.raises(FollowUpRulesError, match=r"none\.toml: can't be read"):
        Converser(terms, tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("turns", "source"),
    [
        (["what was the karma dep 2 trial", "did it work?"], "jelovac-2025-karma-dep2"),
        (["did the KADS trial show ketamine injections work", "how long did it last?"], "loo-2023-kads"),
        (["does it help with anxiety as well", "social anxiety i mean"], "taylor-2018-social-anxiety"),
        (["i heard about SAINT magnetic stimulation", "was it compared with ketamine?"], "cole-2022-snt"),
    ],
)
def test_the_engine_finds_the_source_of_a_follow_up(
    engine: Engine, converser: Converser, turns: list[str], source: str
) -> None:
    answer = engine.ask(Question(text=text(converser, *turns)))
    assert answer.outcome == "answered"
    assert source in {citation.source_id for citation in answer.citations}
