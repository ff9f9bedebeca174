"""Documents: their text, what is odd about it, who wrote it, and the approved file"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Documents get their text, what is odd about it, who wrote it, and the approved file."""
    with op.batch_alter_table("documents") as table:
        table.add_column(sa.Column("lock", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("reason", sa.Text(), nullable=True))
        for name in ("pages", "notes", "ticked", "authors"):
            table.add_column(sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("live_text", sa.Text(), nullable=True))
        table.create_index("ix_documents_sha256", ["sha256"])


def downgrade() -> None:
    """Undo it."""
    with op.batch_alter_table("documents") as table:
        table.drop_index("ix_documents_sha256")
        for name in ("live_text", "authors", "ticked", "notes", "pages", "reason", "lock"):
            table.drop_column(name)
