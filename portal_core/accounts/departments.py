"""The tree of units. ``path`` holds the ids from the root down, so that a subtree is one index range."""

import sqlalchemy as sa

from portal_core.accounts.models import Department
from portal_core.errors import Invalid
from portal_core.i18n import _
from portal_core.services import Services

MAX_NAME = 80


class DepartmentService:
    """Makes and finds units."""

    def __init__(self, services: Services) -> None:
        self.session = services.session

    def create(self, name: str, parent: Department | None = None, short_name: str = "", position: int = 0) -> Department:
        """Make a unit below ``parent`` (None: a root). Raises Invalid for an empty or too long name."""
        name = name.strip()
        if not name or len(name) > MAX_NAME:
            raise Invalid(
                fields={"department": _("A unit needs a name of at most ${count} characters.", mapping={"count": MAX_NAME})}
            )
        department = Department(
            name=name, short_name=short_name or name[:40], parent_id=parent.id if parent else None, position=position
        )
        self.session.add(department)
        self.session.flush()
        department.path = f"{parent.path if parent else '/'}{department.id}/"
        self.session.flush()
        return department

    def find(self, name: str, parent: Department | None) -> Department | None:
        """The active unit ``name`` directly below ``parent`` (None: among the roots), or None."""
        is_child = Department.parent_id == (parent.id if parent else None)
        return self.session.scalar(sa.select(Department).where(Department.name == name.strip(), is_child, Department.active))

    def find_or_create(self, name: str, parent: Department | None = None, short_name: str = "") -> Department:
        """The unit ``name`` directly below ``parent``, made if it is missing."""
        return self.find(name, parent) or self.create(name, parent, short_name)

    def find_or_create_path(self, path: str) -> Department:
        """The unit at ``机关/财政局/预算处``, made with everything above it if missing.

        A single name is also found anywhere in the tree, if there is just one, because lists from outside rarely know the tree.
        """
        names = [part for part in path.split("/") if part.strip()]
        if len(names) == 1:
            everywhere = sa.select(Department).where(Department.name == names[0].strip(), Department.active).limit(2)
            found = self.session.scalars(everywhere).all()
            if len(found) == 1:
                return found[0]
        department = None
        for name in names or [""]:
            department = self.find_or_create(name, department)
        assert department is not None
        return department

    def tree(self) -> list[Department]:
        """All active units, each after the one above it, siblings by position and then by age."""
        return in_order(list(self.session.scalars(sa.select(Department).where(Department.active))))


def in_order(units: list[Department]) -> list[Department]:
    """Units each after the one above it, siblings by position and then by age; whose parent is missing counts as a root."""
    known = {unit.id for unit in units}
    children: dict[int | None, list[Department]] = {}
    for unit in sorted(units, key=lambda d: (d.position, d.id)):
        children.setdefault(unit.parent_id if unit.parent_id in known else None, []).append(unit)
    ordered: list[Department] = []
    pending = list(reversed(children.get(None, [])))
    while pending:
        ordered.append(pending.pop())
        pending += reversed(children.get(ordered[-1].id, []))
    return ordered
