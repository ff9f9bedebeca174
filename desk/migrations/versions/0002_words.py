"""Words of kept questions can be looked up (SQLite: FTS5, kept by triggers; PostgreSQL looks through the rows)"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLE = "CREATE VIRTUAL TABLE kept_words USING fts5(text, content='kept', content_rowid='id', tokenize='trigram')"
_REMOVE = "INSERT INTO kept_words(kept_words, rowid, text) VALUES ('delete', old.id, old.text);"
_ADD = "INSERT INTO kept_words(rowid, text) VALUES (new.id, new.text);"
_TRIGGERS = {
    "kept_words_insert": f"AFTER INSERT ON kept BEGIN {_ADD} END",
    "kept_words_delete": f"AFTER DELETE ON kept BEGIN {_REMOVE} END",
    "kept_words_update": f"AFTER UPDATE OF text ON kept BEGIN {_REMOVE} {_ADD} END",
}


def upgrade() -> None:
    """The index, filled with what is there."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute(_TABLE)
    op.execute("INSERT INTO kept_words(kept_words) VALUES ('rebuild')")
    for name, body in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {body}")


def downgrade() -> None:
    """Without it."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for name in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    op.execute("DROP TABLE kept_words")
