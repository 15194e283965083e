"""`python -m bench [seconds]`: every speed promise of the portal as a ratio, interleaved on one real PostgreSQL.

Each line names what is compared, the ratio, the bound, and whether it holds. The exit code is the number of broken bounds.
"""

import datetime as dt
import statistics
import sys
import tempfile
from contextlib import ExitStack

from bench import data
from bench.booking import bare_bookings, portal_bookings
from bench.client import Client, throughput
from bench.export import ExportBench
from bench.servers import granian, write_ini
from bench.statements import page_counter
from portal_core import portal as portals
from portal_core.accounts.services import AccountService, RightsService
from portal_core.cli.program import read_config
from portal_core.migrate import upgrade
from portal_core.services import Services
from portal_core.testing.postgres import open_server

ROUNDS = 5
EXPORTED_ROWS = 50_000
PASSWORD = "Bench-2026!"
TODAY = dt.datetime.now(data.ZONE).date()
MONDAY = TODAY - dt.timedelta(days=TODAY.weekday())
GRID = f"/meetings/?date={MONDAY:%Y-%m-%d}&days=7"


class Report:
    """Prints one line a promise and counts the broken ones."""

    def __init__(self):
        self.broken = 0

    def line(self, what, value, bound, at_least):
        """``value`` must be at least (or at most) ``bound``."""
        good = value >= bound if at_least else value <= bound
        self.broken += not good
        print(f"{'ok    ' if good else 'BROKEN'} {what:<72} {value:6.2f}  ({'>=' if at_least else '<='} {bound})", flush=True)


def prepare(server, folder, name, bookings):
    """A database with the portal's schema, sixty rooms and ``bookings`` bookings; returns its portal and ini path."""
    ini = write_ini(folder, server.create_database(name))
    portal = portals.load(*read_config(str(ini)))
    upgrade(portal)
    with portal.database.writing() as session:
        services = Services(session, portal)
        users = {}
        for login in ("few", "many"):
            users[login], _password = services.get(AccountService).create(login, login, None)
            services.get(AccountService).set_password(users[login], PASSWORD, must_change=False)
            services.get(RightsService).assign(users[login], "clerk")
        data.add_rooms(session)
        owner = users["few"].id
        for first in range(0, bookings, 200_000):
            count = min(200_000, bookings - first)
            # The newest year comes first; older years lie behind it, as they would after a century of use.
            data.add_bookings(session, owner, count, MONDAY - dt.timedelta(days=365) * (first / data.PER_YEAR), first + 1)
        data.add_tasks(session, users["few"].id, 5, f"FEW-{name}-")
        data.add_tasks(session, users["many"].id, 100_000, f"MANY-{name}-")
    with portal.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze")
    portal.database.dispose()
    return portal, ini


def ratio(first, second, rounds=ROUNDS):
    """Median over interleaved rounds of ``first() / second()``."""
    return statistics.median(first() / second() for _round in range(rounds))


def main(seconds):
    """Run everything; returns how many promises are broken."""
    report = Report()
    with ExitStack() as stack:
        server = stack.enter_context(open_server(durable=True))
        small_folder, large_folder = (stack.enter_context(tempfile.TemporaryDirectory()) for _n in range(2))
        print("writing 20 000 and 2 000 000 bookings ...", flush=True)
        portal, small_ini = prepare(server, small_folder, "small", 20_000)
        _large, large_ini = prepare(server, large_folder, "large", 2_000_000)
        small = stack.enter_context(granian("portal_core.wsgi:application", {"PORTAL_CONFIG": str(small_ini)}))
        large = stack.enter_context(granian("portal_core.wsgi:application", {"PORTAL_CONFIG": str(large_ini)}))
        url = portal.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        floor = stack.enter_context(granian("bench.floor:application", {"FLOOR_DATABASE": url}))
        few, many, big = (Client(a).log_in(u, PASSWORD).cookies for a, u in ((small, "few"), (small, "many"), (large, "few")))

        def rate(address, path, cookies=None):
            return throughput(address, path, cookies, seconds)

        rate(small, GRID, few), rate(large, GRID, big), rate(floor, f"/?{MONDAY}")  # Warm up: templates, pools, caches.
        report.line(
            "week grid, 60 rooms, 20 000 bookings a year: part of the floor page",
            ratio(lambda: rate(small, GRID, few), lambda: rate(floor, f"/?{MONDAY}")),
            0.5,
            True,
        )
        report.line(
            "week grid with 2 000 000 bookings: times that with 20 000",
            ratio(lambda: rate(small, GRID, few), lambda: rate(large, GRID, big)),
            1.2,
            False,
        )
        report.line(
            "inbox of 100 000 open tasks: times that of 5",
            ratio(lambda: rate(small, "/inbox?tab=todo", few), lambda: rate(small, "/inbox?tab=todo", many)),
            1.2,
            False,
        )
        booking = ratio(lambda: portal_bookings(small, "few", PASSWORD), lambda: bare_bookings(url, all_rows=True))
        report.line("one booking through the whole stack: part of a bare transaction, same rows", booking, 0.4, True)
        hold_only = ratio(lambda: portal_bookings(small, "few", PASSWORD), lambda: bare_bookings(url, all_rows=False))
        print(f"       (for comparison: part of a bare transaction that inserts nothing but the hold: {hold_only:.2f})")
        statements = page_counter(portal, read_config(str(small_ini))[1], "few", PASSWORD)
        report.line("week grid: SQL statements", statements(GRID), 8, False)
        report.line("home page: SQL statements", statements("/"), 12, False)
        export = ExportBench(_large, MONDAY, EXPORTED_ROWS, data.PER_YEAR)
        slower = ratio(export.whole, export.bare, rounds=3)
        report.line(f"export of {len(export.cells)} rows: times XlsxWriter alone with the same cells", slower, 2.5, False)
        report.line("export: seconds", export.whole(), 30, False)
        portal.database.dispose()
        _large.database.dispose()
    return report.broken


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0))
