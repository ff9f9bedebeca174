"""Help lines: the right ones for each country, and only facts that the named card states."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from safety.crisis import CrisisLines, CrisisLinesError, HelpLine

COUNTRIES = (
    "US", "CA", "GB", "IE", "GR", "CY", "AU", "NZ", "DE", "AT", "CH", "FR", "ES", "PT", "IT", "NL", "IN", "EU", "XX",
)  # fmt: skip
CORPUS = Path(__file__).resolve().parents[2] / "corpus"
SMALLEST = """
eu_members = ["FR"]
[countries.EU]
emergency = "112"
[countries.XX]
emergency = "local number"
"""
LINE = """
[[countries.XX.lines]]
name = "A"
url = "https://a.example"
sources = ["https://one.example/a", "https://two.example/a"]
checked = 2026-11-24
"""


@pytest.fixture(scope="module")
def lines() -> CrisisLines:
    return CrisisLines(CORPUS / "crisis-lines.toml")


def written(folder: Path, text: str) -> Path:
    path = folder / "crisis-lines.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("country", "emergency", "number"),
    [
        ("US", "911", "988"),
        ("CA", "911", "988"),
        ("GB", "999", "116 123"),
        ("IE", "112 or 999", "116 123"),
        ("AU", "000", "13 11 14"),
        ("NZ", "111", "1737"),
        ("GR", "112", "1018"),
        ("DE", "112", "0800 1110111"),
        ("AT", "112", "142"),
        ("CH", "144 or 112", "143"),
        ("FR", "15 or 112", "3114"),
        ("ES", "112", "024"),
        ("PT", "112", "1411"),
        ("IT", "112", "02 2327 2327"),
        ("NL", "112", "113"),
        ("IN", "112", "14416"),
    ],
)
def test_a_reader_gets_the_line_of_their_country_first(
    lines: CrisisLines, country: str, emergency: str, number: str
) -> None:
    found = lines.help_for(country, "crisis")
    assert (found.reason, found.country, found.emergency) == ("crisis", country, emergency)
    assert found.lines[0].number == number


def test_a_member_state_without_own_lines_gets_the_european_number(lines: CrisisLines) -> None:
    found = lines.help_for("FI", "emergency")
    assert (found.country, found.emergency) == ("FI", "112")
    assert found.lines == lines.help_for("EU", "emergency").lines


def test_a_country_whose_crisis_line_could_not_be_verified_shows_the_fallback_and_its_youth_lines(
    lines: CrisisLines,
) -> None:
    found = lines.help_for("CY", "crisis")
    assert (found.country, found.emergency) == ("CY", "112")
    assert found.lines == lines.help_for("EU", "crisis").lines
    assert "1466" in [line.number for line in found.youth]


@pytest.mark.parametrize(
    ("country", "number"),
    [("US", "1-800-448-3000"), ("GB", "0800 1111"), ("GR", "1056"), ("DE", "116 111"), ("CY", "1466"), ("IN", "1098")],
)
def test_a_reader_under_18_gets_the_youth_line_first(lines: CrisisLines, country: str, number: str) -> None:
    found = lines.help_for(country, "topic", young=True)
    assert found.lines[0].number == number
    assert set(lines.help_for(country, "topic").lines) < set(found.lines)


@pytest.mark.parametrize(
    ("country", "number"),
    [("US", "1-800-222-1222"), ("IE", "01 809 2166"), ("AT", "01 406 43 43"), ("NZ", "0800 764 766")],
)
def test_an_emergency_also_names_the_poison_centre(lines: CrisisLines, country: str, number: str) -> None:
    assert lines.help_for(country, "emergency").lines[-1].number == number
    assert number not in [line.number for line in lines.help_for(country, "crisis").lines]


def test_regional_poison_centres_are_known_but_do_not_crowd_an_emergency(lines: CrisisLines) -> None:
    found = lines.help_for("DE", "emergency")
    assert len(found.poison) == 8
    assert not set(found.poison) & set(found.lines)


@pytest.mark.parametrize("country", ["", "XX", "BR", "nowhere"])
def test_any_other_country_gets_the_help_that_works_anywhere(lines: CrisisLines, country: str) -> None:
    found = lines.help_for(country, "crisis")
    assert found.country == "XX"
    assert any("findahelpline" in line.url for line in found.lines)


def test_small_letters_do(lines: CrisisLines) -> None:
    assert lines.help_for(" us ", "topic") == lines.help_for("US", "topic")


def all_lines(lines: CrisisLines) -> list[HelpLine]:
    helps = [lines.help_for(country, "crisis") for country in COUNTRIES]
    return [line for help in helps for line in (*help.lines, *help.youth, *help.poison)]


def test_every_country_promised_has_an_entry_of_its_own(lines: CrisisLines) -> None:
    assert {lines.help_for(country, "crisis").country for country in COUNTRIES} == set(COUNTRIES)
    assert all(lines.help_for(country, "crisis").lines for country in COUNTRIES)


def test_every_entry_says_when_and_where_it_was_checked_and_nobody_claims_to_have_phoned(lines: CrisisLines) -> None:
    assert all(line.checked and len(line.sources) >= 2 and line.called_on is None for line in all_lines(lines))


def test_an_entry_checked_over_a_year_ago_is_told_with_its_field(tmp_path: Path) -> None:
    lines = CrisisLines(written(tmp_path, SMALLEST + LINE))
    assert lines.stale(date(2026, 11, 24)) == []
    [(field, problem)] = lines.stale(date(2027, 11, 26))
    assert field == "countries.XX.lines.0"
    assert "2026-11-24" in problem


def test_every_number_stands_in_the_card_it_names(lines: CrisisLines) -> None:
    for line in all_lines(lines):
        if not line.source_id:
            continue
        card = (CORPUS / "literature" / f"{line.source_id}.md").read_text(encoding="utf-8")
        digits = re.sub(r"[\s-]", "", card)
        for number in re.findall(r"\d[\d\s-]*\d", f"{line.number} {line.text}"):
            assert re.sub(r"[\s-]", "", number) in digits, (line.name, number)


def test_every_line_can_be_reached_somehow(lines: CrisisLines) -> None:
    assert all(line.number or line.text or line.url for line in all_lines(lines))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (SMALLEST.replace('emergency = "112"', "lines = []"), "countries.EU.emergency"),
        (SMALLEST + LINE.replace('name = "A"', ""), "countries.XX.lines.0.name"),
        (SMALLEST + LINE + 'phone = "1"\n', "countries.XX.lines.0.phone"),
        (SMALLEST + LINE.replace("two.example", "www.one.example"), "countries.XX.lines.0.sources"),
        (SMALLEST + LINE.replace("checked", "called_on"), "countries.XX.lines.0.checked"),
        (SMALLEST.replace("XX", "YY"), "countries.XX"),
        ("countries = [", "not valid TOML"),
    ],
)
def test_a_mistake_names_file_and_field(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(CrisisLinesError, match=r"crisis-lines\.toml") as caught:
        CrisisLines(written(tmp_path, text))
    assert field in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CrisisLinesError, match="can't be read"):
        CrisisLines(tmp_path / "crisis-lines.toml")


def test_the_smallest_file_is_enough(tmp_path: Path) -> None:
    lines = CrisisLines(written(tmp_path, SMALLEST))
    assert lines.help_for("FR", "crisis").emergency == "112"
    assert lines.help_for("JP", "crisis").emergency == "local number"
