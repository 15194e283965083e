"""Who is asked in a stage: rules turned into people, with what becomes of applicants who would approve their own case."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal_core.accounts.identity import Identity
from portal_core.accounts.models import Department, Role, User, UserRole
from portal_core.accounts.rights import RightsService
from portal_core.inbox.flow import TaskSpec
from portal_core.inbox.plans import stages as s
from portal_core.services import Services

ADMIN_ROLE, ROLE_PREFIX = "admin", "role"
# Why a person's part of a stage is passed without being asked.
OWN, ONCE = "own", "once"
# A group without one of its members is opened as a task for each of the others. Any one of them suffices, so of a very large
# group these are enough.
GROUP_MAX = 50


@dataclass(frozen=True)
class Subject:
    """What an approval is about, as far as it decides who gives it.

    ``fields`` gives the people named in the form (``CaseHandler.approver_fields``). ``actor`` is who files the case, when that is
    known: their rights need not be asked from the database.
    """

    spec: TaskSpec
    scope: str
    applicant_id: int
    handler_id: int
    department_id: int | None
    fields: Callable[[], Mapping[str, tuple[Any, Sequence[int]]]] = dict
    actor: Identity | None = None

    @property
    def own(self) -> frozenset[int]:
        """Who may not decide."""
        return frozenset((self.applicant_id, self.handler_id))


@dataclass(frozen=True)
class Asked:
    """A stage as it is for one case.

    Either ``permission`` names a group, whose members within ``scope`` are asked, or ``people`` are, in this order; ``mode`` as
    of stages. ``passed`` are pairs of a person and the reason for which they are not asked. ``done``: nobody has to be asked.
    ``empty``: the rule finds nobody, administrators are asked instead.
    """

    number: int
    stage: s.Stage
    mode: str = s.ANY
    permission: str = ""
    scope: str = ""
    people: tuple[int, ...] = ()
    passed: tuple[tuple[int, str], ...] = ()
    done: bool = False
    empty: bool = False


@dataclass
class _Split:
    """Candidates by what becomes of them."""

    left: list[int] = field(default_factory=list)
    passed: list[tuple[int, str]] = field(default_factory=list)


def role_permission(code: str) -> str:
    """The permission that stands for holding a role; only the role carries it. Inboxes find its tasks as they find any other."""
    return f"{ROLE_PREFIX}:{code}"


class Rules:
    """See the module."""

    def __init__(self, services: Services):
        self.session = services.session
        self.rights = services.get(RightsService)

    def ask(self, plan: s.Plan, number: int, subject: Subject, agreed: Collection[int] = ()) -> Asked:
        """Who is asked in stage ``number`` (from 1) of ``plan``. ``agreed``: who said yes in the stage before."""
        stage = plan.stages[number - 1]
        agreed = frozenset(agreed) if plan.once else frozenset()
        permission = self._group(stage, subject.spec)
        if permission and plan.id is None and self._is_stranger(subject, permission):
            return Asked(number, stage, permission=permission, scope=subject.scope)
        people = self._people(stage, subject, permission)
        if permission and stage.mode == s.ANY and people and not {*people} & (subject.own | agreed):
            return Asked(number, stage, permission=permission, scope=subject.scope)
        split = self._split(stage, subject, people, agreed)
        passed = tuple(split.passed)
        if passed and (stage.mode == s.ANY or not split.left):
            return Asked(number, stage, passed=passed, done=True)
        if not split.left:
            return self._fallback(number, stage, subject)
        left = split.left[:GROUP_MAX] if permission and stage.mode == s.ANY else split.left
        return Asked(number, stage, stage.mode, scope=subject.scope, people=tuple(left), passed=passed)

    def ahead(self, plan: s.Plan, after: int, subject: Subject, agreed: Collection[int] = ()) -> list[Asked]:
        """The stages after stage ``after`` (0: all) up to and including the first in which somebody is asked."""
        found: list[Asked] = []
        for number in range(after + 1, len(plan.stages) + 1):
            found.append(self.ask(plan, number, subject, agreed))
            if not found[-1].done:
                break
            agreed = [person for person, _reason in found[-1].passed]
        return found

    def members(self, permission: str, scope: str) -> frozenset[int]:
        """The active people of a group: who holds the permission, or the role for which it stands, within ``scope``."""
        kind, _colon, code = permission.partition(":")
        return self.with_role(code, scope) if kind == ROLE_PREFIX else self.rights.holders(permission, scope)

    def with_role(self, code: str, scope: str = "") -> frozenset[int]:
        """The active people who hold the role everywhere or within ``scope``."""
        held = sa.select(User.id).join(UserRole, UserRole.user_id == User.id).join(Role, Role.id == UserRole.role_id)
        return frozenset(self.session.scalars(held.where(Role.code == code, UserRole.scope.in_({"", scope}), User.active)))

    # -- parts -----------------------------------------------------------------------------------------------------

    def _group(self, stage, spec):
        """The permission whose holders the rule names, or nothing."""
        if stage.rule == s.DEFAULT:
            return spec.permission
        return role_permission(stage.role) if stage.rule == s.ROLE else ""

    def _is_stranger(self, subject, permission):
        """Is it known without asking that whoever files the case is not among the holders? The usual case must stay cheap."""
        actor = subject.actor
        return actor is not None and subject.own == {actor.user_id} and not actor.may(permission, subject.scope)

    def _people(self, stage, subject, permission) -> list[int]:
        """Active people whom the rule names, in order, each once."""
        if permission:
            return sorted(self.members(permission, subject.scope))
        match stage.rule:
            case s.LEADER:
                return _some(self._heads(subject.department_id)[:1])
            case s.PARENT_LEADER:
                return _some(self._heads(subject.department_id)[1:2])
            case s.USER:
                return self._active(stage.users)
            case _:
                _label, ids = subject.fields().get(stage.field, ("", ()))
                return self._active(ids)

    def _heads(self, department_id) -> list[int | None]:
        """The active heads of the unit and of the units above it, from below; None where there is none."""
        unit = aliased(Department)
        query = (
            sa.select(User.id)
            .select_from(unit)
            .join(Department, unit.path.startswith(Department.path))
            .outerjoin(User, sa.and_(User.id == Department.leader_id, User.active))
            .where(unit.id == department_id)
            .order_by(sa.func.length(Department.path).desc())
        )
        return list(self.session.scalars(query))

    def _active(self, ids: Iterable[int]) -> list[int]:
        wanted = list(dict.fromkeys(ids))
        active = set(self.session.scalars(sa.select(User.id).where(User.id.in_(wanted), User.active)))
        return [person for person in wanted if person in active]

    def _split(self, stage, subject, people, agreed):
        split = _Split()
        for person in people:
            if person in agreed:
                split.passed.append((person, ONCE))
            elif person not in subject.own:
                split.left.append(person)
            elif stage.own == s.SKIPPED:
                split.passed.append((person, OWN))
            elif stage.own == s.PASSED_UP:
                heads = _some(self._heads(subject.department_id)[1:])
                split.left += [head for head in heads if head not in subject.own][:1]
        split.left = list(dict.fromkeys(split.left))
        return split

    def _fallback(self, number, stage, subject):
        """Nobody is left: the administrators of the plugin, else those of the system, even the applicant before nobody at all."""
        plugin = self.rights.holders(subject.spec.permission, "")
        system = self.with_role(ADMIN_ROLE)
        people = (plugin - subject.own) or (system - subject.own) or system or plugin
        if not people:
            # Whoever is given the right one day finds the task.
            return Asked(number, stage, permission=subject.spec.permission, scope=subject.scope, empty=True)
        return Asked(number, stage, scope=subject.scope, people=tuple(sorted(people)[:GROUP_MAX]), empty=True)


def _some(people: Iterable[int | None]) -> list[int]:
    return [person for person in people if person is not None]
