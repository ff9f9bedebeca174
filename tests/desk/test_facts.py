"""The clinic's own facts: answered with the clinic named, never mixed with evidence, without medical claims."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from answer.engine import Engine
from answer.schema import Answer, Question
from desk.database import Database
from desk.documents import Documents
from desk.facts import FactsCheck
from desk.publishing import Publishing
from desk.users import Users
from ingest.corpus import ingest_paths
from ingest.embed import Embedder

FACTS = {
    ("Prices", "clinic-price"): "A single ketamine infusion costs 450 dollars.\nWe accept cash and cards.",
    ("Opening hours", "opening-hours"): "The clinic is open Monday to Friday from 9:00 to 18:00.",
    ("Getting here", "clinic-parking"): "Patients park free of charge in the garage on Mill Street.",
    ("Our team", "clinic-staff"): "Dr. Maria Papas, anaesthetist, leads the treatment.",
}


@pytest.fixture(scope="module")
def clinic(engine: Any, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine on the whole corpus and on facts that went the whole way through the desk."""
    folder = tmp_path_factory.mktemp("facts")
    settings = engine.settings.model_copy(update={"data_dir": folder})
    for name in (settings.collection, f"{settings.collection}-faq"):
        shutil.copytree(engine.settings.data_dir / name, folder / name)
    database = Database.of(settings)
    documents = Documents(database, settings, FactsCheck(engine))
    anna, ben = (Users(database).add(name, "tidal copper lantern", "editor", "test") for name in ("anna", "ben"))
    for (title, topic), lines in FACTS.items():
        documents.approve(documents.write_facts(title, lines, [topic], anna).id, 1, ben)
    Publishing(settings, database).run(lambda: ingest_paths(settings, [], lambda: embedder))
    assert {document.status for document in documents.all()} == {"live"}
    opened = Engine.open(settings)
    yield opened
    opened.close()
    database.close()


def ask(engine: Engine, text: str) -> Answer:
    return engine.ask(Question(text=text))


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How much is a session here?", "450 dollars"),
        ("What are your prices?", "450 dollars"),
        ("How much do you charge?", "450 dollars"),
        ("When are you open?", "Monday to Friday"),
        ("Where can I park?", "Mill Street"),
        ("Who works at your clinic?", "Maria Papas"),
    ],
)
def test_a_practical_question_is_answered_by_the_clinic_alone(clinic: Engine, question: str, told: str) -> None:
    answer = ask(clinic, question)
    assert answer.outcome == "answered"
    assert told in answer.text
    assert {citation.kind for citation in answer.citations} == {"clinic-information"}
    assert {citation.publisher for citation in answer.citations} == {"the Harbour Clinic"}
    assert "clinic_source" in [notice.id for notice in answer.notices]
    assert answer.confidence is None


@pytest.mark.parametrize(
    "question",
    [
        "How much does ketamine cost?",
        "Does ketamine help depression?",
        "Can I drive after a session?",
        "Is ketamine safe?",
    ],
)
def test_facts_are_never_mixed_with_evidence(clinic: Engine, engine: Any, question: str) -> None:
    answer = ask(clinic, question)
    assert "clinic-information" not in {citation.kind for citation in answer.citations}
    assert answer.confidence == ask(engine, question).confidence


@pytest.fixture(scope="module")
def check(engine: Any) -> FactsCheck:
    return FactsCheck(engine)


@pytest.mark.parametrize(
    "sentence",
    [
        "Ketamine cures depression.",
        "Our ketamine treatment works for 90% of patients.",
        "Our treatment is completely safe and has no side effects.",
        "Ketamine is not addictive.",
        "With us depression disappears after one infusion.",
        "You may drive home two hours after the session.",
        "Our infusions help more than Spravato.",
    ],
)
def test_a_medical_claim_is_refused(check: FactsCheck, sentence: str) -> None:
    (flag,) = check([sentence])
    assert (flag.text, flag.refused) == (sentence, True)


@pytest.mark.parametrize(
    "sentence",
    [
        "One ketamine session at the Harbour Clinic costs 450 dollars.",
        "Six sessions cost 2,400 euros, to be paid before the first one.",
        "A first consultation takes 60 minutes.",
        "The Harbour Clinic is open Monday to Friday from 9:00 to 18:00.",
        "Treatment is given by Dr. Maria Papas and two nurses.",
        "Please bring somebody who drives you home after the infusion.",
        "Our staff help you with the insurance forms.",
        "Our wifi works in all rooms.",
        "We keep your bag in a safe.",
    ],
)
def test_a_practical_fact_is_not_refused_even_where_it_differs_from_studies(check: FactsCheck, sentence: str) -> None:
    assert [flag for flag in check([sentence]) if flag.refused] == []
