"""What administrators do with the tree of units. Units are never deleted: what was filed for them keeps its unit."""

from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.accounts.departments import MAX_NAME, DepartmentService, in_order
from portal_core.accounts.guard import DEPARTMENTS, RightsGuard
from portal_core.accounts.identity import Identity
from portal_core.accounts.models import Department, User, UserDepartment
from portal_core.audit.services import AuditService
from portal_core.errors import Conflict, Invalid, NotFound, Stale
from portal_core.i18n import _
from portal_core.services import Services

SHORT_LENGTH = 40
# ``path`` is 255 characters long; ids of six digits still leave room for this many levels.
MAX_DEPTH = 20


@dataclass(frozen=True)
class UnitData:
    """What is typed about a unit. ``position`` orders siblings; ``leader`` is the login of the head, empty for none."""

    name: str
    short_name: str
    position: int
    leader: str = ""


@dataclass(frozen=True)
class UnitLine:
    """A unit as a line of the tree. ``depth`` counts from 0; ``people`` are active and have it as one of their units."""

    id: int
    name: str
    short_name: str
    depth: int
    leader: str
    people: int
    active: bool


class DepartmentAdmin:
    """See the module."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session
        self.guard = services.get(RightsGuard)

    def get(self, department_id: int) -> Department:
        """The unit, active or not. Raises NotFound."""
        unit = self.session.get(Department, department_id)
        if unit is None:
            raise NotFound()
        return unit

    def lines(self, closed: bool = False) -> list[UnitLine]:
        """The whole tree, each unit after the one above it. ``closed``: with the deactivated ones. Two statements."""
        query = sa.select(Department, User.name).outerjoin(User, User.id == Department.leader_id)
        rows = self.session.execute(query if closed else query.where(Department.active)).all()
        people = self._people()
        leaders = {unit.id: leader or "" for unit, leader in rows}
        return [
            UnitLine(
                unit.id,
                unit.name,
                unit.short_name,
                depth_of(unit),
                leaders[unit.id],
                people.get(unit.id, 0),
                unit.active,
            )
            for unit in in_order([unit for unit, _leader in rows])
        ]

    def _people(self):
        main = sa.select(User.department_id, User.id.label("user_id")).where(User.active, User.department_id.is_not(None))
        further = sa.select(UserDepartment.department_id, UserDepartment.user_id).join(User, User.id == UserDepartment.user_id)
        both = sa.union_all(main, further.where(User.active)).subquery()
        counted = sa.select(both.c.department_id, sa.func.count()).group_by(both.c.department_id)
        return dict(self.session.execute(counted).all())

    def leader_login(self, unit: Department) -> str:
        """The login of the unit's head, empty for none."""
        return self.session.scalar(sa.select(User.login).where(User.id == unit.leader_id)) or ""

    def parents(self, unit: Department | None) -> list[Department]:
        """The active units below which ``unit`` may stand: all but itself and those below it."""
        tree = self.services.get(DepartmentService).tree()
        return [other for other in tree if unit is None or not other.path.startswith(unit.path)]

    # -- writing ---------------------------------------------------------------------------------------------------

    def create(self, actor: Identity, data: UnitData, parent_id: int | None) -> Department:
        """Make a unit. Raises Invalid with the fields that are wrong."""
        self.guard.require(actor, DEPARTMENTS)
        parent = self._parent(parent_id)
        leader_id = self._check(data, parent, None)
        unit = self.services.get(DepartmentService).create(data.name, parent, data.short_name, data.position)
        unit.leader_id = leader_id
        self.session.flush()
        self._note(actor, "core.department_created", unit, {"parent": parent.name if parent else ""})
        return unit

    def update(self, actor: Identity, unit: Department, data: UnitData, parent_id: int | None, version: int) -> None:
        """Rename, reorder, move, and name the head. Raises Invalid, and Stale when somebody else changed the unit meanwhile."""
        self.guard.require(actor, DEPARTMENTS)
        # Moves queue, so that two of them cannot make a ring of units below each other.
        self.session.execute(sa.select(Department.id).where(Department.parent_id.is_(None)).with_for_update())
        parent = self._parent(parent_id)
        leader_id = self._check(data, parent, unit)
        old = self._values(unit)
        renewed = sa.update(Department).where(Department.id == unit.id, Department.version == version)
        options = {"synchronize_session": False}
        if not self.session.execute(renewed.values(version=version + 1), execution_options=options).rowcount:  # type: ignore[attr-defined]
            raise Stale(_("This has changed meanwhile; please look again."))
        unit.name, unit.short_name, unit.position = data.name, data.short_name or data.name[:SHORT_LENGTH], data.position
        unit.leader_id = leader_id
        with self.guard.watching():
            # Grants to a unit reach everybody below it.
            self._move(unit, parent)
        self.session.expire(unit)
        new = self._values(self.get(unit.id))
        self.services.get(AuditService).record_change(actor, "core.department", unit.id, old, new, detail={"unit": new["name"]})

    def deactivate(self, actor: Identity, unit: Department) -> None:
        """Take the unit out of use. Raises Conflict while people or units belong to it."""
        self.guard.require(actor, DEPARTMENTS)
        people = self._people().get(unit.id, 0)
        below = sa.select(sa.func.count()).where(Department.parent_id == unit.id, Department.active)
        units = self.session.scalar(below) or 0
        if people or units:
            raise Conflict(
                _(
                    "${people} people and ${units} units still belong here. Move them first.",
                    mapping={"people": people, "units": units},
                )
            )
        self._set_active(actor, unit, False)

    def reactivate(self, actor: Identity, unit: Department) -> None:
        """Take the unit into use again. Raises Conflict while the one above is out of use."""
        self.guard.require(actor, DEPARTMENTS)
        parent = self.session.get(Department, unit.parent_id) if unit.parent_id else None
        if parent is not None and not parent.active:
            raise Conflict(_("The unit above is out of use. Take that into use first."))
        self._refuse_twin(unit.name, parent, unit)
        self._set_active(actor, unit, True)

    def _set_active(self, actor, unit, active):
        if unit.active != active:
            unit.active = active
            unit.version += 1
            self.session.flush()
            self._note(actor, "core.department_reactivated" if active else "core.department_deactivated", unit, {})

    def _parent(self, parent_id):
        if parent_id is None:
            return None
        parent = self.session.get(Department, parent_id, populate_existing=True)
        if parent is None or not parent.active:
            raise Invalid(fields={"parent": _("Please choose from the list")})
        return parent

    def _check(self, data, parent, unit):
        """Raise Invalid; returns the id of the head."""
        errors = {}
        if not data.name or len(data.name) > MAX_NAME:
            errors["name"] = _("A unit needs a name of at most ${count} characters.", mapping={"count": MAX_NAME})
        if unit is not None and parent is not None and parent.path.startswith(unit.path):
            errors["parent"] = _("A unit cannot stand below itself.")
        if parent is not None and depth_of(parent) + self._height(unit) + 1 >= MAX_DEPTH:
            errors["parent"] = _("At most ${count} levels are possible.", mapping={"count": MAX_DEPTH})
        leader = self.session.execute(sa.select(User.id, User.active).where(User.login == data.leader.strip().lower())).first()
        if data.leader and (leader is None or not leader.active):
            errors["leader"] = _("There is no user with this name")
        if errors:
            raise Invalid(fields=errors)
        self._refuse_twin(data.name, parent, unit)
        return leader.id if data.leader and leader else None

    def _refuse_twin(self, name, parent, unit):
        twin = self.services.get(DepartmentService).find(name, parent)
        if twin is not None and (unit is None or twin.id != unit.id):
            raise Invalid(fields={"name": _("There is a unit with this name here already.")})

    def _height(self, unit):
        """How many levels there are below ``unit``."""
        if unit is None:
            return 0
        paths = self.session.scalars(sa.select(Department.path).where(Department.path.startswith(unit.path)))
        return max(path.count("/") for path in paths) - unit.path.count("/")

    def _move(self, unit, parent):
        """Hang ``unit`` with everything below it under ``parent``: one statement rewrites all paths."""
        if unit.parent_id == (parent.id if parent else None):
            return
        old, new = unit.path, f"{parent.path if parent else '/'}{unit.id}/"
        unit.parent_id = parent.id if parent else None
        self.session.flush()
        moved = sa.update(Department).where(Department.path.startswith(old))
        rest = sa.func.substr(Department.path, len(old) + 1)
        self.session.execute(moved.values(path=sa.literal(new).concat(rest)), execution_options={"synchronize_session": False})

    def _values(self, unit):
        parent = self.session.get(Department, unit.parent_id) if unit.parent_id else None
        return {
            "name": unit.name,
            "short_name": unit.short_name,
            "position": unit.position,
            "parent": parent.name if parent else "",
            "leader": self.leader_login(unit),
        }

    def _note(self, actor, action, unit, detail):
        self.services.get(AuditService).record(actor, action, "core.department", unit.id, detail={"name": unit.name, **detail})


def depth_of(unit: Department) -> int:
    """How far ``unit`` is below a root, which has 0."""
    return unit.path.count("/") - 2
