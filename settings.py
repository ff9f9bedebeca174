"""Typed settings: defaults, then ``settings.toml``, then environment variables ``KETAMINE_ANSWERS_…``."""

import os
import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from errors import OperatorError

ROOT = Path(__file__).resolve().parent
PREFIX = "KETAMINE_ANSWERS_"


class BadSettingsError(OperatorError):
    """A setting is missing, misspelt or out of range; the message names it and says where it was set."""


class Settings(BaseSettings):
    """Everything an operator can change without touching code, corpus or wording."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    clinic_name: str = Field("the clinic", description="Name shown to readers; 'the clinic' until it is set.")
    clinic_contact: str = Field(
        "see its website",
        description="How to reach the clinic, as words that can end a sentence: 'phone 555 0100'.",
    )
    clinic_phone: str = Field("", description="Phone number offered where a person can help; empty for none.")
    clinic_email: str = Field("", description="Mail address offered where a person can help; empty for none.")
    clinic_hours: str = Field("", description="When phone and mail are answered, in a few words: 'Mon-Fri 9:00-17:00'.")
    country: str = Field("US", pattern="^[A-Z]{2}$", description="ISO code of the country whose lines are shown.")
    language: str = Field("en", pattern="^[a-z]{2}$", description="Language of the interface texts.")
    host: str = Field("127.0.0.1", description="Address the chat listens on.")
    port: int = Field(8501, ge=1, le=65535, description="Port the chat listens on.")
    data_dir: Path = Field(ROOT / "data", description="Folder for indexes; created when missing.")
    corpus_dir: Path = Field(ROOT / "corpus", description="Folder with the literature and the clinic's texts.")
    prompts_dir: Path = Field(ROOT / "prompts", description="Folder with the reviewed wording.")
    collection: str = Field(
        "literature", pattern="^[a-z0-9][a-z0-9_-]{2,40}$", description="Name of the index that questions are asked of."
    )
    embedder: str = Field(
        "all-MiniLM-L6-v2",
        description="A sentence-transformers name or folder; the default's weights come with a Python package.",
    )
    max_question_chars: int = Field(2000, ge=50, le=20_000, description="Longest question accepted, in characters.")
    max_answer_words: int = Field(150, ge=40, le=400, description="Longest answer composed, in words.")
    answer_threshold: float = Field(
        0.3, ge=0, le=1, description="Least estimated chance that the sources cover a question for it to be answered."
    )
    model: str = Field(
        "", description="Chat model that writes answers, as provider:name ('ollama:llama3.1'); empty for none."
    )
    model_seconds: float = Field(30, gt=0, le=600, description="Longest time a chat model may take for an answer.")
    model_first_seconds: float = Field(
        8, gt=0, le=600, description="Longest wait for a chat model's first sentence, in seconds."
    )

    database_url: str = Field(
        "", description="Database of the desk as an address (postgresql://…); empty for SQLite in the data folder."
    )
    keep_unanswered: bool = Field(
        False, description="Readers may let the clinic keep a question that was answered badly or not, redacted."
    )
    keep_conversations: bool = Field(False, description="Readers may let the clinic keep any question, redacted.")
    keep_feedback_text: bool = Field(False, description="Words written beside a thumbs-down are kept, redacted.")
    retention_days: int = Field(
        180, ge=1, le=3650, description="Age in days from which 'records purge' deletes what readers wrote."
    )
    desk_https: bool = Field(
        False, description="Readers reach the server by https through a proxy: the sign-in cookie is always Secure."
    )

    faq_second_person: bool = Field(
        True, description="An FAQ entry of the desk goes live only when somebody else than its author approves it."
    )

    @field_validator("data_dir", "corpus_dir", "prompts_dir")
    @classmethod
    def _from_root(cls, path: Path) -> Path:
        """A relative folder is meant from the project root, wherever the command was typed."""
        return path if path.is_absolute() else ROOT / path

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, settings_file())


def settings_file() -> Path:
    """The settings file in force: ``KETAMINE_ANSWERS_SETTINGS`` or ``settings.toml`` beside the code."""
    return Path(os.environ.get(f"{PREFIX}SETTINGS", ROOT / "settings.toml"))


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Read the settings once a process.

    Raises:
        BadSettingsError: the file can't be parsed, or a value doesn't fit; the message names file and setting.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadSettingsError(
            f"Setting '{name}' ({settings_file()} or {PREFIX}{name.upper()}): {first['msg']}."
        ) from error
    except (tomllib.TOMLDecodeError, SettingsError, OSError) as error:
        raise BadSettingsError(f"The settings file {settings_file()} can't be read: {error}.") from error
