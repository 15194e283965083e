"""服务保障内容: the services that can be ticked on the booking form, and their administration."""

from collections.abc import Collection

import sqlalchemy as sa

from portal_core.api import AuditService, Forbidden, Identity, Invalid, NotFound, Services
from portal_meetings import permissions
from portal_meetings.i18n import _
from portal_meetings.models import ServiceItem

LABEL_MAX, QUESTION_MAX = 40, 80


class ServiceItemService:
    """Items are never deleted: bookings of the past keep theirs; one that is no longer offered is switched off."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def offered(self, kept: Collection[int] = ()) -> list[ServiceItem]:
        """Items that can be ticked, in their order: those on offer, and the ids ``kept``, which a booking already has."""
        return list(self.session.scalars(_ordered().where(sa.or_(ServiceItem.active, ServiceItem.id.in_(kept)))))

    def all(self, identity: Identity) -> list[ServiceItem]:
        """All items, for the administrator. Raises Forbidden."""
        self._require(identity)
        return list(self.session.scalars(_ordered()))

    def get(self, item_id: int, identity: Identity) -> ServiceItem:
        """One item, for the administrator. Raises Forbidden and NotFound."""
        self._require(identity)
        item = self.session.get(ServiceItem, item_id)
        if item is None:
            raise NotFound()
        return item

    def save(
        self,
        identity: Identity,
        label: str,
        question: str = "",
        position: int = 0,
        active: bool = True,
        item: ServiceItem | None = None,
        at_once: int = 0,
    ) -> ServiceItem:
        """Make an item or change ``item``; with a ``question`` ticking it opens a text box. Bookings keep the words they had.

        ``at_once``: meetings that can be served at the same time, 0 for no limit.

        Raises Forbidden and Invalid (``label``, ``question``).
        """
        self._require(identity)
        label, question = label.strip(), question.strip()
        messages = {}
        if not label:
            messages["label"] = _("This field is required")
        for name, value, longest in (("label", label, LABEL_MAX), ("question", question, QUESTION_MAX)):
            if len(value) > longest:
                messages[name] = _("At most ${max} characters", mapping={"max": longest})
        if messages:
            raise Invalid(_("Please correct the marked fields"), messages)
        item = item or ServiceItem()
        item.label, item.question, item.position, item.active, item.at_once = label, question, position, active, at_once
        self.session.add(item)
        self.session.flush()
        detail = {"label": label, "question": question, "position": position, "active": active, "at_once": at_once}
        audit = self.services.get(AuditService)
        audit.record(identity, "meetings.service_saved", "meetings.service_item", item.id, detail=detail)
        return item

    def _require(self, identity):
        if not identity.may(permissions.MANAGE_SERVICE):
            raise Forbidden(_("You do not manage the services."))


def _ordered():
    return sa.select(ServiceItem).order_by(ServiceItem.position, ServiceItem.id)
