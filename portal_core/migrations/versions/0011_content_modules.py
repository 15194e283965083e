"""Tables of content and modules."""

revision = "core_0011"
down_revision = "core_0010"


def upgrade():
    pass


def downgrade():
    pass
