"""满意度评价: the core's list of one questionnaire stands at our address."""

from portal_meetings.services.ratings import FORM


def includeme(config):
    """Route, and the core's page at it."""
    config.add_route("meetings.ratings", "/meetings/ratings", request_method="GET")
    config.add_evaluation_page(FORM.code, "meetings.ratings")
