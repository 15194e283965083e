"""Who is behind a session and what they may do: one statement per request, whatever the number of roles and grants."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from portal_core.accounts.identity import ALL, Identity, widest
from portal_core.accounts.models import Department, Grant, RolePermission, SessionRow, User, UserDepartment, UserRole
from portal_core.db import UTCDateTime
from portal_core.inbox.models import Delegation
from portal_core.modules.runtime import CURRENT

SEPARATOR = "\n"
ADMINISTER = "core:admin:view"
RIGHTS = tuple(f"rights_{number}" for number in range(6))
_further = aliased(Department)


def narrowed_scope():
    """Scope in which a grant to a role reaches a holder of that role: the narrower of the two; see ``scopes_meet``."""
    return sa.case((Grant.scope == "", UserRole.scope), else_=Grant.scope)


def scopes_meet():
    """Condition: the scope of a grant to a role and the scope in which a person holds the role have something in common."""
    return sa.or_(Grant.scope == "", UserRole.scope == "", Grant.scope == UserRole.scope)


def _listed(permission, scope, reach=""):
    """A select of ``permission scope reach`` lines as one text; none of them holds white space."""
    return sa.select(sa.func.aggregate_strings(permission + " " + scope + " " + reach, SEPARATOR))


def _rights(user, path):
    """Scalar selects whose texts list the rights of ``user`` in the unit with ``path``: by roles and five kinds of grants.

    The last one lists the paths of the person's further units, which count like the main one.
    """
    by_role = _listed(RolePermission.permission, UserRole.scope, RolePermission.reach)
    by_role = by_role.join(UserRole, UserRole.role_id == RolePermission.role_id)
    to_role = _listed(Grant.permission, narrowed_scope()).join(UserRole, UserRole.role_id == Grant.role_id)
    to_further_unit = (
        _listed(Grant.permission, Grant.scope)
        .select_from(UserDepartment)
        .join(_further, _further.id == UserDepartment.department_id)
        .join(Grant, sa.and_(Grant.department_id.is_not(None), _further.path.like(_holding(Grant.department_id))))
    )
    paths = sa.select(sa.func.aggregate_strings(_further.path, SEPARATOR)).join(
        UserDepartment, UserDepartment.department_id == _further.id
    )
    nobody_named = (Grant.user_id.is_(None), Grant.role_id.is_(None), Grant.department_id.is_(None))
    ways = (
        by_role.where(UserRole.user_id == user),
        _listed(Grant.permission, Grant.scope).where(Grant.user_id == user),
        to_role.where(UserRole.user_id == user, scopes_meet()),
        _listed(Grant.permission, Grant.scope).where(Grant.department_id.is_not(None), path.like(_holding(Grant.department_id))),
        to_further_unit.where(UserDepartment.user_id == user),
        _listed(Grant.permission, Grant.scope).where(*nobody_named),
        paths.where(UserDepartment.user_id == user),
    )
    names = (*RIGHTS, "further_paths")
    selects = [way.correlate(User, Department).scalar_subquery() for way in ways]
    return [select.label(name) for select, name in zip(selects, names, strict=True)]


def _holding(department_id):
    """A LIKE pattern for the paths of the unit with ``department_id`` and of all units below."""
    return sa.literal("%/").concat(sa.cast(department_id, sa.String)).concat("/%")


def delegation_holds():
    """Conditions: a delegation is in force at the parameter ``now``."""
    now = sa.bindparam("now", type_=UTCDateTime())
    return Delegation.ended.is_(None), Delegation.starts_at <= now, Delegation.ends_at > now


_PERSON = (
    User.id,
    User.login,
    User.name,
    User.phone,
    User.must_change_password,
    User.password_changed,
    User.department_id,
    Department.name.label("department_name"),
    Department.path.label("department_path"),
    sa.exists().where(Delegation.to_user_id == User.id, *delegation_holds()).label("stands_in"),
    sa.exists().where(Delegation.from_user_id == User.id, *delegation_holds()).label("away"),
    *_rights(User.id, Department.path),
)

# Built once: composing them takes longer than running them.
_LIVE_SESSION = (
    sa.select(
        SessionRow.id.label("session_id"),
        SessionRow.csrf_token,
        SessionRow.created,
        SessionRow.seen,
        CURRENT.label("generation"),
        *_PERSON,
    )
    .join(User, User.id == SessionRow.user_id)
    .outerjoin(Department, Department.id == User.department_id)
    .where(SessionRow.token_hash == sa.bindparam("token_hash"), SessionRow.ended.is_(None), User.active)
)

_ACTIVE_PERSON = (
    sa.select(*_PERSON)
    .outerjoin(Department, Department.id == User.department_id)
    .where(User.id == sa.bindparam("user"), User.active)
)

_ANY_ACCOUNT = (
    sa.select(*_PERSON).outerjoin(Department, Department.id == User.department_id).where(User.id == sa.bindparam("user"))
)


@dataclass(frozen=True)
class LiveSession:
    """A session that is neither ended nor expired, with the person it belongs to."""

    id: int
    csrf_token: str
    seen: dt.datetime
    person: sa.Row


def limits(settings) -> tuple[dt.timedelta, dt.timedelta]:
    """How long a session lives without a request, and altogether."""
    idle = dt.timedelta(minutes=settings["portal.session_idle_minutes"])
    return idle, dt.timedelta(hours=settings["portal.session_absolute_hours"])


def live_session(session: Session, settings, token_hash: str, now: dt.datetime) -> LiveSession | None:
    """The session with ``token_hash``, or None when it is unknown, ended, expired or its user deactivated. One statement."""
    idle, absolute = limits(settings)
    row = session.execute(_LIVE_SESSION, {"token_hash": token_hash, "now": now}).first()
    if row is None or now - row.seen >= idle or now - row.created >= absolute:
        return None
    return LiveSession(row.session_id, row.csrf_token, row.seen, row)


def administers(person: sa.Row) -> bool:
    """May the person of a session open system management? Looks at the texts only, because every request may ask."""
    return any(f"{ADMINISTER} " in (getattr(person, name) or "") for name in RIGHTS)


def identity_of_session(live: LiveSession) -> Identity:
    """The identity of a live session."""
    return _identity(live.person, live.id)


def identity_of_user(session: Session, user_id: int) -> Identity | None:
    """The identity of an active user, without those for whom they stand in. One statement."""
    identity, _stands_in = active_person(session, user_id, None)
    return identity


def identity_of_account(session: Session, user_id: int) -> Identity | None:
    """What the account ``user_id`` could do, be it active or not, and whatever ``officers`` says. One statement."""
    row = session.execute(_ANY_ACCOUNT, {"user": user_id, "now": None}).first()
    return _identity(row, None) if row else None


def active_person(session: Session, user_id: int, now: dt.datetime | None) -> tuple[Identity | None, bool]:
    """The identity of an active user, and whether they stand in for somebody at ``now``. One statement."""
    row = session.execute(_ACTIVE_PERSON, {"user": user_id, "now": now}).first()
    return (_identity(row, None), bool(row.stands_in)) if row else (None, False)


def _identity(person, session_id):
    everywhere, scoped, reaches = _rights_of(person)
    main = person.department_path or ""
    further = sorted(set((person.further_paths or "").split(SEPARATOR)) - {main, ""})
    return Identity(
        user_id=person.id,
        login=person.login,
        name=person.name,
        department_id=person.department_id,
        department_name=person.department_name or "",
        department_path=tuple(int(part) for part in main.split("/") if part),
        phone=person.phone,
        permissions=frozenset(everywhere),
        scoped={permission: frozenset(scopes) for permission, scopes in scoped.items()},
        must_change_password=person.must_change_password,
        session_id=session_id,
        department_paths=(main, *further) if main else tuple(further),
        reaches={permission: widest(found) for permission, found in reaches.items()},
        away=bool(person.away),
    )


def _rights_of(person):
    """Permissions held for all data, scopes by permission, and limited reaches by permission, from the texts of ``_rights``.

    A role that is held within one scope only and limits the reach of a permission gives nothing: no rule says how a room and a
    unit narrow each other, and the safe answer is the one that nobody can use.
    """
    everywhere: set[str] = set()
    scoped: dict[str, set[str]] = {}
    reaches: dict[str, set[str]] = {}
    for text in (getattr(person, name) for name in RIGHTS):
        for line in (text or "").splitlines():
            permission, scope, reach = line.split(" ")
            if reach not in ("", ALL):
                if not scope:
                    reaches.setdefault(permission, set()).add(reach)
            elif scope:
                scoped.setdefault(permission, set()).add(scope)
            else:
                everywhere.add(permission)
    return everywhere, scoped, reaches
