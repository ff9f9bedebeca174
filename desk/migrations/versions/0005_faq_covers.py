"""Kept questions that an FAQ entry was written for"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Kept questions that an FAQ entry was written for."""
    op.create_table(
        "faq_covers",
        sa.Column("entry_id", sa.String(length=200), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["faq_entries.id"], name=op.f("fk_faq_covers_entry_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["kept_id"], ["kept.id"], name=op.f("fk_faq_covers_kept_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id", "kept_id", name=op.f("pk_faq_covers")),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("faq_covers")
