"""Where a room is in the portal's tree of places."""

import sqlalchemy as sa
from alembic import op

revision = "meetings_0002"
down_revision = "meetings_0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    with op.batch_alter_table("meetings_room") as table:
        table.add_column(sa.Column("place_id", KEY, nullable=True))
        table.create_foreign_key("fk_meetings_room_place_id", "core_place", ["place_id"], ["id"])


def downgrade():
    with op.batch_alter_table("meetings_room") as table:
        table.drop_constraint("fk_meetings_room_place_id", type_="foreignkey")
        table.drop_column("place_id")
