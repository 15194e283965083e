"""Tables of jobs and calendar."""

revision = "core_0006"
down_revision = "core_0005"


def upgrade():
    pass


def downgrade():
    pass
