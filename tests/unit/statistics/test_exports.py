"""Exported lists: what stands in the workbook, who gets it, and for how long."""

import dataclasses
import datetime as dt
import io
import random
import time

import openpyxl
import pytest
import sqlalchemy as sa

from portal_core.audit.models import AuditEntry
from portal_core.clock import FixedClock
from portal_core.errors import NotFound
from portal_core.files.models import StoredFile
from portal_core.files.services import FileService
from portal_core.jobs.models import QueuedWork
from portal_core.statistics import workbook
from portal_core.statistics.asked import Asked
from portal_core.statistics.exports import ExportService, is_owner, prepare_export, remove_old, store_export
from tests.unit.statistics.facts import World, any_booking

TODAY = dt.date(2026, 11, 24)
MONTH = (TODAY.replace(day=1), TODAY + dt.timedelta(days=1))
ASKED = Asked("meetings.bookings", "meetings", MONTH)


class Steps(list):
    """Notes what a job reports."""

    def report(self, done, total):
        self.append((done, total))


@pytest.fixture
def leader(make_user):
    return make_user("boss", name="沈立群", department="市府办公室", roles=["leader"])


@pytest.fixture
def meetings(services, portal, make_user):
    """Seven meetings of this month; their titles begin like formulas."""
    world = World(services.session, [make_user("owner").id] * 3)
    base = any_booking(random.Random(1), portal.clock.at(TODAY, dt.time(9))) | {"state": "ended", "unit": 0}
    world.write([base | {"start": base["start"] - dt.timedelta(days=number)} for number in range(7)])
    return world


def export(portal, services, person, asked=ASKED):
    """The workbook's sheet, the stored file and what was reported."""
    args, steps = asked.to_json() | {"user_id": person.id}, Steps()
    data = prepare_export(portal, args, steps)
    result = store_export(services, args, data)
    return openpyxl.load_workbook(io.BytesIO(data)).active, services.session.get_one(StoredFile, result["file_id"]), steps


def test_the_sheet_says_who_when_and_what_and_has_every_row(portal, services, leader, meetings):
    sheet, file, steps = export(portal, services, leader)
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][0] == "导出人：沈立群（市府办公室） 导出时间：2026-11-24 09:30"
    assert rows[1][0] == "会议 · 会议场次 · 2026-11-01 – 2026-11-24"
    assert rows[2][:3] == ("编号", "会议名称", "会议室")
    assert len(rows) == 3 + 7
    assert str(rows[3][5]) == "2026-11-24 09:00:00", "moments as people's clocks showed them"
    assert steps == [(0, 7)]
    assert (file.owner, file.uploaded_by_id) == ("core.export", leader.id)
    assert file.name == "会议-会议场次-2026-11-01-2026-11-24.xlsx"


def test_what_looks_like_a_formula_stays_text(portal, services, leader, meetings):
    sheet, _file, _steps = export(portal, services, leader)
    cell = sheet.cell(row=4, column=2)
    assert cell.value.startswith("=会议")
    assert cell.data_type == "s", "a shared string, not f"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "\t=1", "http://x.example/", "a\x0bb"]
)
def test_no_text_becomes_anything_else(text):
    target = io.BytesIO()
    workbook.write(target, ["head & foot"], ["标题"], [[text]], lambda done: None)
    cell = openpyxl.load_workbook(io.BytesIO(target.getvalue())).active.cell(row=3, column=1)
    assert cell.data_type == "s"
    assert cell.hyperlink is None


def test_the_list_is_limited_by_the_filter(portal, services, leader, meetings):
    here, nowhere = (dataclasses.replace(ASKED, department=unit.id) for unit in meetings.units[:2])
    sheet, _file, _steps = export(portal, services, leader, here)
    assert sheet.cell(row=2, column=1).value.endswith(" · 甲")
    assert sheet.max_row == 3 + 7
    assert export(portal, services, leader, nowhere)[0].max_row == 3
    by_room = [dataclasses.replace(here, by="room", value=str(room.id)) for room in meetings.rooms]
    assert sum(export(portal, services, leader, asked)[0].max_row - 3 for asked in by_room) == 7


def test_rights_are_those_of_the_time_of_writing(portal, services, leader, meetings, make_user):
    nobody = make_user("nobody")
    with pytest.raises(NotFound):
        prepare_export(portal, ASKED.to_json() | {"user_id": nobody.id}, Steps())


def test_ordering_is_audited_and_not_done_twice_at_once(services, leader):
    exports = services.get(ExportService)
    first, second = (exports.order(ASKED, leader.identity) for _time in range(2))
    other = exports.order(dataclasses.replace(ASKED, measure="hours"), leader.identity)
    assert first == second != other
    work = services.session.get_one(QueuedWork, first)
    assert work.owner_id == leader.id
    entries = services.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "core.exported")).all()
    assert entries[0].actor_id == leader.id
    assert entries[0].detail["measure"] == "meetings"


def test_nobody_may_order_a_list_that_they_may_not_see(services, make_user):
    with pytest.raises(NotFound):
        services.get(ExportService).order(ASKED, make_user("nobody").identity)


def test_the_file_is_for_its_owner_alone_and_for_a_day(portal, services, leader, meetings, make_user):
    _sheet, file, _steps = export(portal, services, leader)
    assert is_owner(file, leader.identity)
    assert not is_owner(file, make_user("other", roles=["leader", "admin"]).identity)
    assert not is_owner(file, None)
    assert services.get(FileService).served(file).size > 1000
    for hours, left in ((23, True), (25, False)):
        remove_old(services.session, portal, FixedClock(portal.clock.now() + dt.timedelta(hours=hours)))
        services.session.expire_all()
        assert (services.get(ExportService).file(file.id, leader.identity) is not None) == left


@pytest.mark.slow
def test_fifty_thousand_rows_in_thirty_seconds(portal, services, leader, make_user):
    world = World(services.session, [make_user("owner").id] * 3)
    base = any_booking(random.Random(1), portal.clock.at(TODAY, dt.time(9))) | {"state": "ended"}
    for first in range(0, 50_000, 10_000):
        starts = (base["start"] - dt.timedelta(minutes=first + number) for number in range(10_000))
        world.write([base | {"start": start} for start in starts], first)
    args, steps = dataclasses.replace(ASKED, span=(TODAY - dt.timedelta(days=60), MONTH[1])).to_json(), Steps()
    started = time.monotonic()
    data = prepare_export(portal, args | {"user_id": leader.id}, steps)
    took = time.monotonic() - started
    assert steps[-1] == (50_000, 50_000)
    assert openpyxl.load_workbook(io.BytesIO(data), read_only=True).active.max_row == 50_003
    assert took < 30, f"{took:.1f} s"
