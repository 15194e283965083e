"""For whom a person stands in at a moment, delegations of delegations included."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal_core.accounts.identity import StandIn
from portal_core.accounts.queries import delegation_holds, identity_of_user
from portal_core.inbox.models import Delegation

# How many delegations may follow each other: 甲 to 乙, 乙 to 丙, 丙 to 丁.
CHAIN_MAX = 3


def stand_ins(session: Session, user_id: int, now: dt.datetime) -> tuple[StandIn, ...]:
    """For whom ``user_id`` stands in, nearest first; delegators who have left are not among them.

    Asked only for the few people of whom the identity's own statement says that they stand in for somebody.
    """
    people = ((identity_of_user(session, absent), modules) for absent, modules in _delegators(session, user_id, now).items())
    return tuple(StandIn(identity, modules) for identity, modules in people if identity)


def _delegators(session, user_id, now) -> dict[int, frozenset[str]]:
    """The modules that each delegator has left to the person, directly or through others; an empty set means all."""
    found: dict[int, frozenset[str]] = {}
    reached: dict[int, frozenset[str]] = {user_id: frozenset()}
    for _link in range(CHAIN_MAX):
        query = sa.select(Delegation.from_user_id, Delegation.to_user_id, Delegation.plugins)
        query = query.where(Delegation.to_user_id.in_(reached), *delegation_holds()).order_by(Delegation.id)
        further: dict[int, frozenset[str]] = {}
        for absent, by, plugins in session.execute(query, {"now": now}):
            modules = _both(reached[by], frozenset(plugins))
            if modules is not None and absent != user_id and absent not in found:
                further[absent] = _either(further.get(absent), modules)
        if not further:
            break
        found |= further
        reached = further
    return found


def _both(one: frozenset[str], other: frozenset[str]) -> frozenset[str] | None:
    """The modules named by both, None when there is none."""
    if not one or not other:
        return one | other
    return one & other or None


def _either(one: frozenset[str] | None, other: frozenset[str]) -> frozenset[str]:
    if one is None:
        return other
    return one | other if one and other else frozenset()
