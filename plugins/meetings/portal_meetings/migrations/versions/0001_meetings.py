"""Tables of the meeting rooms as first released, and the rule that keeps holds apart.

Names of constraints come from the naming convention of ``portal_core.db``.
"""

import sqlalchemy as sa
from alembic import op

revision = "meetings_0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

TABLES = (
    "meetings_space",
    "meetings_room",
    "meetings_room_space",
    "meetings_room_picture",
    "meetings_closure",
    "meetings_service_item",
    "meetings_booking",
    "meetings_service_answer",
    "meetings_draft",
    "meetings_change",
    "meetings_hold",
)

# Bodies of the triggers that do on SQLite what the exclusion constraint does on PostgreSQL.
WRONG_LENGTH = """
    WHEN NEW.ends_at <= NEW.starts_at OR julianday(NEW.ends_at) - julianday(NEW.starts_at) > 32
    BEGIN SELECT RAISE(ABORT, 'a hold lasts from a moment to 32 days'); END
"""
OVERLAP = """
    WHEN EXISTS (
        SELECT 1 FROM meetings_hold AS other
        WHERE other.space_id = NEW.space_id AND other.booking_id <> NEW.booking_id
        AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at
        AND other.starts_at >= datetime(NEW.starts_at, '-32 days')
    )
    BEGIN SELECT RAISE(ABORT, 'overlap'); END
"""


def upgrade():
    _rooms()
    _bookings()
    _forms()
    _holds()
    if op.get_bind().dialect.name == "postgresql":
        _exclusion_constraint()
    else:
        _exclusion_triggers()


def downgrade():
    for table in reversed(TABLES):
        op.drop_table(table)


def _rooms():
    """What can be booked, and when it cannot."""
    op.create_table(
        "meetings_space",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
    )
    op.create_table(
        "meetings_room",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("building", sa.String(60), nullable=False),
        sa.Column("floor", sa.String(20), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("layouts", sa.JSON(), nullable=False),
        sa.Column("equipment", sa.JSON(), nullable=False),
        sa.Column("contact", sa.String(40), nullable=False),
        sa.Column("phone", sa.String(32), nullable=False),
        sa.Column("open_from", sa.Time(), nullable=False),
        sa.Column("open_to", sa.Time(), nullable=False),
        sa.Column("buffer_before", sa.Integer(), nullable=False),
        sa.Column("buffer_after", sa.Integer(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("cover_id", KEY, sa.ForeignKey("core_file.id")),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "meetings_room_space",
        sa.Column("room_id", KEY, sa.ForeignKey("meetings_room.id"), primary_key=True),
        sa.Column("space_id", KEY, sa.ForeignKey("meetings_space.id"), primary_key=True, index=True),
    )
    op.create_table(
        "meetings_room_picture",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("room_id", KEY, sa.ForeignKey("meetings_room.id"), nullable=False, index=True),
        sa.Column("file_id", KEY, sa.ForeignKey("core_file.id"), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("caption", sa.String(80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "meetings_closure",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("room_id", KEY, sa.ForeignKey("meetings_room.id"), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False, index=True),
        sa.Column("reason", sa.String(120), nullable=False),
        sa.Column("created_by_id", KEY, sa.ForeignKey("core_user.id"), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("cancelled", MOMENT),
    )
    op.create_index("ix_meetings_closure_room", "meetings_closure", ["room_id", "ends_at"])
    op.create_table(
        "meetings_service_item",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("label", sa.String(40), nullable=False),
        sa.Column("question", sa.String(80), nullable=False),
        sa.Column("at_once", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
    )


def _bookings():
    """Meetings and the services ticked for them."""
    op.create_table(
        "meetings_booking",
        sa.Column("case_id", KEY, sa.ForeignKey("core_case.id"), primary_key=True, autoincrement=False),
        sa.Column("room_id", KEY, sa.ForeignKey("meetings_room.id"), nullable=False),
        sa.Column("owner_id", KEY, sa.ForeignKey("core_user.id"), nullable=False),
        sa.Column("unit_id", KEY, sa.ForeignKey("core_department.id")),
        sa.Column("unit_name", sa.String(80), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("contact", sa.String(40), nullable=False),
        sa.Column("phone", sa.String(32), nullable=False),
        sa.Column("leaders", sa.JSON(), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name="order"),
    )
    op.create_index("ix_meetings_booking_starts_at", "meetings_booking", ["starts_at"])
    op.create_index("ix_meetings_booking_room", "meetings_booking", ["room_id", "starts_at"])
    op.create_index("ix_meetings_booking_owner", "meetings_booking", ["owner_id", "starts_at"])
    op.create_index("ix_meetings_booking_state", "meetings_booking", ["state", "ends_at"])
    op.create_table(
        "meetings_service_answer",
        sa.Column("booking_id", KEY, sa.ForeignKey("meetings_booking.case_id"), primary_key=True),
        sa.Column("item_id", KEY, sa.ForeignKey("meetings_service_item.id"), primary_key=True),
        sa.Column("label", sa.String(40), nullable=False),
        sa.Column("question", sa.String(80), nullable=False),
        sa.Column("answer", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
    )


def _forms():
    """Forms that are not, or not yet, the booking itself."""
    op.create_table(
        "meetings_draft",
        sa.Column("case_id", KEY, sa.ForeignKey("core_case.id"), primary_key=True, autoincrement=False),
        sa.Column("values", sa.JSON(), nullable=False),
    )
    op.create_table(
        "meetings_change",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("booking_id", KEY, sa.ForeignKey("meetings_booking.case_id"), nullable=False, index=True),
        sa.Column("room_id", KEY, sa.ForeignKey("meetings_room.id"), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("diff", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by_id", KEY, sa.ForeignKey("core_user.id"), nullable=False),
    )


def _holds():
    op.create_table(
        "meetings_hold",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("booking_id", KEY, sa.ForeignKey("meetings_booking.case_id"), nullable=False),
        sa.Column("change_id", KEY, sa.ForeignKey("meetings_change.id")),
        sa.Column("space_id", KEY, sa.ForeignKey("meetings_space.id"), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
    )
    op.create_index("ix_meetings_hold_space", "meetings_hold", ["space_id", "starts_at"])
    op.create_index("ix_meetings_hold_booking", "meetings_hold", ["booking_id"])


def _exclusion_constraint():
    """No two bookings hold a space at the same time. btree_gist brings equality of numbers into the GiST index."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(
        "ALTER TABLE meetings_hold ADD CONSTRAINT ex_meetings_hold_overlap EXCLUDE USING gist "
        "(space_id WITH =, tstzrange(starts_at, ends_at) WITH &&, booking_id WITH <>)"
    )


def _exclusion_triggers():
    """The same rule for SQLite, for new rows and for moved ones.

    No hold is longer than 32 days, which the first trigger sees to, so that the search need not go back to the first hold ever.
    """
    for act, name in (("INSERT", "insert"), ("UPDATE OF booking_id, space_id, starts_at, ends_at", "update")):
        op.execute(f"CREATE TRIGGER meetings_hold_length_{name} BEFORE {act} ON meetings_hold {WRONG_LENGTH}")
        op.execute(f"CREATE TRIGGER meetings_hold_overlap_{name} BEFORE {act} ON meetings_hold {OVERLAP}")
