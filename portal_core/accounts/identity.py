"""Who is acting, with all rights, as one immutable value that services can be given without a request."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

# How far a permission reaches (数据范围), widest first. Each includes those after it: who may see their unit's data also sees
# their own.
ALL, TREE, DEPARTMENT, OWN = "all", "tree", "department", "own"
REACHES = (ALL, TREE, DEPARTMENT, OWN)


def widest(reaches) -> str | None:
    """The widest of some reaches, None of none. The union of several roles is what the widest of them gives."""
    return min(reaches, key=REACHES.index, default=None)


@dataclass(frozen=True)
class Identity:
    """A logged-in person. ``permissions`` hold everywhere; ``scoped`` maps a permission to the scopes where it holds.

    ``department_path`` lists the ids from the root to the person's main department, ``department_paths`` the paths of all their
    departments as ``Department.path`` has them, the main one first. ``reaches`` maps a permission that is held for a part of the
    data only to the widest such reach. ``stand_ins``: for whom the person stands in now; ``away``: somebody stands in for them
    now. ``password_expired`` says why the password must be changed; ``must_enrol``: the second factor must be set up before
    anything else.
    """

    user_id: int
    login: str
    name: str
    department_id: int | None = None
    department_name: str = ""
    department_path: tuple[int, ...] = ()
    phone: str = ""
    permissions: frozenset[str] = frozenset()
    scoped: Mapping[str, frozenset[str]] = field(default_factory=dict)
    must_change_password: bool = False
    session_id: int | None = None
    department_paths: tuple[str, ...] = ()
    reaches: Mapping[str, str] = field(default_factory=dict)
    stand_ins: "tuple[StandIn, ...]" = ()
    away: bool = False
    password_expired: bool = False
    must_enrol: bool = False

    @property
    def initial(self) -> str:
        """The first character of the name, shown in place of a portrait."""
        return self.name[:1]

    @property
    def department_ids(self) -> tuple[int, ...]:
        """The ids of the person's departments, the main one first."""
        return tuple(int(path.rsplit("/", 2)[-2]) for path in self.department_paths)

    def may(self, permission: str, scope: str = "") -> bool:
        """True when the person holds ``permission`` for all data or, if given, within ``scope``.

        False for a limited reach: who asks without naming the data must not get more than was given. See ``covers``.
        """
        if permission in self.permissions:
            return True
        return bool(scope) and scope in self.scoped.get(permission, frozenset())

    def may_somewhere(self, permission: str) -> bool:
        """True when the person holds ``permission`` everywhere, in at least one scope, or for a part of the data."""
        return permission in self.permissions or bool(self.scoped.get(permission)) or permission in self.reaches

    def reach(self, permission: str) -> str | None:
        """How far ``permission`` reaches for this person: ``all``, ``tree``, ``department``, ``own``, or None: not at all."""
        return ALL if permission in self.permissions else self.reaches.get(permission)

    def covers(self, permission: str, department_path: str | None, owner_ids: Collection[int | None] = ()) -> bool:
        """Does the person's ``permission`` reach something of the unit with ``department_path`` that ``owner_ids`` own?

        ``department_path`` is ``Department.path``, None or empty for what belongs to no unit. The same rule as SQL is
        ``portal_core.accounts.reach.within``.
        """
        reach = self.reach(permission)
        if reach is None or reach == ALL:
            return reach == ALL
        if self.user_id in owner_ids:
            return True
        if reach == TREE:
            return any((department_path or "").startswith(path) for path in self.department_paths)
        return reach == DEPARTMENT and department_path in self.department_paths


@dataclass(frozen=True)
class StandIn:
    """Somebody who is away and whose to-dos the person answers. ``modules`` names the plugins; empty means all of them."""

    identity: Identity
    modules: frozenset[str] = frozenset()

    def covers(self, kind: str) -> bool:
        """Does the delegation hold for cases of ``kind`` (``meetings.booking``)?"""
        return not self.modules or kind.partition(".")[0] in self.modules


SYSTEM = Identity(user_id=0, login="", name="系统")
