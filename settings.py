"""Typed settings: defaults, then ``settings.toml``, then environment variables ``KETAMINE_ANSWERS_…``."""

import ipaddress
import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError, field_validator
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


Origin = Annotated[str, StringConstraints(pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$", max_length=200)]
Rate = Annotated[
    str, StringConstraints(pattern=r"^[1-9][0-9]*/(second|minute|hour|day)(;[1-9][0-9]*/(second|minute|hour|day))*$")
]


class Site(BaseModel):
    """A website that may show the assistant: one ``[[sites]]`` table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern="^[a-z0-9][a-z0-9_-]{0,40}$", description="Name of the site in the widget's data-site.")
    origins: tuple[Origin, ...] = Field((), description="Where its pages come from: 'https://clinic.example'.")
    country: str | None = Field(None, pattern="^[A-Z]{2}$", description="Its readers' country; else the setting's.")
    language: str | None = Field(None, pattern="^[a-z]{2}$", description="Its language; else the setting's.")
    greeting: str = Field("", max_length=500, description="First line of the widget; else the interface texts'.")
    theme: dict[str, str] = Field(default_factory=dict, description="Attributes of the widget: accent, position …")


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
    model_translates: bool = Field(
        False, description="Let the chat model translate questions and answers in languages other than English."
    )
    model_triage: bool = Field(
        False, description="Ask the chat model for a second opinion where the triage finds no danger."
    )
    model_triage_seconds: float = Field(
        3, gt=0, le=60, description="Longest time an answer may wait for the second opinion, in seconds."
    )
    pages: Literal["public", "desk", "all"] = Field(
        "public", description="Which pages are served: the readers', the staff's, or both."
    )
    sites: tuple[Site, ...] = Field((), description="The websites that may show the assistant.")
    public_url: str = Field(
        "", pattern="^(https?://[^/\\s]+)?$", description="Address readers reach this server at; empty: as asked for."
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Addresses or networks of web servers whose X-Forwarded-For and -Proto are believed."
    )
    hsts_seconds: int = Field(
        0,
        ge=0,
        description="How long browsers shall insist on HTTPS (Strict-Transport-Security); 0 sends no such header.",
    )
    question_rate: Rate = Field("30/minute;1000/day", description="Questions one client may ask.")
    site_rate: Rate = Field("1200/minute", description="Questions all clients of one site may ask together.")
    read_rate: Rate = Field("300/minute", description="Other requests one client may make.")
    rate_storage: str = Field(
        "memory://", description="Where rates are counted: this process's memory, or 'redis://host:6379/0' for several."
    )
    max_body_bytes: int = Field(262_144, ge=1024, le=10_000_000, description="Largest request body, in bytes.")
    upload_seconds: float = Field(10, gt=0, le=600, description="Longest time a request body may take to arrive.")
    request_seconds: float = Field(60, gt=0, le=600, description="Longest time a request or a stream may take.")
    max_streams: int = Field(200, ge=1, description="Streams open at once, of all clients.")
    max_streams_per_client: int = Field(8, ge=1, description="Streams open at once, of one client.")
    answer_threads: int = Field(4, ge=1, le=64, description="Questions answered at once by the HTTP API.")
    max_waiting: int = Field(200, ge=1, description="Questions that may wait for a free thread; further ones get 503.")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Token that opens /api/metrics; without one the address answers 404."
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port on 127.0.0.1 that serves the metrics without a token; 0 for none."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        """A misspelt address would silently trust nobody."""
        for proxy in proxies:
            ipaddress.ip_network(proxy)
        return proxies

    @field_validator("sites")
    @classmethod
    def _told_apart(cls, sites: tuple[Site, ...]) -> tuple[Site, ...]:
        names = [site.id for site in sites]
        if len(set(names)) < len(names):
            raise ValueError("two sites have the same id")
        return sites

    database_url: str = Field(
        "", description="Database of the desk as an address (postgresql://…); empty for SQLite in the data folder."
    )
    keep_unanswered: bool = Field(
        False, description="Readers may let the clinic keep a question that was answered badly or not, redacted."
    )
    keep_conversations: bool = Field(False, description="Readers may let the clinic keep any question, redacted.")
    keep_feedback_text: bool = Field(False, description="Words written beside a thumbs-down are kept, redacted.")
    ask_clinic: bool = Field(
        False, description="Readers may pass a question without an answer on to the clinic, with how to reach them."
    )
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
