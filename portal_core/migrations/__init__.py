"""The core's Alembic lineage; ``portal_core.migrate`` runs it."""
