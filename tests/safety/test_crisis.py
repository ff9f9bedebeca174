"""Help lines: the right ones for each country, and only facts that the named card states."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safety.crisis import CrisisLines, CrisisLinesError, HelpLine

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
SMALLEST = """
eu_members = ["FR"]
[countries.EU]
emergency = "112"
[countries.XX]
emergency = "local number"
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
    ],
)
def test_a_reader_gets_the_line_of_their_country_first(
    lines: CrisisLines, country: str, emergency: str, number: str
) -> None:
    found = lines.help_for(country, "crisis")
    assert (found.reason, found.country, found.emergency) == ("crisis", country, emergency)
    assert found.lines[0].number == number


def test_a_member_state_without_own_lines_gets_the_european_number(lines: CrisisLines) -> None:
    found = lines.help_for("DE", "emergency")
    assert (found.country, found.emergency) == ("DE", "112")
    assert found.lines


@pytest.mark.parametrize("country", ["", "XX", "BR", "nowhere"])
def test_any_other_country_gets_the_help_that_works_anywhere(lines: CrisisLines, country: str) -> None:
    found = lines.help_for(country, "crisis")
    assert found.country == "XX"
    assert any("findahelpline" in line.url for line in found.lines)


def test_small_letters_do(lines: CrisisLines) -> None:
    assert lines.help_for(" us ", "topic") == lines.help_for("US", "topic")


def all_lines(lines: CrisisLines) -> list[HelpLine]:
    countries = ("US", "CA", "GB", "IE", "AU", "NZ", "GR", "EU", "XX")
    return [line for country in countries for line in lines.help_for(country, "crisis").lines]


def test_every_number_stands_in_the_card_it_names(lines: CrisisLines) -> None:
    for line in all_lines(lines):
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
        (SMALLEST + '[[countries.XX.lines]]\nname = "A"\n', "countries.XX.lines.0.source_id"),
        (
            SMALLEST + '[[countries.XX.lines]]\nname = "A"\nsource_id = "a"\nphone = "1"\n',
            "countries.XX.lines.0.phone",
        ),
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
