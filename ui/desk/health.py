"""The staff's page of settings and health: what is in use, how fresh it is, and a test of itself. No secrets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import streamlit as st

from desk import golden, health, selftest
from desk.models import now
from desk.users import Users
from errors import OperatorError
from ui.desk import door
from ui.desk.door import Staff
from ui.words import Words, escape, sanitised

_FAILED = "ka_health_failed"
_KEPT = ("keep_unanswered", "keep_conversations", "keep_feedback_text")

Row = tuple[str, str]
"""A name and a value, both as they are shown."""


def show() -> None:
    """Draw the page."""
    staff = door.enter("reader")
    words = staff.words
    st.html(f'<div class="ka-library"><h2>{words.html("health_title")}</h2><p>{words.html("health_intro")}</p></div>')
    _selftest(staff)
    _table("health_answers", _answers(staff), words)
    for index in health.indexes(staff.settings):
        _table(f"health_index_{index.part}", _index(index, words), words)
    _table("health_fresh", _fresh(staff), words)
    _table("health_database", _database(staff), words)
    _table("health_sites", _sites(staff), words)
    if staff.may("admin"):
        _table("health_users", _users(staff), words)


def _selftest(staff: Staff) -> None:
    words = staff.words
    if st.button(words.text("health_test"), type="primary", key="ka-health-test"):
        bar = st.progress(0.0, words.text("health_testing", done="0", total="–"))

        def tell(done: int, total: int) -> None:
            bar.progress(done / total, words.text("health_testing", done=str(done), total=str(total)))

        try:
            rows = golden.read()
            st.session_state[_FAILED] = (len(rows), selftest.run(staff.engine, rows, tell), now())
        except OperatorError as error:
            st.warning(str(error))
        bar.empty()
    if _FAILED in st.session_state:
        asked, failed, at = st.session_state[_FAILED]
        _told(asked, failed, _moment(at, words), words)


def _told(asked: int, failed: list[selftest.Failed], at: str, words: Words) -> None:
    id = "health_tested_bad" if failed else "health_tested_well"
    told = words.html(id, asked=str(asked), failed=str(len(failed)), at=at)
    lines = "".join(
        f"<li><strong>{escape(one.question)}</strong> "
        f"{escape(' '.join(words.text(f'health_wrong_{name}', outcome=one.outcome) for name in one.wrong))}</li>"
        for one in failed
    )
    st.html(sanitised(f'<p class="ka-done" role="status">{told}</p>' + (f"<ul>{lines}</ul>" if lines else "")))


def _answers(staff: Staff) -> Iterable[Row]:
    words, settings = staff.words, staff.settings
    yield words.text("health_model"), settings.model or words.text("health_no_model")
    yield words.text("health_embedder"), settings.embedder
    yield words.text("health_country"), f"{settings.country}, {settings.language}"
    yield words.text("health_version"), staff.engine.corpus_version()
    for name in _KEPT:
        yield words.text(f"health_{name}"), _yes(bool(getattr(settings, name)), words)
    yield words.text("health_retention"), words.text("health_days", count=str(settings.retention_days))
    yield words.text("health_second_person"), _yes(settings.faq_second_person, words)


def _index(index: health.IndexHealth, words: Words) -> Iterable[Row]:
    if index.problem or not index.version:
        yield words.text("health_state"), index.problem or words.text("health_none")
        return
    yield words.text("health_embedder"), index.embedder
    yield words.text("health_built"), _moment(index.built, words)
    yield (
        words.text("health_holds"),
        words.text("health_counts", sources=f"{index.sources:,}", passages=f"{index.passages:,}"),
    )
    yield (
        words.text("health_index_version"),
        f"{index.version} ({words.text('health_layout', layout=str(index.layout))})",
    )
    yield words.text("health_generations"), str(index.generations)


def _fresh(staff: Staff) -> Iterable[Row]:
    words, found = staff.words, health.freshness(staff.settings, staff.engine, now().date())
    yield words.text("health_newest_source"), str(found.newest_source or words.text("health_none"))
    dates = [str(day) for day in (found.oldest_reviewed, found.newest_reviewed) if day]
    yield words.text("health_reviewed"), " – ".join(dates) or words.text("health_none")
    yield words.text("health_unreviewed"), str(found.unreviewed)
    yield words.text("health_stale_entries"), str(found.stale_entries)
    yield words.text("health_stale_lines"), "; ".join(found.stale_lines) or words.text("health_none")


def _database(staff: Staff) -> Iterable[Row]:
    words, found = staff.words, health.database(staff.database)
    yield words.text("health_kind"), f"{found.kind} {found.version}".strip()
    yield words.text("health_state"), words.text("health_reachable" if found.reachable else "health_unreachable")
    if found.reachable:
        yield words.text("health_tables"), found.tables
        yield words.text("health_size"), f"{(found.size or 0) / 1e6:,.1f} MB"
        at = health.last_backup(staff.database)
        yield (
            words.text("health_backup"),
            _moment(at, words)
            if at
            else words.text("health_no_backup" if staff.database.is_sqlite else "health_backup_server"),
        )


def _sites(staff: Staff) -> Iterable[Row]:
    words = staff.words
    for site in staff.settings.sites:
        yield site.id, ", ".join(site.origins) or words.text("health_any_origin")
    if not staff.settings.sites:
        yield words.text("health_state"), words.text("health_none")


def _users(staff: Staff) -> Iterable[Row]:
    for user in Users(staff.database).all():
        disabled = f", {staff.words.text('health_disabled')}" if user.disabled else ""
        yield user.name, f"{user.role}{disabled}"


def _table(title: str, rows: Iterable[Row], words: Words) -> None:
    body = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows)
    label = words.html(title)
    st.html(
        f'<h3>{label}</h3><div class="ka-scroll" tabindex="0" role="region" aria-label="{label}">'
        f'<table class="ka-table"><tbody>{body}</tbody></table></div>'
    )


def _yes(value: bool, words: Words) -> str:
    return words.text("health_yes" if value else "health_no")


def _moment(at: datetime | None, words: Words) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else words.text("health_none")


show()
