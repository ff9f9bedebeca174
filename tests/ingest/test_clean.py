"""Cleaning changes no words: it drops what a reader never sees, and a website's link text at the very end."""

import pytest

from ingest.clean import clean, drop_tail_links
from ingest.load import load_file
from settings import ROOT

ENGLISH = "Ketamine is given under supervision. It works within hours."


def test_the_article_s_stray_link_text_is_in_the_file_and_gone_after_loading() -> None:
    path = ROOT / "corpus" / "article.md"
    assert path.read_text(encoding="utf-8").rstrip().endswith("Διαβάζω περισσότερα")
    source = load_file(path)
    assert source.blocks[-1].text.endswith("options often make all the difference.")
    assert not any("Διαβάζω" in block.text for block in source.blocks)


@pytest.mark.parametrize(
    "link",
    ["Διαβάζω περισσότερα", "Read more", "READ MORE…", "Read more »", "[Leer más]", "Weiterlesen →", "Συνέχεια εδώ"],
)
def test_a_link_text_alone_at_the_end_is_removed(link: str) -> None:
    assert clean(f"{ENGLISH}\n\n{link}\n") == ENGLISH


def test_several_link_texts_in_a_row_are_removed() -> None:
    assert clean(f"{ENGLISH}\n\nShare this\nRead more\n\nBack to top\n") == ENGLISH


@pytest.mark.parametrize(
    "last",
    [
        "Ask your doctor.",
        "Options make all the difference",
        "Read more about the trial in the next section.",
        "## Read more",
        "- Read more",
        "Next, the infusion was repeated.",
        "Call 988",
        "Η κεταμίνη δρα μέσα σε λίγες ώρες στους περισσότερους ασθενείς.",
    ],
)
def test_a_real_last_line_stays(last: str) -> None:
    assert clean(f"{ENGLISH}\n\n{last}") == f"{ENGLISH}\n\n{last}"


def test_a_short_last_line_in_the_document_s_own_alphabet_stays() -> None:
    greek = "Η κεταμίνη χορηγείται υπό επίβλεψη.\n\nΚέντρο Υγείας"
    assert clean(greek) == greek


def test_a_link_text_inside_the_document_stays() -> None:
    text = f"Read more\n\n{ENGLISH}"
    assert clean(text) == text


def test_a_document_that_is_only_a_link_text_is_not_emptied() -> None:
    assert drop_tail_links("Read more") == "Read more"


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x9d", "\u00ad", "\u200b", "\u202e", "\ufeff"])
def test_control_and_invisible_characters_are_removed_inside_words(character: str) -> None:
    assert clean(f"keta{character}mine") == "ketamine"


@pytest.mark.parametrize("space", ["\t", "\u00a0", "\u2009", "\u202f", "\u3000", "   "])
def test_every_kind_of_space_becomes_one_space(space: str) -> None:
    assert clean(f"0.5{space}mg/kg") == "0.5 mg/kg"


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n"])
def test_line_ends_become_those_of_unix(line_end: str) -> None:
    assert clean(f"one{line_end}two") == "one\ntwo"


@pytest.mark.parametrize("page_break", ["\x0c", "\x0b", "\x85", "\u2028", "\u2029"])
def test_a_page_or_line_separator_never_joins_two_words(page_break: str) -> None:
    assert clean(f"end of page{page_break}start of page").split() == ["end", "of", "page", "start", "of", "page"]


def test_letters_with_accents_are_composed() -> None:
    assert clean("Zu\u0308rich") == "Zürich"


def test_cleaning_twice_changes_nothing_more() -> None:
    once = clean(f"\ufeff{ENGLISH}\r\n\r\n a\u200b  b \n\nRead more\n")
    assert clean(once) == once


def test_words_figures_and_units_are_left_as_they_are() -> None:
    text = "Doses of 0.5 mg/kg (95 % CI 0.3–0.8); β = −1.2, p < 0.001 – “quoted” … ≥ 2 µg"
    assert clean(text) == text
