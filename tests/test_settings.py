"""Settings: defaults, the file, the environment over it, and errors that name the setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from settings import PREFIX, ROOT, BadSettingsError, Settings, load_settings

Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def test_the_settings_that_ship_name_no_clinic() -> None:
    settings = load_settings()
    assert settings.clinic_name == "the clinic"
    assert (settings.country, settings.language, settings.host) == ("US", "en", "127.0.0.1")
    assert settings.data_dir == ROOT / "data"


def test_the_environment_overrides_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}SETTINGS", str(write("mine.toml", 'clinic_name = "North"\nport = 9000\n')))
    monkeypatch.setenv(f"{PREFIX}PORT", "9100")
    settings = load_settings()
    assert (settings.clinic_name, settings.port) == ("North", 9100)


def test_arguments_override_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}PORT", "9100")
    assert Settings(port=9200).port == 9200


def test_a_relative_folder_is_meant_from_the_project_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings(data_dir=Path("elsewhere")).data_dir == ROOT / "elsewhere"
    assert Settings(data_dir=tmp_path).data_dir == tmp_path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country", "usa"),
        ("country", "us"),
        ("language", "English"),
        ("port", "0"),
        ("port", "many"),
        ("collection", "../etc"),
        ("max_question_chars", "3"),
        ("max_answer_words", "100000"),
        ("answer_threshold", "1.5"),
    ],
)
def test_a_value_that_does_not_fit_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), value)
    with pytest.raises(BadSettingsError) as caught:
        load_settings()
    assert f"'{name}'" in str(caught.value)
    assert PREFIX + name.upper() in str(caught.value)


def test_a_misspelt_setting_in_the_file_is_named_with_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("mine.toml", 'clinik_name = "North"\n')
    monkeypatch.setenv(f"{PREFIX}SETTINGS", str(path))
    with pytest.raises(BadSettingsError) as caught:
        load_settings()
    assert "clinik_name" in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_toml_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("mine.toml", "clinic_name = North\n")
    monkeypatch.setenv(f"{PREFIX}SETTINGS", str(path))
    with pytest.raises(BadSettingsError, match=r"mine\.toml can't be read"):
        load_settings()


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_documentation_mentions_every_setting() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`{name}`" not in text] == []
