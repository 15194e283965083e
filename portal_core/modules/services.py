"""Switching modules and changing parameters."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal_core.accounts.identity import Identity
from portal_core.accounts.models import User
from portal_core.audit.services import AuditService
from portal_core.errors import Invalid, NotFound
from portal_core.i18n import _
from portal_core.inbox.models import OPEN, Case, Task
from portal_core.modules.models import Generation, ModuleOff, Parameter
from portal_core.services import Services
from portal_core.settings import as_bool

VALUE_MAX = 500


@dataclass(frozen=True)
class ModuleState:
    """A plugin: who it is, whether it is switched off (since when, by whom, why), and what waits in it."""

    name: str
    title: Any
    version: str
    off: ModuleOff | None
    by: str
    waiting: int


@dataclass(frozen=True)
class ParameterState:
    """A parameter: what it is for, its value as text, and what the ini file says. ``changed`` when the two differ.

    A ``switch`` has one of two values, and both texts are ``true`` or ``false``, however the ini file writes them.
    """

    name: str
    title: Any
    value: str
    given: str
    changed: bool
    switch: bool


class ModuleService:
    """Modules on and off."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session

    def states(self) -> list[ModuleState]:
        """All enabled plugins in the order of the ini file."""
        off = {row.name: row for row in self.session.scalars(sa.select(ModuleOff))}
        people = self.session.execute(sa.select(User.id, User.name).where(User.id.in_([row.by_id for row in off.values()])))
        names = dict(people.all())
        waiting = self._waiting()
        return [
            ModuleState(
                plugin.name,
                plugin.info.title,
                plugin.info.version,
                row := off.get(plugin.name),
                names.get(row.by_id, "") if row else "",
                waiting.get(plugin.name, 0),
            )
            for plugin in self.services.portal.plugins.loaded
        ]

    def state(self, name: str) -> ModuleState:
        """The plugin ``name``. Raises NotFound."""
        for state in self.states():
            if state.name == name:
                return state
        raise NotFound()

    def switch(self, name: str, on: bool, actor: Identity, reason: str = "", ip: str = "") -> None:
        """Switch the plugin on or off; nothing happens when it is so already. Raises NotFound."""
        state = self.state(name)
        if on is (state.off is None):
            return
        if on:
            self.session.execute(sa.delete(ModuleOff).where(ModuleOff.name == name))
        else:
            now = self.services.clock.now()
            self.session.add(ModuleOff(name=name, since=now, by_id=actor.user_id, reason=reason[:200]))
        action = "core.module_on" if on else "core.module_off"
        self.services.get(AuditService).record(actor, action, "core.module", name, detail={"reason": reason}, ip=ip)
        next_generation(self.session)

    def _waiting(self) -> dict[str, int]:
        """Open tasks by plugin. Counted per kind of case, of which there are few; the page is opened rarely."""
        query = sa.select(Case.kind, sa.func.count()).join(Task, Task.case_id == Case.id).where(Task.status == OPEN)
        counts: dict[str, int] = {}
        for kind, count in self.session.execute(query.group_by(Case.kind)):
            owner = kind.split(".")[0]
            counts[owner] = counts.get(owner, 0) + count
        return counts


class ParameterService:
    """Settings that administrators may change: those whose declaration says ``editable``."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.session = services.session

    def states(self) -> list[ParameterState]:
        """All parameters, in the order of declaration."""
        stored = dict(self.session.execute(sa.select(Parameter.name, Parameter.value)).all())
        portal = self.services.portal
        return [
            _parameter(spec, portal.settings.given[spec.name], stored.get(spec.name))
            for spec in portal.specs.values()
            if spec.editable
        ]

    def save(self, values: dict[str, str], actor: Identity, ip: str = "") -> list[str]:
        """Store ``values`` (text by name); one that equals the ini file's is forgotten. Returns the names that changed.

        Raises Invalid with a message for each value that the setting's own rule refuses; then nothing is stored.
        """
        states = {state.name: state for state in self.states()}
        problems = {name: message for name in states if (message := self._problem(name, values.get(name, "")))}
        if problems:
            raise Invalid(fields=problems)
        changed = [name for name, state in states.items() if values.get(name, "").strip() != state.value]
        for name in changed:
            self._store(states[name], values[name].strip(), actor, ip)
        if changed:
            next_generation(self.session)
        return changed

    def _problem(self, name, text):
        if len(text) > VALUE_MAX:
            return _("At most ${max} characters", mapping={"max": VALUE_MAX})
        try:
            self.services.portal.specs[name].parse(text.strip())
        except (TypeError, ValueError):
            return _("This value is not possible here.")
        return None

    def _store(self, state, text, actor, ip):
        self.session.execute(sa.delete(Parameter).where(Parameter.name == state.name))
        if text != state.given:
            now = self.services.clock.now()
            self.session.add(Parameter(name=state.name, value=text, changed=now, by_id=actor.user_id))
        detail = {"changes": [[state.name, state.value, text]]}
        self.services.get(AuditService).record(
            actor, "core.parameter_changed", "core.parameter", state.name, detail=detail, ip=ip
        )


def _parameter(spec, given, stored):
    switch = spec.parse is as_bool
    text = (lambda value: str(as_bool(value)).lower()) if switch else str
    value = text(given if stored is None else stored)
    return ParameterState(spec.name, spec.title, value, text(given), stored is not None, switch)


def next_generation(session) -> None:
    """Tell all processes to read modules and parameters again, once this transaction is committed."""
    grown = sa.update(Generation).where(Generation.id == 1).values(number=Generation.number + 1).returning(Generation.id)
    if session.scalar(grown) is None:
        session.add(Generation(id=1, number=1))
    session.flush()
