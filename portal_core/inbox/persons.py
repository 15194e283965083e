"""Finding and naming people, for acts that need somebody: hand-over, added signatures, copies, delegation."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.accounts.models import Department, User
from portal_core.errors import Invalid
from portal_core.i18n import _
from portal_core.services import Services

FOUND_MAX = 20


@dataclass(frozen=True)
class PersonLine:
    """Somebody to choose. People may share a name, so the unit and the login tell them apart."""

    id: int
    name: str
    login: str
    unit: str


class PersonService:
    """Active people only: nothing can be given to somebody who has left."""

    def __init__(self, services: Services):
        self.session = services.session

    def search(self, text: str, without: Iterable[int] = ()) -> list[PersonLine]:
        """People whose name contains ``text`` or whose login begins with it, at most ``FOUND_MAX``; nobody for an empty text."""
        if not text:
            return []
        low = text.lower()
        matches = User.name.contains(text, autoescape=True) | User.login.startswith(low, autoescape=True)
        # Who bears exactly this name or login comes first.
        exact = sa.case((sa.or_(User.name == text, User.login == low), 0), else_=1)
        query = _lines().where(matches, User.id.not_in(tuple(without)))
        return [PersonLine(*row) for row in self.session.execute(query.order_by(exact, User.name, User.id).limit(FOUND_MAX))]

    def named(self, ids: Iterable[int]) -> list[PersonLine]:
        """The active people with ``ids``, by name; unknown ids and people who have left are left out."""
        wanted = set(ids)
        if not wanted:
            return []
        query = _lines().where(User.id.in_(wanted)).order_by(User.name, User.id)
        return [PersonLine(*row) for row in self.session.execute(query)]

    def chosen(self, ids: Iterable[int], most: int) -> list[PersonLine]:
        """The people that a form named, between one and ``most``. Raises Invalid for the field ``people``."""
        wanted = set(ids)
        if not wanted:
            raise Invalid(fields={"people": _("Please choose a person")})
        if len(wanted) > most:
            raise Invalid(fields={"people": _("At most ${max} people", mapping={"max": most})})
        people = self.named(wanted)
        if len(people) < len(wanted):
            raise Invalid(fields={"people": _("This person has no active account; please choose somebody else")})
        return people


def _lines():
    query = sa.select(User.id, User.name, User.login, sa.func.coalesce(Department.name, "").label("unit"))
    return query.outerjoin(Department, Department.id == User.department_id).where(User.active)
