"""Random bookings with their cases, events and ratings, written as rows: what the services would take hours to make."""

import datetime as dt
import random

import sqlalchemy as sa

from portal_core.accounts.models import Department
from portal_core.evaluations.models import Evaluation
from portal_core.inbox.models import ACT, DONE, Case, CaseEvent, Task
from portal_meetings.flow import FLOW
from portal_meetings.models import Booking, Room
from portal_meetings.services import states as s
from portal_meetings.services.data import KINDS
from portal_meetings.services.ratings import FORM

FINAL = tuple(state.code for state in FLOW.states if state.final)
STATES = tuple(state.code for state in FLOW.states if state.code != s.DRAFT)


class World:
    """Departments in two levels and rooms; ``write`` adds bookings."""

    def __init__(self, session, owner_ids):
        self.session, self.owner_ids = session, owner_ids
        self.units, self.rooms = [], []
        for name in ("甲", "乙"):
            self._unit(name, "/")
        for name in ("甲一", "甲二"):
            self._unit(name, self.units[0].path)
        for number in range(3):
            self.rooms.append(Room(name=f"会议室{number}", building="1 号楼", capacity=20, position=number))
        session.add_all(self.rooms)
        session.flush()

    def _unit(self, name, above):
        unit = Department(name=name)
        self.session.add(unit)
        self.session.flush()
        unit.path = f"{above}{unit.id}/"
        self.units.append(unit)

    def write(self, bookings, first_number=1):
        """Rows for ``bookings``: dicts with start (aware), minutes, state, room, unit (index or None), owner, kind, scores."""
        first_id = (self.session.scalar(sa.select(sa.func.max(Case.id))) or 0) + 1
        rows = {model: [] for model in (Case, Booking, CaseEvent, Task, Evaluation)}
        for case_id, (number, booking) in enumerate(enumerate(bookings, first_number), first_id):
            self._add(rows, case_id, number, booking)
        for model, values in rows.items():
            if values:
                self.session.execute(sa.insert(model), values)
        self.session.flush()

    def _add(self, rows, case_id, number, booking):
        start, owner = booking["start"], self.owner_ids[booking["owner"] % len(self.owner_ids)]
        unit = None if booking["unit"] is None else self.units[booking["unit"] % len(self.units)].id
        filed, end = start - dt.timedelta(days=3), start + dt.timedelta(minutes=booking["minutes"])
        closed = end if booking["state"] in FINAL else None
        common = {"state": booking["state"], "title": f"=会议{number}"}
        rows[Case].append(
            common
            | {"id": case_id, "kind": s.KIND, "number": f"T{case_id}", "summary": [], "applicant_id": owner, "handler_id": owner}
            | {"department_id": unit, "state_label": "x", "version": 3, "created": filed, "changed": end, "closed": closed}
        )
        rows[Booking].append(
            common
            | {
                "case_id": case_id,
                "room_id": self.rooms[booking["room"] % len(self.rooms)].id,
                "owner_id": owner,
                "unit_id": unit,
            }
            | {"kind": booking["kind"], "starts_at": start, "ends_at": end, "people": 5, "contact": "x", "phone": "x"}
        )
        if booking["approved"] or booking["state"] in (s.APPROVED, s.CHANGE_PENDING, s.ENDED, s.RATED, s.NO_SHOW):
            rows[CaseEvent].append(
                {"case_id": case_id, "action": "approve", "action_label": "x", "to_state": s.APPROVED, "at": filed, "hash": "x"}
                | {"changes": []}
            )
        rows[Task].append(
            {"case_id": case_id, "kind": ACT, "step": "review", "verb": "x", "permission": "meetings:booking:approve"}
            | {"status": DONE, "created": filed, "due": filed + dt.timedelta(hours=4), "done_at": filed + booking["waited"]}
        )
        if booking["scores"]:
            answers = dict(zip((question.code for question in FORM.questions), booking["scores"], strict=True))
            rows[Evaluation].append(
                {"form_code": FORM.code, "form_version": 1, "subject": f"case:{case_id}", "subject_title": "x", "rater_id": owner}
                | {"answers": answers, "comment": "", "created": end, "changed": end}
            )


def any_booking(chance: random.Random, start):
    """A booking chosen by ``chance`` that begins at ``start``."""
    state = chance.choice(STATES)
    return {
        "start": start,
        "minutes": chance.randrange(15, 600, 5),
        "state": state,
        "approved": chance.random() < 0.5,
        "room": chance.randrange(3),
        "unit": chance.choice((0, 1, 2, 3, None)),
        "owner": chance.randrange(3),
        "kind": chance.choice(KINDS)[0],
        "waited": dt.timedelta(minutes=chance.randrange(1, 5000)),
        "scores": [chance.randrange(2, 6) for _question in FORM.questions] if chance.random() < 0.4 else None,
    }
