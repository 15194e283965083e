"""Tables of places and dictionaries."""

revision = "core_0010"
down_revision = "core_0009"


def upgrade():
    pass


def downgrade():
    pass
