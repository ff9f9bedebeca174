"""Questions that readers asked the clinic to answer: list, assign, reply, and forget the contact once it is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from desk import audit
from desk.database import Database
from desk.inbox import check_editor
from desk.models import Ticket, User, now
from desk.records import empty_journal
from desk.users import allows
from errors import OperatorError

PAGE = 25
LONGEST_REPLY = 20_000
TICKET_STATUSES = ("open", "answered")


class TicketError(OperatorError):
    """Something can't be done with a ticket; the message says why."""


class ReplyChangedError(TicketError):
    """Somebody else wrote the reply meanwhile: ``newest`` is theirs, to be merged."""

    def __init__(self, newest: str) -> None:
        super().__init__("Somebody else changed this reply since you opened it.")
        self.newest = newest


@dataclass(frozen=True, slots=True)
class TicketPage:
    """One page of the list, and how many tickets there are in all."""

    tickets: tuple[Ticket, ...]
    total: int


class Tickets:
    """What staff see and do. Everything that changes needs the role ``editor``, and so does seeing a contact."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, user: User, status: str | None = "open", number: int = 0, size: int = PAGE) -> TicketPage:
        """The oldest open ones first, of the others the newest first; pages count from 0.

        Raises:
            DatabaseError: the database can't be reached.
        """
        mine = [Ticket.status == status] if status else []
        order = Ticket.id if status == "open" else Ticket.id.desc()
        with self._database.reading() as session:
            total = session.scalar(select(func.count()).select_from(Ticket).where(*mine)) or 0
            wanted = select(Ticket).where(*mine).order_by(order).offset(number * size).limit(size)
            found = session.scalars(wanted).all()
            session.expunge_all()
        return TicketPage(tuple(_seen_by(user, found)), total)

    def get(self, id: int, user: User) -> Ticket | None:
        """A ticket, None when it was purged."""
        with self._database.reading() as session:
            ticket = session.get(Ticket, id)
            session.expunge_all()
        return next(_seen_by(user, [ticket])) if ticket else None

    def assign(self, id: int, assignee: User | None, user: User) -> None:
        """Give a ticket to somebody, or to nobody.

        Raises:
            TicketError: the assignee is disabled, or the ticket was purged.
            NotAllowedError: the user may only read.
        """
        check_editor(user)
        if assignee and assignee.disabled:
            raise TicketError(f"“{assignee.name}” is disabled: choose somebody else.")
        with self._database.writing() as session:
            ticket = _get(session, id)
            before, ticket.assignee_id = ticket.assignee_id, assignee.id if assignee else None
            changed = {"before": {"assignee_id": before}, "after": {"assignee_id": ticket.assignee_id}}
            if before != ticket.assignee_id:
                audit.log(session, user.name, "assignee_id set", ("ticket", id), **changed)

    def reply(self, id: int, text: str, user: User, *, opened: str = "") -> None:
        """Store the reply to an open ticket; ``opened`` is what it was when the user began to write.

        Raises:
            TicketError: an empty or very long reply, or the ticket is answered or was purged.
            ReplyChangedError: somebody else wrote another one meanwhile.
            NotAllowedError: the user may only read.
        """
        check_editor(user)
        if not 1 <= len(text.strip()) <= LONGEST_REPLY:
            raise TicketError(f"A reply needs 1 to {LONGEST_REPLY:,} characters.")
        with self._database.writing() as session:
            ticket = _open(session, id)
            if (ticket.reply or "") not in (opened, text.strip()):
                raise ReplyChangedError(ticket.reply or "")
            ticket.reply = text.strip()
            audit.log(session, user.name, "reply written", ("ticket", id), after={"characters": len(ticket.reply)})

    def mark_answered(self, id: int, user: User) -> None:
        """The reader has their reply: the contact is deleted in the same moment.

        Raises:
            TicketError: it is answered already, or was purged.
            NotAllowedError: the user may only read.
        """
        check_editor(user)
        with self._database.writing() as session:
            ticket = _open(session, id)
            ticket.status, ticket.answered_at, ticket.contact = "answered", now(), None
            audit.log(session, user.name, "ticket answered, contact deleted", ("ticket", id))
        empty_journal(self._database)


def _seen_by(user: User, tickets: Sequence[Ticket]) -> Iterator[Ticket]:
    """The tickets; the contact only for who may answer."""
    for ticket in tickets:
        if not allows(user, "editor"):
            ticket.contact = None
        yield ticket


def _get(session: Session, id: int) -> Ticket:
    ticket = session.get(Ticket, id, with_for_update=True)
    if ticket is None:
        raise TicketError("This ticket was deleted meanwhile.")
    return ticket


def _open(session: Session, id: int) -> Ticket:
    ticket = _get(session, id)
    if ticket.status != "open":
        raise TicketError("This ticket has been answered already.")
    return ticket
