"""Codes of the states of a booking and what follows from them. The flow (``portal_meetings.flow``) says how they are reached."""

import datetime as dt

KIND = "meetings.booking"
RATING_FORM = "meetings.satisfaction"
# How long after its end a meeting can be rated (specification of meetings, S7).
RATING_TIME = dt.timedelta(days=7)

DRAFT, PENDING, RETURNED, APPROVED, CHANGE_PENDING = "draft", "pending", "returned", "approved", "change_pending"
ENDED, RATED, REJECTED, WITHDRAWN, CANCELLED, NO_SHOW = "ended", "rated", "rejected", "withdrawn", "cancelled", "no_show"

# States in which a booking keeps its room. What has taken place keeps its hold, which is past and in nobody's way.
HOLDING = (PENDING, APPROVED, CHANGE_PENDING)
KEEPING = (*HOLDING, ENDED, RATED)

# States in which the owner may still change the meeting.
CHANGEABLE = (PENDING, RETURNED, APPROVED)
CANCELLABLE = (PENDING, RETURNED, APPROVED, CHANGE_PENDING)

OPEN, APPLIED, APPROVED_CHANGE, REJECTED_CHANGE, WITHDRAWN_CHANGE, LAPSED_CHANGE, VOID_CHANGE = (
    "open",
    "applied",
    "approved",
    "rejected",
    "withdrawn",
    "lapsed",
    "void",
)
