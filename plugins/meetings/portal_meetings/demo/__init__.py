"""Demo data of the plugin: rooms with drawn pictures, service items, and a month of bookings around today."""

from portal_meetings.demo.bookings import add_bookings
from portal_meetings.demo.places import add_places
from portal_meetings.demo.rooms import add_rooms, add_services


def load(session, context) -> None:
    """Write the demo data, idempotently. ``context`` is the core's ``DemoContext``."""
    rooms = add_rooms(session, context)
    add_places(session, context, rooms)
    items = add_services(session)
    add_bookings(session, context, rooms, items)
