"""The audit log: who changed what, when, written in the same transaction as the change itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.models import AuditEntry, now


def log(  # noqa: PLR0913 - each of them is a column
    session: Session,
    who: str,
    what: str,
    target: tuple[str, object],
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry to the transaction of ``session``: ``target`` is a kind and an id; no text in the rest."""
    entry = AuditEntry(at=now(), who=who, what=what, target_kind=target[0], target_id=str(target[1]))
    entry.before, entry.after = dict(before or {}), dict(after or {})
    session.add(entry)


def entries(session: Session, *, limit: int = 100, before_id: int | None = None) -> Sequence[AuditEntry]:
    """The newest entries first; ``before_id`` continues behind a page's last one."""
    wanted = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before_id is not None:
        wanted = wanted.where(AuditEntry.id < before_id)
    return session.scalars(wanted).all()
