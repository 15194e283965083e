"""What an inbox shows. Count and list of a tab are the same query, so they cannot disagree.

A person finds open tasks in three ways: assigned to them, for holders of a permission everywhere, for holders of a permission
within a scope; and in the same ways those of everybody for whom they stand in. Each way is an index range read newest first and
cut to one page, and the pages are merged; so the cost does not grow with the number of open tasks. Paging is by key (the task's
id), never by offset.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from portal_core.accounts.identity import Identity
from portal_core.inbox.models import ACT, DONE, OPEN, READ, Case, Task
from portal_core.web.params import MAX_ID

# What fits on one screen: whoever opens the inbox sees the whole first page, and it costs no more than a short list.
PAGE = 10
DRAFT_STATE = "draft"
TABS = ("todo", "done", "mine", "read", "draft")
CASE_TABS = ("mine", "draft")
# What was read (已阅) is no tab of its own but the second half of 待阅.
SEEN = "seen"

# Permissions that flows of several modules may name: those of the core, and those that stand for holding a role.
ROLE = "role:"
SHARED = ("core:", ROLE)

# SQLite refuses more than 500 parts in a union, and PostgreSQL plans each of them.
SCOPES_AS_RANGES = 100

ME = sa.bindparam("me", type_=sa.BigInteger())
BEFORE = sa.bindparam("before", type_=sa.BigInteger())


@dataclass(frozen=True)
class Reach:
    """In which ways a person is a candidate: permissions held everywhere, and pairs of permission and scope.

    ``absent`` are the reaches of those for whom the person stands in, ``modules`` (plugins) limits such a one; empty is all.
    People with the same roles have the same reach, so the selects built for one serve all of them: building a union takes
    longer than running it.
    """

    everywhere: tuple[str, ...]
    scoped: tuple[tuple[str, str], ...]
    absent: "tuple[Reach, ...]" = ()
    modules: tuple[str, ...] = ()


def reach_of(identity: Identity, awaited: frozenset[str]) -> Reach:
    """The reach of ``identity``. ``awaited``: permissions for which flows open tasks (``Portal.task_permissions``).

    Those that stand for a role count always: approval plans open tasks for them (``portal_core.inbox.plans``).
    """
    awaited = awaited.union(name for name in (*identity.permissions, *identity.scoped) if name.startswith(ROLE))
    scoped = (identity.scoped.keys() & awaited) - identity.permissions
    pairs = ((permission, scope) for permission in sorted(scoped) for scope in sorted(identity.scoped[permission]))
    absent = (_absent_reach(stand_in, awaited) for stand_in in identity.stand_ins)
    return Reach(tuple(sorted(identity.permissions & awaited)), tuple(pairs), tuple(absent))


def _absent_reach(stand_in, awaited):
    """Permissions of modules that were not left to the person are out, so that their tasks are not even looked at."""
    left = frozenset(name for name in awaited if name.startswith(SHARED) or stand_in.covers(name.replace(":", ".")))
    return replace(reach_of(stand_in.identity, left), modules=tuple(sorted(stand_in.modules)))


@dataclass(frozen=True)
class _Range:
    """Rows whose ``column`` has ``value``; an index begins with this column and continues with the id."""

    conditions: list
    column: Any
    value: Any

    def newest(self, key, limit):
        """A select of the newest ``limit`` ids below ``BEFORE``, read from that index alone.

        Written as a range of the index's columns and not as equality: with that, PostgreSQL drops the column from the order and
        prefers to walk the primary key, past everything that somebody else has or that is done. And with one column only,
        because the first one alone tells PostgreSQL where such a range ends.
        """
        below = sa.tuple_(self.column, key) < sa.tuple_(self.value, BEFORE)
        query = sa.select(key).where(*self.conditions, sa.tuple_(self.column) >= sa.tuple_(self.value), below)
        return query.order_by(self.column.desc(), key.desc()).limit(limit)


def _word(text):
    # Written into the statement and not bound, so that the planner sees that a partial index fits.
    return sa.literal_column(f"'{text}'")


def _open_ids(reach, limit, kind):
    ways = _open_ranges(reach, ME, kind, [])
    # What is to be read is for the person alone.
    absent = reach.absent if kind == ACT else ()
    for number, someone in enumerate(absent):
        user = sa.bindparam(f"absent_{number}", type_=sa.BigInteger())
        ways += _open_ranges(someone, user, kind, [_left_to_me(someone, user)])
    # Without a stand-in the ranges are disjoint; what two people may take is found twice.
    return _merge(sa.union if absent else sa.union_all, [found.newest(Task.id, limit) for found in ways], limit)


def _open_ranges(reach, user, kind, limits):
    is_open = Task.status == _word(OPEN)
    assigned = _Range([is_open, Task.kind == _word(kind), *limits], Task.assignee_id, user)
    pool = _pool_ranges(reach, [is_open, Task.assignee_id.is_(None), *limits]) if kind == ACT else []
    return [assigned, *pool]


def _left_to_me(reach, absent):
    """Is the task of a module that was left to me, and the application neither mine nor the absent person's (``whose``)?

    A scalar select, which databases ask for row by row: a join would tempt them to read all tasks before the first page.
    """
    people = [Case.applicant_id, Case.handler_id]
    allowed = [column.not_in((ME, absent)) for column in people]
    if reach.modules:
        allowed.append(sa.or_(*(Case.kind.startswith(f"{module}.", autoescape=True) for module in reach.modules)))
    return sa.select(sa.and_(*allowed)).where(Case.id == Task.case_id).correlate(Task).scalar_subquery()


def _pool_ranges(reach, pool):
    """Tasks that the person may take, as disjoint ranges. What only asks to be read is never among them (``flow.check``)."""
    ranges = [_Range(pool, Task.permission, permission) for permission in reach.everywhere]
    for permission in dict.fromkeys(permission for permission, _scope in reach.scoped):
        scopes = [scope for name, scope in reach.scoped if name == permission]
        if len(scopes) <= SCOPES_AS_RANGES:
            ranges += [_Range(pool, Task.pool, f"{permission} {scope}") for scope in scopes]
        else:
            ranges.append(_Range([*pool, Task.scope.in_(scopes)], Task.permission, permission))
    return ranges


def _done_ids(limit, kind):
    return _Range([Task.status == _word(DONE), Task.kind == _word(kind)], Task.done_by_id, ME).newest(Task.id, limit)


def _own_case_ids(drafts, limit):
    wanted = [(Case.state == _word(DRAFT_STATE)) if drafts else (Case.state != _word(DRAFT_STATE))]
    ways = (_Range(wanted, column, ME) for column in (Case.applicant_id, Case.handler_id))
    return _merge(sa.union, [found.newest(Case.id, limit) for found in ways], limit)


def _merge(union, parts, limit):
    # SQLite allows ORDER BY and LIMIT in a part of a union only inside a subquery.
    merged = union(*(part.subquery().select() for part in parts)).subquery()
    return sa.select(merged.c.id).order_by(merged.c.id.desc()).limit(limit)


@lru_cache(maxsize=1000)
def _ids(tab, reach, limit):
    match tab:
        case "todo":
            return _open_ids(reach, limit, ACT)
        case "read":
            return _open_ids(reach, limit, READ)
        case "done":
            return _done_ids(limit, ACT)
        case "seen":
            return _done_ids(limit, READ)
        case _:
            return _own_case_ids(tab == "draft", limit)


def tab_ids(
    tab: str, identity: Identity, awaited: frozenset[str], limit: int, before: int | None = None
) -> tuple[sa.Select, dict[str, Any]]:
    """Statement and parameters for the ids of ``tab`` (of ``TABS``, or ``SEEN``): of cases for ``CASE_TABS``, else of tasks.

    The newest ``limit``, older than id ``before`` if given. ``awaited`` as for ``reach_of``.
    """
    return _ids(tab, reach_of(identity, awaited), limit), parameters(identity, before)


def parameters(identity: Identity, before: int | None = None) -> dict[str, Any]:
    """The values of the statements of this module."""
    absent = {f"absent_{number}": stand_in.identity.user_id for number, stand_in in enumerate(identity.stand_ins)}
    return {"me": identity.user_id, "before": MAX_ID if before is None else before} | absent


def counted(tab: str, reach: Reach, cap: int):
    """The length of the tab's list up to ``cap`` as a scalar: the list's own query, so that badge and list agree."""
    return sa.select(sa.func.count()).select_from(_ids(tab, reach, cap).subquery()).scalar_subquery()


@lru_cache(maxsize=200)
def _counts(reach, cap):
    return sa.select(*(counted(tab, reach, cap).label(tab) for tab in TABS))


def tab_counts(session: Session, identity: Identity, awaited: frozenset[str], cap: int = 100) -> dict[str, int]:
    """The length of every tab's list, counted up to ``cap``, in one statement."""
    row = session.execute(_counts(reach_of(identity, awaited), cap), parameters(identity)).one()
    return dict(row._mapping)


def tab_page(session: Session, tab: str, identity: Identity, awaited: frozenset[str], size: int = PAGE, before=None):
    """One page of ``tab``, newest first, in two statements: ids, then rows with the people they show.

    Returns ``(rows, next)``: tasks with their cases loaded, or cases; ``next`` is the ``before`` of the following page or None.
    """
    ids = list(session.scalars(*tab_ids(tab, identity, awaited, size + 1, before)))
    following = ids[size - 1] if len(ids) > size else None
    return _rows(session, tab, ids[:size]), following


def _rows(session, tab, ids):
    if not ids:
        return []
    if tab in CASE_TABS:
        query = sa.select(Case).options(joinedload(Case.applicant), joinedload(Case.department)).where(Case.id.in_(ids))
        return list(session.scalars(query.order_by(Case.id.desc())))
    case = joinedload(Task.case)
    query = sa.select(Task).options(case.joinedload(Case.applicant), case.joinedload(Case.department)).where(Task.id.in_(ids))
    return list(session.scalars(query.order_by(Task.id.desc())))
