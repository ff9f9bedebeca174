"""A reader's age: said of themselves, now, in any of the languages; never a child's, a past one or another number."""

from __future__ import annotations

from pathlib import Path

import pytest

from safety.age import AgeError, Ages

AGES = Ages()


@pytest.mark.parametrize(
    "text",
    [
        "I'm 15", "im 16 yo", "I’m 17 and depressed, can I get ketamine?", "i am only 14. does spravato help",
        "I am a 15 year old girl with depression", "As a 16-year-old, can I have ketamine?",
        "My age is 15, is it allowed?",
        "I'm fifteen and nothing works", "I just turned 17 last week", "i turn 18 next month, can i start then?",
        "I'm under 18, who can I ask?", "im underage", "16f here, is it safe",
        "I'm a minor, do my parents need to sign?",
        "if i'm 16, can i get it without my parents", "I'm 17 years old", "I'm not 18 yet",
        "Tengo 15 años, ¿puedo recibir ketamina?", "soy menor de edad", "tengo quince años",
        "J’ai 16 ans, est-ce possible ?", "je suis mineure", "J'ai seize ans et je suis déprimé",
        "Ich bin 15 und habe Depressionen", "ich bin erst 16 Jahre alt", "Bin 17, darf ich das?",
        "Ich bin minderjährig",
        "Tenho 14 anos", "sou menor de idade", "Ho 16 anni, posso fare la cura?", "sono minorenne",
        "Είμαι 15 χρονών", "Είμαι ανήλικη", "ειμαι 16 και εχω καταθλιψη", "عمري 15 سنة", "عمري ١٦", "أنا قاصر",
    ],
)  # fmt: skip
def test_a_reader_under_18_is_heard(text: str) -> None:
    assert AGES.under_18(text)


@pytest.mark.parametrize(
    "text",
    [
        "my 14 year old daughter is depressed", "My son is 16, could he have Spravato?", "when I was 15 I tried it",
        "I'm 15 weeks pregnant", "I'm 6 infusions in", "I'm 12 sessions in and nothing", "I am 10 days sober",
        "I'm 35", "I am 18", "I'm 17.5 stone", "I've been depressed since I was 12", "is ketamine approved under 18?",
        "I'm on 15 mg of escitalopram", "she says I'm 15 and can decide for myself", "I feel like I'm 15 again",
        "As a 16 year old I was hospitalised", "can a 15 year old have ketamine", "I'm 8 weeks post infusion",
        "I turned 50 last week", "I'm 9 months clean", "I'm 16 hours after my session", "I am 10 percent better",
        "mi hija tiene 15 años", "cuando tenía 15 años", "tengo 15 años con depresión", "tengo 12 años de experiencia",
        "ma fille a 15 ans", "j'ai 15 ans de dépression derrière moi", "quand j'avais 15 ans", "mein Sohn ist 15",
        "als ich 15 war", "ich bin 15 Jahre lang krank gewesen", "minha filha tem 14 anos", "mia figlia ha 15 anni",
        "ho 12 anni di terapia alle spalle", "η κόρη μου είναι 15", "όταν ήμουν 15", "ابنتي عمرها 15 سنة", "",
    ],
)  # fmt: skip
def test_another_person_time_or_number_is_not_the_readers_age(text: str) -> None:
    assert not AGES.under_18(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "lacks"),
        ("words = [", "not valid TOML"),
        ('words = []\n[says]\na = ["("]\n[unless]\nbefore = []', "pattern"),
    ],
)
def test_a_mistake_in_the_file_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "age.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AgeError, match=complaint):
        Ages(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AgeError, match="can't be read"):
        Ages(tmp_path / "age.toml")
