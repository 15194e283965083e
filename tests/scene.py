"""The whole portal with something of everything in it, for tests that attack it from outside.

A test module names ``scene`` of this one as its own: one application and one database for the module, because these tests ask
very many questions and most of the answers must leave everything as it was.
"""

import datetime as dt
import io
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from PIL import Image

from portal_core.accounts.models import Grant
from portal_core.accounts.services import AccountService, DepartmentService, RightsService
from portal_core.clock import FixedClock
from portal_core.evaluations.models import Evaluation
from portal_core.files.services import FileService
from portal_core.inbox.models import Case, CaseEvent, Task
from portal_core.inbox.services import CaseService
from portal_core.notifications.models import Notification
from portal_core.services import Services
from portal_core.testing.fixtures import PASSWORD, running
from portal_core.testing.webapp import PortalApp
from portal_meetings import permissions as p
from portal_meetings.models import (
    Booking,
    Change,
    Closure,
    Draft,
    Hold,
    Room,
    RoomPicture,
    RoomSpace,
    ServiceItem,
    Space,
    room_scope,
)
from portal_meetings.services.bookings import BookingService
from portal_meetings.services.data import BookingData
from portal_meetings.services.lifecycle import finish_ended
from tests import parts

# What a refused request must leave as it was.
WRITTEN = (
    *(Case, Task, CaseEvent, Notification, Evaluation, Grant),
    *(Booking, Hold, Change, Draft, Room, RoomPicture, Closure, ServiceItem),
    *parts.joined("WRITTEN"),
)
PEOPLE = (
    ("staff", "杨晓", "机关事务中心", ("clerk",)),
    ("staff2", "李静", "机关工委", ("clerk",)),
    ("leader", "沈立群", "市府办公室", ("leader",)),
    ("meetings-admin", "周敏", "机关事务中心", ("meetings-admin",)),
    ("admin", "王磊", "机关事务中心", ("admin",)),
    # Has rights in the first room only.
    ("keeper", "吴桂芳", "机关事务中心", ()),
    # Holds no right at all.
    ("guest", "何平", "机关工委", ()),
)
KEEPER_RIGHTS = (p.APPROVE, p.VIEW, p.MANAGE_ROOM)
_CHANGES_EACH_TIME = re.compile(r'nonce-?[="\']*[\w-]{20,}|name="csrf_token" value="[^"]*"|content="[\w-]{43}"')


@dataclass
class Scene:
    """What there is. ``browsers`` are logged in by login name; ``visitor`` is not. ``cases`` are numbers by what they are for."""

    app: PortalApp
    people: dict
    browsers: dict
    rooms: SimpleNamespace
    items: SimpleNamespace
    cases: dict
    file: str = ""
    message: int = 0
    picture: int = 0
    closure: int = 0
    ids: dict = field(default_factory=dict)
    more: dict = field(default_factory=dict)

    @property
    def visitor(self):
        """A browser of somebody who is not logged in."""
        return self.app.another()

    def counts(self):
        """How many rows there are of everything that a request could leave behind half-written."""
        with self.app.reading() as session:
            return {model.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(model)) for model in WRITTEN}

    def state(self, number):
        """State and version of a case."""
        with self.app.reading() as session:
            return tuple(session.execute(sa.select(Case.state, Case.version).where(Case.number == number)).one())

    def token(self, who):
        """The CSRF token of ``who``'s session."""
        return token_of(self.browsers[who])

    def login(self, who):
        """Another browser in which ``who`` is logged in."""
        browser = self.app.another()
        browser.login(self.people[who])
        return browser

    def book(self, who, room_id, start, hours=2, moment=None, **more):
        """The number of a new booking that begins ``start`` (days, hour) from today; ``moment`` is when it was filed."""
        with self.services(moment) as services:
            data = meeting(self.app.portal.clock, room_id, start, hours, **more)
            booking = services.get(BookingService).book(self.people[who].identity, data)
            number = services.get(CaseService).get(booking.case_id).number
            self.ids[number] = booking.case_id
            return number

    def act(self, who, number, action, opinion="", moment=None):
        """``who`` does ``action`` on a case."""
        with self.services(moment) as services:
            cases, identity = services.get(CaseService), self.people[who].identity
            cases.perform(cases.visible(number, identity), action, identity, opinion=opinion)

    def services(self, moment=None):
        """Services over a transaction that is committed at the end, at ``moment`` or now."""
        return services_at(self.app.portal, moment)


@contextmanager
def services_at(portal, moment=None):
    """Services over a transaction of their own, whose clock stands at ``moment`` (now when it is None)."""
    with portal.database.writing() as session:
        yield Services(session, portal, FixedClock(moment) if moment else portal.clock)


def meeting(clock, room_id, start, hours=2, **more):
    """A valid form: a meeting of ``hours`` that begins ``(days from today, hour)``."""
    begins = clock.at(clock.today() + dt.timedelta(days=start[0]), dt.time(start[1]))
    values = {"title": "工作例会", "kind": "work", "people": 8, "contact": "杨晓", "phone": "13800000000"} | more
    return BookingData(room_id=room_id, starts_at=begins, ends_at=begins + dt.timedelta(hours=hours), **values)


def picture(kind="JPEG", size=(320, 200), colour="teal"):
    """The bytes of a picture."""
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, kind)
    return target.getvalue()


