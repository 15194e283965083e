"""The Alembic lineage of the plugin."""
