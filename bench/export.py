"""The export of a list of the statistics, against XlsxWriter alone with the same cells."""

import datetime as dt
import io
import time

from xlsxwriter import Workbook

from portal_core.accounts.rights import RightsService
from portal_core.accounts.services import AccountService
from portal_core.services import Services
from portal_core.statistics.asked import Asked, look_up
from portal_core.statistics.exports import prepare_export
from portal_core.statistics.rows import Sheet
from portal_core.statistics.services import StatisticsService


class _Silent:
    """Progress that nobody watches."""

    def report(self, done, total):
        pass


class ExportBench:
    """``rows`` bookings of a portal's newest years, for somebody who may see all of them."""

    def __init__(self, portal, monday, rows, per_year):
        self.portal = portal
        with portal.database.writing() as session:
            services = Services(session, portal)
            user, _password = services.get(AccountService).create("exporter", "exporter", None)
            services.get(RightsService).assign(user, "leader")
            self.user_id = user.id
        # The newest booking lies half a year ahead.
        after = monday + dt.timedelta(days=182)
        first = after - dt.timedelta(days=round(365 * rows / per_year))
        self.asked = Asked("meetings.bookings", "meetings", (first, after))
        self.cells = self._read()

    def whole(self):
        """Seconds for rights, reading, names, writing: what the job does before it stores the file."""
        started = time.perf_counter()
        prepare_export(self.portal, self.asked.to_json() | {"user_id": self.user_id}, _Silent())
        return time.perf_counter() - started

    def bare(self):
        """Seconds for XlsxWriter to write the same cells, which are in memory already."""
        started = time.perf_counter()
        workbook = Workbook(io.BytesIO(), {"constant_memory": True, "remove_timezone": True})
        moment, sheet = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"}), workbook.add_worksheet()
        for number, row in enumerate(self.cells):
            for index, value in enumerate(row):
                if isinstance(value, dt.datetime):
                    sheet.write_datetime(number, index, value, moment)
                elif isinstance(value, str):
                    sheet.write_string(number, index, value)
                elif value is not None:
                    sheet.write_number(number, index, value)
        workbook.close()
        return time.perf_counter() - started

    def _read(self):
        with self.portal.database.reading() as session:
            services = Services(session, self.portal)
            statistics = services.get(StatisticsService)
            behind = look_up(statistics, self.asked, services.get(RightsService).identity_of(self.user_id))
            sheet = Sheet.of(statistics, behind.dataset, str)
            return [
                sheet.cells(row) for row in statistics.facts(behind.dataset, behind.scope).stream(behind.measure, behind.span)
            ]
