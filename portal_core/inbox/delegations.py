"""Delegation for an absence (代理): somebody answers the to-dos of a person who is away, in both names.

A person leaves each module to at most one other at a time. Delegations may follow each other, because whoever stands in may be
away too, but at most ``CHAIN_MAX`` of them and never in a circle.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal_core.accounts.identity import Identity
from portal_core.accounts.models import User
from portal_core.accounts.queries import delegation_holds
from portal_core.accounts.standins import CHAIN_MAX
from portal_core.audit.services import AuditService
from portal_core.errors import Conflict, Forbidden, Invalid, NotFound
from portal_core.i18n import _
from portal_core.inbox.models import Delegation
from portal_core.inbox.persons import PersonService
from portal_core.notifications.services import NotificationService
from portal_core.services import Services
from portal_core.web.text import clean_line

MANAGE = "core:delegation:manage"
LONGEST = dt.timedelta(days=366)
REASON_LENGTH = 200
PAGE = 20


@dataclass(frozen=True)
class DelegationLine:
    """A delegation as it is shown. ``state`` is active, planned or over; ``modules`` empty means all."""

    id: int
    from_name: str
    to_name: str
    modules: tuple[str, ...]
    starts_at: dt.datetime
    ends_at: dt.datetime
    reason: str
    state: str


@dataclass(frozen=True)
class NewDelegation:
    """What a form says. ``modules`` names plugins, empty means all of them; the moments are aware."""

    to_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    modules: tuple[str, ...] = ()
    reason: str = ""


class DelegationService:
    """See the module."""

    def __init__(self, services: Services):
        self.services = services
        self.session = services.session

    def modules(self) -> dict[str, str]:
        """The modules that can be left to somebody, with their titles: those whose flows give people something to do."""
        portal = self.services.portal
        names = dict.fromkeys(kind.partition(".")[0] for kind in portal.flows)
        titles = {plugin.info.name: plugin.info.title for plugin in portal.plugins.loaded}
        return {name: titles.get(name, _("Portal")) for name in names}

    def create(self, from_id: int, new: NewDelegation, actor: Identity) -> Delegation:
        """Leave the to-dos of ``from_id`` to somebody; whoever is not that person needs the right to manage delegations.

        Raises Forbidden, and Invalid for the fields ``people``, ``starts``, ``ends``, ``modules``, ``reason``: unknown or own
        person, a period that makes no sense, a module that is left to somebody already, a circle, a chain that is too long.
        """
        if actor.user_id != from_id and not actor.may(MANAGE):
            raise Forbidden(_("This act is not yours."))
        now = self.services.clock.now()
        self._check_form(from_id, new, now)
        self._lock({from_id, new.to_id})
        self._check_others(from_id, new)
        row = Delegation(
            from_user_id=from_id,
            to_user_id=new.to_id,
            plugins=sorted(new.modules),
            starts_at=new.starts_at,
            ends_at=new.ends_at,
            reason=clean_line(new.reason),
            created=now,
            created_by_id=actor.user_id,
        )
        self.session.add(row)
        self.session.flush()
        self._record(row, "core.delegation_created", "core.delegated", actor)
        return row

    def end(self, delegation_id: int, actor: Identity) -> None:
        """End a delegation now, before its time. Whoever left their to-dos may, and who manages delegations.

        Raises NotFound for what is not theirs to end, Conflict when it is over already.
        """
        row = self.session.get(Delegation, delegation_id, with_for_update={"key_share": True})
        if row is None or not (row.from_user_id == actor.user_id or actor.may(MANAGE)):
            raise NotFound()
        now = self.services.clock.now()
        if row.ended is not None or row.ends_at <= now:
            raise Conflict(_("This delegation is over already."))
        row.ended = now
        self.session.flush()
        self._record(row, "core.delegation_ended", "core.delegation_ended", actor)

    def end_all(self, user_id: int, actor: Identity) -> int:
        """End every delegation from and to a person who leaves; returns how many there were."""
        query = sa.select(Delegation.id).where(self._of(user_id), self._not_over()).order_by(Delegation.id)
        ids = list(self.session.scalars(query))
        for number in ids:
            row = self.session.get_one(Delegation, number)
            row.ended = self.services.clock.now()
            self._record(row, "core.delegation_ended", "core.delegation_ended", actor)
        self.session.flush()
        return len(ids)

    def given(self, user_id: int) -> list[DelegationLine]:
        """To whom the person left their to-dos, newest first, at most ``PAGE``."""
        return self._lines(Delegation.from_user_id == user_id)

    def received(self, user_id: int) -> list[DelegationLine]:
        """For whom the person stands in or stood in, newest first, at most ``PAGE``."""
        return self._lines(Delegation.to_user_id == user_id)

    def present(self, user_id: int) -> list[DelegationLine]:
        """The person's delegations in both directions that hold now. One statement."""
        conditions = [self._of(user_id), *delegation_holds()]
        return self._lines(*conditions)

    def page(self, before: int | None = None) -> tuple[list[DelegationLine], int | None]:
        """All delegations of the house for administrators, newest first, and the ``before`` of the next page or None."""
        lines = self._lines(*([] if before is None else [Delegation.id < before]), limit=PAGE + 1)
        return lines[:PAGE], lines[PAGE - 1].id if len(lines) > PAGE else None

    # -- parts -----------------------------------------------------------------------------------------------------

    def _of(self, user_id):
        return sa.or_(Delegation.from_user_id == user_id, Delegation.to_user_id == user_id)

    def _not_over(self):
        return sa.and_(Delegation.ended.is_(None), Delegation.ends_at > self.services.clock.now())

    def _lines(self, *conditions, limit=PAGE):
        absent, other = aliased(User), aliased(User)
        query = (
            sa.select(Delegation, absent.name.label("absent"), other.name.label("other"))
            .join(absent, absent.id == Delegation.from_user_id)
            .join(other, other.id == Delegation.to_user_id)
            .where(*conditions)
            .order_by(Delegation.id.desc())
            .limit(limit)
        )
        now = self.services.clock.now()
        return [_line(row, absent, other, now) for row, absent, other in self.session.execute(query, {"now": now})]

    def _check_form(self, from_id, new, now):
        errors = {}
        if new.to_id == from_id:
            errors["people"] = _("Nobody can stand in for themselves")
        else:
            self.services.get(PersonService).chosen([new.to_id], 1)
        if new.ends_at <= new.starts_at or new.ends_at <= now:
            errors["ends"] = _("The end must come after the beginning and lie ahead")
        elif new.ends_at - new.starts_at > LONGEST:
            errors["ends"] = _("A delegation lasts a year at most")
        if not set(new.modules) <= self.modules().keys():
            errors["modules"] = _("Please choose from the list")
        if len(clean_line(new.reason)) > REASON_LENGTH:
            errors["reason"] = _("At most ${max} characters", mapping={"max": REASON_LENGTH})
        if errors:
            raise Invalid(fields=errors)

    def _lock(self, people: Collection[int]):
        """Hold the rows of both people, in the order of their ids: every chain and circle closes at one of them."""
        query = sa.select(User.id).where(User.id.in_(people)).order_by(User.id)
        self.session.execute(query.with_for_update(key_share=True))

    def _check_others(self, from_id, new):
        links = self._links(new)
        for absent, to, modules in links:
            if absent == from_id and _meet(modules, new.modules):
                (person,) = self.services.get(PersonService).named([to]) or [None]
                name = person.name if person else ""
                raise Invalid(
                    fields={"people": _("These to-dos are left to ${name} in that time already", mapping={"name": name})}
                )
        pairs = [(absent, to) for absent, to, _modules in links]
        ahead = _depth(pairs, new.to_id, from_id)
        if ahead is None:
            raise Invalid(fields={"people": _("This person has left their to-dos to you, directly or through others")})
        behind = _depth([(to, absent) for absent, to in pairs], from_id, new.to_id) or 0
        if behind + 1 + ahead > CHAIN_MAX:
            raise Invalid(fields={"people": _("At most ${max} delegations may follow each other", mapping={"max": CHAIN_MAX})})

    def _links(self, new) -> Sequence[tuple[int, int, list[str]]]:
        """Who has left what to whom at some time of the new delegation."""
        query = sa.select(Delegation.from_user_id, Delegation.to_user_id, Delegation.plugins)
        overlap = (Delegation.starts_at < new.ends_at, Delegation.ends_at > new.starts_at)
        return [tuple(row) for row in self.session.execute(query.where(Delegation.ended.is_(None), *overlap))]

    def _record(self, row, action, message, actor):
        clock, names = self.services.clock, {}
        for user_id, name in self.session.execute(
            sa.select(User.id, User.name).where(User.id.in_((row.from_user_id, row.to_user_id)))
        ):
            names[user_id] = name
        period = f"{clock.local(row.starts_at):%Y-%m-%d %H:%M} – {clock.local(row.ends_at):%Y-%m-%d %H:%M}"
        params = {"from": names[row.from_user_id], "to": names[row.to_user_id], "period": period}
        told = {row.from_user_id, row.to_user_id} - {actor.user_id}
        self.services.get(NotificationService).send(message, told, params, "/account/delegations")
        detail = {**params, "modules": row.plugins, "reason": row.reason}
        self.services.get(AuditService).record(actor, action, "core.delegation", row.id, detail=detail)


def _line(row, absent, other, now):
    over = row.ended is not None or row.ends_at <= now
    state = "over" if over else "active" if row.starts_at <= now else "planned"
    ends = min(row.ended, row.ends_at) if row.ended else row.ends_at
    return DelegationLine(row.id, absent, other, tuple(row.plugins), row.starts_at, ends, row.reason, state)


def _meet(one: Collection[str], other: Collection[str]) -> bool:
    """Have two sets of modules one in common? An empty set stands for all."""
    return not one or not other or bool(set(one) & set(other))


def _depth(pairs: Sequence[tuple[int, int]], start: int, forbidden: int) -> int | None:
    """How many links follow each other from ``start``; None when ``forbidden`` is among those reached.

    Modules are left out of account: a chain that is too long for one module is refused for all, which is on the safe side.
    """
    reached, frontier, links = {start}, {start}, 0
    while frontier := {to for absent, to in pairs if absent in frontier} - reached:
        if forbidden in frontier:
            return None
        links += 1
        reached |= frontier
    return links
