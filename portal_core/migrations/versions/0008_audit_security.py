"""Tables of audit and security."""

revision = "core_0008"
down_revision = "core_0007"


def upgrade():
    pass


def downgrade():
    pass
