"""Tables of deliveries."""

revision = "core_0005"
down_revision = "core_0004"


def upgrade():
    pass


def downgrade():
    pass
