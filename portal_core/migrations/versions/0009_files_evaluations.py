"""Tables of files and evaluations."""

revision = "core_0009"
down_revision = "core_0008"


def upgrade():
    pass


def downgrade():
    pass
