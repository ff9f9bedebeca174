"""Group kept questions that ask much the same: each joins the group whose first question it is nearest to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from desk.database import Database
from desk.models import Group, Kept
from ingest.embed import Vectors

NEAR = 0.75
"""Least cosine to a group's first question for joining it (docs/desk.md has the measurement)."""

BATCH = 500
Embed = Callable[[Sequence[str]], Vectors]


def group_new(database: Database, embed: Embed, embedder: str, most: int | None = None) -> int:
    """Put questions that have no group yet into one, the oldest first: how many had none.

    Args:
        database: where they lie.
        embed: gives unit vectors of texts.
        embedder: its name; groups that another one made are made anew, since vectors of two can't be compared.
        most: how many at most; None for all.

    Raises:
        DatabaseError: the database can't be reached.
    """
    _forget_others(database, embedder)
    done = 0
    while most is None or done < most:
        count = _group_batch(database, embed, embedder, BATCH if most is None else min(BATCH, most - done))
        if not count:
            break
        done += count
    return done


def assign(vectors: Vectors, leaders: Vectors) -> tuple[list[int], list[int]]:
    """For each vector the number of its group, and the positions of the vectors that begin a new one.

    New groups are numbered behind the ``leaders`` there are, in the order of ``vectors``.
    """
    known = len(leaders)
    near = vectors @ leaders.T if known else np.zeros((len(vectors), 0), np.float32)
    among = vectors @ vectors.T
    numbers: list[int] = []
    begun: list[int] = []
    for position in range(len(vectors)):
        scores = np.concatenate([near[position], among[position, begun]])
        best = int(scores.argmax()) if len(scores) else -1
        if best < 0 or scores[best] < NEAR:
            best = known + len(begun)
            begun.append(position)
        numbers.append(best)
    return numbers, begun


def _forget_others(database: Database, embedder: str) -> None:
    """Delete groups of another embedder; takes the write lock only when there are any."""
    others = Group.embedder != embedder
    with database.reading() as session:
        if session.scalar(select(Group.id).where(others).limit(1)) is None:
            return
    with database.writing() as session:
        session.execute(delete(Group).where(others))


def _group_batch(database: Database, embed: Embed, embedder: str, size: int) -> int:
    """Embeds outside the transaction; what another process grouped meanwhile is left as it is."""
    with database.reading() as session:
        waiting = select(Kept.id, Kept.text).where(Kept.group_id.is_(None)).order_by(Kept.id).limit(size)
        rows = session.execute(waiting).all()
    if not rows:
        return 0
    found, vectors = len(rows), embed([row.text for row in rows])
    with database.writing() as session:
        mine = Kept.id.in_([row.id for row in rows]), Kept.group_id.is_(None)
        still = set(session.scalars(select(Kept.id).where(*mine).with_for_update()))
        vectors = vectors[[row.id in still for row in rows]]
        rows = [row for row in rows if row.id in still]
        if not rows:
            return found
        ids, leaders = _leaders(session, embedder, vectors.shape[1])
        numbers, begun = assign(vectors, leaders)
        new = [Group(embedder=embedder, leader=vectors[position].astype("<f4").tobytes()) for position in begun]
        session.add_all(new)
        session.flush()
        ids += [group.id for group in new]
        changes = [{"id": row.id, "group_id": ids[number]} for row, number in zip(rows, numbers, strict=True)]
        session.execute(update(Kept), changes)
    return found


def _leaders(session: Session, embedder: str, dimension: int) -> tuple[list[int], Vectors]:
    rows = session.execute(select(Group.id, Group.leader).where(Group.embedder == embedder).order_by(Group.id)).all()
    joined = b"".join(row.leader for row in rows)
    return [row.id for row in rows], np.frombuffer(joined, "<f4").reshape(len(rows), dimension).astype(np.float32)
