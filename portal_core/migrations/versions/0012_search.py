"""The index of the search. SQLite finds words in a full-text table that triggers fill, PostgreSQL in a vector with an index."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "core_0012"
down_revision = "core_0011"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Not named like the core's tables, because SQLite makes several tables of it that no model describes.
FULL_TEXT = "fts_core_search"


def upgrade():
    op.create_table(
        "core_search_entry",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
        sa.UniqueConstraint("kind", "object_id"),
    )
    op.create_table(
        "core_search_progress",
        sa.Column("kind", sa.String(64), primary_key=True),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        _full_text()
    else:
        op.execute("CREATE INDEX gin_core_search_entry_words ON core_search_entry USING gin (words)")


def downgrade():
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TABLE {FULL_TEXT}")
    op.drop_table("core_search_progress")
    op.drop_table("core_search_entry")


def _full_text():
    op.execute(f"CREATE VIRTUAL TABLE {FULL_TEXT} USING fts5(words, tokenize = 'unicode61 remove_diacritics 0')")
    insert = f"INSERT INTO {FULL_TEXT} (rowid, words) VALUES (new.id, new.words);"  # noqa: S608 - a constant
    delete = f"DELETE FROM {FULL_TEXT} WHERE rowid = old.id;"  # noqa: S608 - a constant
    for name, moment, work in (
        ("added", "INSERT", insert),
        ("changed", "UPDATE", delete + insert),
        ("removed", "DELETE", delete),
    ):
        op.execute(f"CREATE TRIGGER core_search_entry_{name} AFTER {moment} ON core_search_entry BEGIN {work} END")
