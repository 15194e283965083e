"""Who may read what of a booking."""

from typing import Protocol

from portal_core.api import Identity
from portal_meetings import permissions
from portal_meetings.models import room_scope


class BookingFacts(Protocol):
    """A booking, or a row that has these columns of it."""

    owner_id: int
    room_id: int
    confidential: bool


def has_detail_right(identity: Identity, booking: BookingFacts) -> bool:
    """Owner, reviewers of the room, and holders of the right to see details: they read everything, secrets included."""
    scope = room_scope(booking.room_id)
    return (
        identity.user_id == booking.owner_id or identity.may(permissions.APPROVE, scope) or identity.may(permissions.VIEW, scope)
    )


def is_hidden(identity: Identity, booking: BookingFacts) -> bool:
    """Must title, unit and people of this booking be kept from ``identity``, so that only 已占用 is shown?"""
    return booking.confidential and not has_detail_right(identity, booking)
