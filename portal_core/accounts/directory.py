"""The directory: who a colleague is and how to reach them, for everybody who is logged in."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal_core.accounts.models import User
from portal_core.errors import NotFound
from portal_core.services import Services
from portal_core.web.params import path_id


@dataclass(frozen=True)
class PersonPage:
    """Context of ``person.pt``."""

    person: User


class DirectoryService:
    """Looking people up."""

    def __init__(self, services: Services) -> None:
        self.session = services.session

    def get(self, user_id: int) -> User:
        """An active person with the main unit. Raises NotFound."""
        query = sa.select(User).options(joinedload(User.department)).where(User.id == user_id, User.active)
        person = self.session.scalar(query)
        if person is None:
            raise NotFound()
        return person


def show(request) -> PersonPage:
    """``/people/<id>``"""
    return PersonPage(request.services.get(DirectoryService).get(path_id(request)))


def includeme(config):
    """Route and view."""
    config.add_route("core.person", "/people/{id}")
    template = "portal_core:templates/accounts/person.pt"
    config.add_view(show, route_name="core.person", request_method="GET", renderer=template)
