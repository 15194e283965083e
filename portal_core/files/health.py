"""Is the file store well? One quick question for every health check, and the long comparison for ``portal doctor``."""

from portal_core.declarations import HealthCheck
from portal_core.files.collector import KEEP, examine


def checks(portal) -> tuple[HealthCheck, ...]:
    """The checks for the store of ``portal``; the store is opened when they run."""
    return (
        # A portal without its pictures is better than none.
        HealthCheck("core.file_store", lambda session: portal.file_store.check(), vital=False),
        HealthCheck("core.files", lambda session: differences(session, portal), vital=False, thorough=True),
    )


def differences(session, portal) -> str | None:
    """One sentence about rows without bytes and bytes without rows, or None when there are neither.

    Bytes without a row are no harm for a day, then a job removes them; older ones mean that it does not run.
    """
    store, long_ago = portal.file_store, portal.clock.now() - 2 * KEEP
    findings = examine(session, store)
    parts = []
    if findings.missing:
        parts.append(f"{len(findings.missing)} files have lost their bytes: {', '.join(d[:12] for d in findings.missing[:5])}")
    left = [entry for entry in findings.unknown if store.changed(entry) < long_ago]
    if left:
        parts.append(f"{len(left)} objects in the store belong to no file")
    return "; ".join(parts) or None