def token_of(browser):
    """The CSRF token of a browser's session; read once, because it stays the same."""
    if not hasattr(browser, "csrf_token"):
        browser.csrf_token = browser.get("/me").html.select_one("input[name=csrf_token]")["value"]
    return browser.csrf_token


def settled(response, *own_words):
    """The page without what differs each time it is made, and without ``own_words``, to compare what two people are told."""
    text = _CHANGES_EACH_TIME.sub("·", response.text)
    for word in sorted(filter(None, own_words), key=len, reverse=True):
        text = text.replace(word, "·")
    return text


@pytest.fixture(scope="module")
def scene(_application, backend, _stores, tmp_path_factory):
    """See the module."""
    store = _stores(backend)
    url = store.create(migrated=True)
    with running(*_application, url, tmp_path_factory.mktemp("scene")) as app:
        yield _furnish(app)
    store.drop(url)


def _furnish(app):
    with app.services() as services:
        people = _people(services)
        rooms, items = _rooms(services), _items(services)
        for permission in KEEPER_RIGHTS:
            services.get(RightsService).grant(permission, room_scope(rooms.first), user_id=people["keeper"].id)
    with app.services() as services:
        for person in people.values():
            person.identity = services.get(RightsService).identity_of(person.id)
    made = Scene(app, people, {}, rooms, items, {})
    made.browsers = {login: made.login(login) for login in people}
    _cases(made)
    _things(made)
    parts.each("furnish", made)
    return made


def _people(services):
    accounts, units, rights = services.get(AccountService), services.get(DepartmentService), services.get(RightsService)
    people = {}
    for login, name, unit, roles in PEOPLE:
        user, _password = accounts.create(login, name, units.find_or_create(unit), phone="13800000000")
        accounts.set_password(user, PASSWORD, must_change=False)
        for role in roles:
            rights.assign(user, role)
        people[login] = SimpleNamespace(id=user.id, login=login, name=name, password=PASSWORD, identity=None)
    return people


def _rooms(services):
    """Two ordinary rooms, a restricted one, one out of use, and a hall over two halves."""
    session, made = services.session, {}
    plans = (
        ("first", "东会议室", 1, {}),
        ("second", "西会议室", 1, {}),
        ("restricted", "接待室", 1, {"restricted": True}),
        ("closed", "旧会议室", 1, {"active": False}),
        ("hall", "多功能厅", 2, {}),
    )
    for position, (key, name, floors, more) in enumerate(plans):
        spaces = [Space(name=f"{name} {n}") for n in range(floors)]
        facts = {"building": "1 号楼", "floor": "2 层", "capacity": 40, "layouts": [["课桌式", 40]], "equipment": ["投影"]}
        room = Room(name=name, position=position, **facts, **more)
        session.add_all([room, *spaces])
        session.flush()
        session.add_all(RoomSpace(room_id=room.id, space_id=space.id) for space in spaces)
        made[key] = room.id
    session.flush()
    return SimpleNamespace(**made)


def _items(services):
    sign = ServiceItem(label="席签", question="席签要求（人数、姓名、摆放）", position=1)
    tea = ServiceItem(label="茶水", position=2)
    services.session.add_all([sign, tea])
    services.session.flush()
    return SimpleNamespace(sign=sign.id, tea=tea.id)


def _cases(scene):
    rooms, cases, now = scene.rooms, scene.cases, scene.app.portal.clock.now()
    cases["pending"] = scene.book("staff", rooms.first, (2, 9))
    cases["other_room"] = scene.book("staff", rooms.second, (2, 9))
    cases["approved"] = scene.book("staff", rooms.second, (3, 9), title="专题研究会")
    cases["secret"] = scene.book("staff", rooms.second, (3, 14), title="绝密专题会", confidential=True)
    cases["foreign"] = scene.book("staff2", rooms.second, (4, 9), title="机关党建会")
    cases["ended"] = scene.book("staff", rooms.first, (-1, 9), moment=now - dt.timedelta(days=4))
    for key in ("approved", "secret"):
        scene.act("meetings-admin", cases[key], "approve")
    scene.act("meetings-admin", cases["ended"], "approve", moment=now - dt.timedelta(days=3))
    with scene.services() as services:
        finish_ended(services.session, scene.app.portal, services.clock)
        case = services.get(BookingService).save_draft(scene.people["staff"].identity, {"title": "没写完的"})
        cases["draft"] = case.number


def _things(scene):
    """A message and a picture of the second room."""
    with scene.app.reading() as session:
        to_staff = Notification.user_id == scene.people["staff"].id
        scene.message = session.scalar(sa.select(Notification.id).where(to_staff).limit(1))
    with scene.services() as services:
        stored = services.get(FileService).save_bytes(picture(), "room.jpg", "meetings", scene.people["meetings-admin"].identity)
        shown = RoomPicture(room_id=scene.rooms.second, file_id=stored.id, kind="photo")
        now = services.clock.now()
        closure = Closure(
            room_id=scene.rooms.hall,
            starts_at=now,
            ends_at=now + dt.timedelta(days=1),
            reason="检修",
            created_by_id=scene.people["meetings-admin"].id,
            created=now,
        )
        services.session.add_all([shown, closure])
        services.session.flush()
        scene.file = f"/files/{stored.id}/{stored.digest[:12]}.jpg"
        scene.picture, scene.closure = shown.id, closure.id
