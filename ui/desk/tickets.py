"""Questions that readers asked the clinic to answer: what they saw, how to reach them, and the reply."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import streamlit as st

from desk.models import Ticket
from desk.tickets import LONGEST_REPLY, PAGE, TICKET_STATUSES, ReplyChangedError, Tickets
from ui.desk import door
from ui.desk.door import Staff
from ui.desk.parts import answer_seen, assign_form, begin_at, colleagues, do, pager, say_what_was_done
from ui.words import Words, escape, literal

_STYLE = Path(__file__).parent / "inbox.css"
_OPEN = "ka_ticket_open"
_PAGE = "ka_ticket_page"
_STATUS = "ka_ticket_status"
_BEGUN = "ka_ticket_begun"
SHORT = 160


def show() -> None:
    """Draw the page."""
    staff = door.enter("reader")
    st.html(_STYLE)
    tickets = Tickets(staff.database)
    opened = st.session_state.get(_OPEN)
    ticket = tickets.get(opened, staff.user) if opened is not None else None
    if ticket:
        _ticket(staff, tickets, ticket)
    else:
        _list(staff, tickets)


def _list(staff: Staff, tickets: Tickets) -> None:
    words = staff.words
    intro = words.html("tickets_intro" if staff.settings.ask_clinic else "tickets_off")
    st.html(f'<div class="ka-library"><h2>{words.html("tickets_title")}</h2><p>{intro}</p></div>')
    say_what_was_done(words)
    status = st.segmented_control(
        words.text("tickets_which"),
        TICKET_STATUSES,
        default=st.session_state.get(_STATUS, "open"),
        required=True,
        format_func=lambda value: words.text(f"tickets_status_{value}"),
        key="ka_ticket_which",
    )
    if st.session_state.get(_STATUS) != status:
        st.session_state[_STATUS], st.session_state[_PAGE] = status, 0
    number = int(st.session_state.get(_PAGE, 0))
    found = tickets.page(staff.user, status, number)
    st.html(f'<p class="ka-small" role="status">{words.html("tickets_found", count=f"{found.total:,}")}</p>')
    names = {id: user.name for id, user in colleagues(staff).items()}
    for ticket in found.tickets:
        _line(ticket, names, words)
    wanted = pager(words, number, -(-found.total // PAGE), "ka-tickets")
    if wanted != number and found.total:
        st.session_state[_PAGE] = wanted
        st.rerun()


def _line(ticket: Ticket, names: dict[int, str], words: Words) -> None:
    with st.container(border=True, key=f"ka-line-{ticket.id}"):
        st.html(f'<p class="ka-small">{_facts(ticket, names, words)}</p>')
        text = " ".join(ticket.question.split())
        if st.button(
            literal(text if len(text) <= SHORT else f"{text[:SHORT]}…"), key=f"ka-open-{ticket.id}", type="tertiary"
        ):
            st.session_state[_OPEN] = ticket.id
            st.rerun()


def _facts(ticket: Ticket, names: dict[int, str], words: Words) -> str:
    told = [
        words.text(f"tickets_status_{ticket.status}"),
        ticket.at.strftime("%Y-%m-%d %H:%M"),
        words.text(f"ask_clinic_{ticket.route}"),
        names.get(ticket.assignee_id or 0, ""),
    ]
    return " · ".join(escape(part) for part in told if part)


def _ticket(staff: Staff, tickets: Tickets, ticket: Ticket) -> None:
    words = staff.words
    if st.button(words.text("tickets_back"), key="ka-ticket-back"):
        st.session_state.pop(_OPEN, None)
        st.rerun()
    say_what_was_done(words)
    names = {id: user.name for id, user in colleagues(staff).items()}
    st.html(
        f'<section class="ka-asked"><h2 class="ka-asked-text">{escape(ticket.question)}</h2>'
        f'<p class="ka-small">{_facts(ticket, names, words)}</p>'
        f"<h3>{words.html('inbox_answer')}</h3>{answer_seen(ticket.sources, words)}</section>"
    )
    if ticket.status == "open" and staff.may("editor"):
        _answer(staff, tickets, ticket)
        return
    reply = escape(ticket.reply or words.text("tickets_no_reply"))
    st.html(f'<h3>{words.html("tickets_reply")}</h3><p class="ka-asked-text">{reply}</p>')


def _answer(staff: Staff, tickets: Tickets, ticket: Ticket) -> None:
    """What an editor does: write, copy or mail the reply, and end the ticket."""
    words, user, id = staff.words, staff.user, ticket.id
    st.html(f"<h3>{words.html('tickets_reply')}</h3>")
    _reply_form(staff, tickets, ticket)
    st.html(f'<p>{words.html("tickets_contact")} <span class="ka-contact">{escape(ticket.contact or "")}</span></p>')
    if ticket.reply:
        st.html(f'<p class="ka-small">{words.html("tickets_copy")}</p>')
        st.code(ticket.reply, language=None, wrap_lines=True)
    st.html(f"<p>{_link(ticket, words, staff.settings.clinic_name)}</p>")
    assign_form(staff, ticket.assignee_id, f"ka_ticket_assign_{id}", lambda who: tickets.assign(id, who, user))
    st.html(f'<p class="ka-small">{words.html("tickets_answered_told")}</p>')
    if st.button(words.text("tickets_mark_answered"), key=f"ka-ticket-answered-{id}"):
        do(lambda: tickets.mark_answered(id, user), "tickets_marked_answered")


def _reply_form(staff: Staff, tickets: Tickets, ticket: Ticket) -> None:
    """The reply, stored only when nobody else changed it since it was begun here."""
    words, key = staff.words, f"ka_ticket_reply_{ticket.id}"
    begun = st.session_state.setdefault(f"{_BEGUN}_{ticket.id}", ticket.reply or "")
    begin_at(key, ticket.reply or "")
    with st.form(f"{key}-form", border=False):
        text = st.text_area(words.text("tickets_reply_label"), max_chars=LONGEST_REPLY, height=220, key=key)
        pressed = st.form_submit_button(words.text("tickets_store"), type="primary")
    if pressed:
        do(lambda: _store(tickets, ticket.id, text, begun, staff), "tickets_stored")


def _store(tickets: Tickets, id: int, text: str, begun: str, staff: Staff) -> None:
    """Store a reply; after another's was found it is shown, and storing again puts this one in its place."""
    key = f"{_BEGUN}_{id}"
    try:
        tickets.reply(id, text, staff.user, opened=begun)
    except ReplyChangedError as error:
        st.session_state[key] = error.newest
        st.html(f'<p class="ka-small">{staff.words.html("tickets_theirs")}</p>')
        st.code(error.newest, language=None, wrap_lines=True)
        raise
    st.session_state[key] = text.strip()


def _link(ticket: Ticket, words: Words, clinic: str) -> str:
    """A link that opens the mail program with the reply in it, or dials."""
    if ticket.contact is None:
        return ""
    if ticket.route == "phone":
        dialled = "".join(character for character in ticket.contact if character in "+0123456789")
        return f'<a href="tel:{dialled}">{words.html("tickets_call", number=ticket.contact)}</a>'
    subject, body = quote(words.text("tickets_subject", clinic=clinic)), quote(ticket.reply or "")
    address = f"mailto:{quote(ticket.contact, safe='@')}?subject={subject}&body={body}"
    return f'<a href="{escape(address)}">{words.html("tickets_mail")}</a>'


show()
