"""Tables of search."""

revision = "core_0012"
down_revision = "core_0011"


def upgrade():
    pass


def downgrade():
    pass
