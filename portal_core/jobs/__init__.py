"""Work in the background. Periodic jobs run here on both databases; a durable queue joins at ``portal_core.jobs.worker``."""
