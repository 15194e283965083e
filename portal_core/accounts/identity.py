"""Who is acting, with all rights, as one immutable value that services can be given without a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Identity:
    """A logged-in person. ``permissions`` hold everywhere; ``scoped`` maps a permission to the scopes where it holds.

    ``department_path`` lists the ids from the root to the person's own department.
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

    @property
    def initial(self) -> str:
        """The first character of the name, shown in place of a portrait."""
        return self.name[:1]

    def may(self, permission: str, scope: str = "") -> bool:
        """True when the person holds ``permission`` everywhere or, if given, within ``scope``."""
        if permission in self.permissions:
            return True
        return bool(scope) and scope in self.scoped.get(permission, frozenset())

    def may_somewhere(self, permission: str) -> bool:
        """True when the person holds ``permission`` everywhere or in at least one scope."""
        return permission in self.permissions or bool(self.scoped.get(permission))


SYSTEM = Identity(user_id=0, login="", name="系统")
