"""The desk's tables. What readers wrote stands in ``Kept``, ``Feedback`` and ``Ticket`` alone, redacted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, LargeBinary, MetaData, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

STATUSES = ("open", "covered", "out_of_scope")
DOCUMENT_STATUSES = ("uploaded", "approved", "live", "withdrawn", "failed")
ROLES = ("reader", "editor", "admin")
"""What a user may do, each role all that the one before may."""


class Utc(TypeDecorator[datetime]):
    """A moment, in UTC in the database and with its zone in the program."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What is stored: UTC without its zone."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What is read: the same moment with its zone."""
        return value.replace(tzinfo=UTC) if value else None


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """All tables of the desk."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Utc, dict[str, Any]: JSON, str: String(200)}  # noqa: RUF012


class DailyCount(Base):
    """How many answers of a sort were given on a day; no text, no hour."""

    __tablename__ = "daily_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    composer: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class ResponseTime(Base):
    """How many answers of a day took up to ``up_to_ms`` milliseconds."""

    __tablename__ = "response_times"

    day: Mapped[date] = mapped_column(primary_key=True)
    up_to_ms: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int]


class CitedCount(Base):
    """In how many answers of a day a source was cited."""

    __tablename__ = "cited_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class User(Base):
    """Somebody of the clinic who may sign in."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    password_hash: Mapped[str]
    disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)


class StaffSession(Base):
    """One sign-in; only a hash of its token is stored."""

    __tablename__ = "staff_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class LoginFailure(Base):
    """A sign-in that didn't succeed (yet): counted for the lock-out, whether or not the name exists."""

    __tablename__ = "login_failures"
    __table_args__ = (Index(None, "name", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    at: Mapped[datetime]


class AuditEntry(Base):
    """Who changed what, when. The database refuses to change or delete a row."""

    __tablename__ = "audit_log"
    __table_args__ = (Index(None, "target_kind", "target_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str]
    what: Mapped[str]
    target_kind: Mapped[str]
    target_id: Mapped[str]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]


class Group(Base):
    """Kept questions that ask much the same; ``leader`` is the first one's vector (float32)."""

    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    embedder: Mapped[str] = mapped_column(index=True)
    leader: Mapped[bytes] = mapped_column(LargeBinary)


class Kept(Base):
    """A reader's question without identifiers, kept with consent, and the answer it got."""

    __tablename__ = "kept"
    __table_args__ = (
        # Holds all that the list filters and groups by, so that 100,000 rows needn't be read for it.
        Index("ix_kept_list", "status", "group_id", "reason", "language", "site", "assignee_id", "at"),
        Index(None, "group_id"),
        Index(None, "assignee_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[datetime] = mapped_column(index=True)
    text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str]
    outcome: Mapped[str]
    confidence: Mapped[str]
    language: Mapped[str]
    site: Mapped[str]
    consent_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="open")
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="SET NULL"))
    # Last, so that a search in the texts needn't read past it.
    answer: Mapped[dict[str, Any]]


class Note(Base):
    """A remark of the staff on a kept question."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("kept.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    who: Mapped[str]
    text: Mapped[str] = mapped_column(Text)


class Feedback(Base):
    """One vote on one answer; a later vote on it replaces the earlier one."""

    __tablename__ = "feedback"

    answer_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    helpful: Mapped[bool]
    outcome: Mapped[str]
    text: Mapped[str | None] = mapped_column(Text)


class Ticket(Base):
    """A question that a reader asked the clinic to answer; ``contact`` is deleted once it was answered."""

    __tablename__ = "tickets"
    __table_args__ = (Index(None, "status", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    question: Mapped[str] = mapped_column(Text)
    sources: Mapped[dict[str, Any]]
    route: Mapped[str]
    contact: Mapped[str | None] = mapped_column(Text)
    consent_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="open")
    reply: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class FaqRecord(Base):
    """An FAQ entry of the desk; ``lock`` counts its changes, so that a second editor is told of the first."""

    __tablename__ = "faq_entries"

    id: Mapped[str] = mapped_column(primary_key=True)
    lock: Mapped[int] = mapped_column(default=0)
    live_version: Mapped[int | None]


class FaqVersion(Base):
    """One version of an entry, as the text of a file of ``corpus/faq``; versions are never changed, only added."""

    __tablename__ = "faq_versions"

    entry_id: Mapped[str] = mapped_column(ForeignKey("faq_entries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[str] = mapped_column(Text)
    state: Mapped[str]
    author: Mapped[str]
    at: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]


class FaqCovers(Base):
    """A kept question that is covered once the entry written for it goes live."""

    __tablename__ = "faq_covers"

    entry_id: Mapped[str] = mapped_column(ForeignKey("faq_entries.id", ondelete="CASCADE"), primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("kept.id", ondelete="CASCADE"), primary_key=True)


class Document(Base):
    """A document that staff uploaded, named or wrote, and where it stands.

    ``pages`` are its text as staff see and correct it; ``notes`` what was odd when it was read, as [message, whether
    it must be ticked]; ``ticked`` the keys of suspicious passages that an editor let pass; ``authors`` who made what
    isn't approved yet. ``live_text`` is the approved file, which stays in place while a change waits for approval.
    """

    __tablename__ = "documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    address: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    matter: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(index=True)
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    lock: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None] = mapped_column(Text)
    pages: Mapped[list[str]] = mapped_column(JSON, default=list, deferred=True)
    notes: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)
    ticked: Mapped[list[str]] = mapped_column(JSON, default=list)
    authors: Mapped[list[str]] = mapped_column(JSON, default=list)
    live_text: Mapped[str | None] = mapped_column(Text, deferred=True)


class GoldenQuestion(Base):
    """A question of the staff that is asked of both versions before a new one goes live; written by staff."""

    __tablename__ = "golden_questions"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(500), unique=True)
    added_by: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(default=now)
