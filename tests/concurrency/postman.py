"""A worker that does nothing but deliver, in a process of its own: ``python postman.py DATABASE_URL SMTP_PORT``, until killed."""

import datetime as dt
import sys
import time

from portal_core import portal as portals
from portal_core.notifications import leases
from portal_core.notifications.sending import deliver_due

# Nobody wants to wait for a minute in a test.
LEASE = dt.timedelta(seconds=4)
PAUSE_SECONDS = 0.1


def settings(url, port):
    """The ini settings of a portal that mails."""
    return {
        "portal.plugins": "meetings",
        "portal.database_url": url,
        "portal.smtp_host": "127.0.0.1",
        "portal.smtp_port": str(port),
        "portal.smtp_from": "portal@example.org",
        "portal.quiet_hours": "",
    }


def main(url, port):
    """Deliver for ever."""
    leases.LEASE = LEASE
    portal = portals.load({}, settings(url, port))
    while True:
        deliver_due(portal)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
