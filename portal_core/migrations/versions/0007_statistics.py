"""Tables of statistics."""

revision = "core_0007"
down_revision = "core_0006"


def upgrade():
    pass


def downgrade():
    pass
