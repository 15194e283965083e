"""What an inbox shows. Count and list of a tab are the same query, so they cannot disagree.

A person finds open tasks in three ways: assigned to them, for holders of a permission everywhere, for holders of a permission
within a scope. Each way is an index range read newest first and cut to one page, and the pages are merged; so the cost does not
grow with the number of open tasks. Paging is by key (the task's id), never by offset.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from portal_core.accounts.identity import Identity
from portal_core.inbox.models import ACT, DONE, OPEN, READ, Case, Task
from portal_core.web.params import MAX_ID

PAGE = 20
DRAFT_STATE = "draft"
TABS = ("todo", "done", "mine", "read", "draft")
CASE_TABS = ("mine", "draft")

# SQLite refuses more than 500 parts in a union, and PostgreSQL plans each of them.
SCOPES_AS_RANGES = 100


def open_ids(identity: Identity, awaited: frozenset[str], limit: int, before: int | None = None, kind=ACT):
    """A select of the ids of the newest ``limit`` open tasks of ``identity``, older than id ``before`` if given.

    ``awaited``: permissions for which flows open tasks (``Portal.task_permissions``); others need not be looked for.
    """
    is_open = Task.status == sa.literal_column(f"'{OPEN}'")
    assigned = _Range([is_open], {Task.assignee_id: identity.user_id, Task.kind: kind})
    pool = _pool_ranges(identity, awaited, [is_open, Task.assignee_id.is_(None)]) if kind == ACT else []
    return _merge(sa.union_all, [found.newest(Task.id, limit, before) for found in (assigned, *pool)], limit)


def _pool_ranges(identity, awaited, pool):
    """Tasks that ``identity`` may take, as disjoint ranges. What only asks to be read is never among them (``flow.check``)."""
    ranges = [_Range(pool, {Task.permission: permission}) for permission in sorted(identity.permissions & awaited)]
    for permission in sorted((identity.scoped.keys() & awaited) - identity.permissions):
        scopes = sorted(identity.scoped[permission])
        if len(scopes) <= SCOPES_AS_RANGES:
            ranges += [_Range(pool, {Task.permission: permission, Task.scope: scope}) for scope in scopes]
        else:
            ranges.append(_Range([*pool, Task.scope.in_(scopes)], {Task.permission: permission}))
    return ranges


def done_ids(identity: Identity, limit: int, before: int | None = None):
    """A select of the ids of the newest ``limit`` to-dos that ``identity`` has done."""
    is_done = Task.status == sa.literal_column(f"'{DONE}'")
    return _Range([is_done, Task.kind == ACT], {Task.done_by_id: identity.user_id}).newest(Task.id, limit, before)


def own_case_ids(identity: Identity, drafts: bool, limit: int, before: int | None = None):
    """A select of the ids of the newest ``limit`` cases that ``identity`` applied for or typed; drafts or all others."""
    wanted = [(Case.state == DRAFT_STATE) if drafts else (Case.state != DRAFT_STATE)]
    ways = (_Range(wanted, {column: identity.user_id}) for column in (Case.applicant_id, Case.handler_id))
    return _merge(sa.union, [found.newest(Case.id, limit, before) for found in ways], limit)


@dataclass(frozen=True)
class _Range:
    """Rows whose columns ``prefix`` have the given values; an index begins with these columns and continues with the id."""

    conditions: list
    prefix: dict

    def newest(self, key, limit, before):
        """A select of the newest ``limit`` ids, read from that index alone.

        Written as a range of the index's columns and not as equalities: with these, PostgreSQL drops the columns from the order
        and prefers to walk the primary key, past everything that somebody else has or that is done.
        """
        columns, values = list(self.prefix), list(self.prefix.values())
        below = sa.tuple_(*columns, key) < sa.tuple_(*values, MAX_ID if before is None else before)
        query = sa.select(key).where(*self.conditions, sa.tuple_(*columns) >= sa.tuple_(*values), below)
        return query.order_by(*(column.desc() for column in columns), key.desc()).limit(limit)


def _merge(union, parts, limit):
    # SQLite allows ORDER BY and LIMIT in a part of a union only inside a subquery.
    merged = union(*(part.subquery().select() for part in parts)).subquery()
    return sa.select(merged.c.id).order_by(merged.c.id.desc()).limit(limit)


def tab_ids(tab: str, identity: Identity, awaited: frozenset[str], limit: int, before: int | None = None):
    """The ids shown by ``tab`` (one of ``TABS``): of cases for ``CASE_TABS``, else of tasks."""
    match tab:
        case "todo":
            return open_ids(identity, awaited, limit, before)
        case "read":
            return open_ids(identity, awaited, limit, before, READ)
        case "done":
            return done_ids(identity, limit, before)
        case _:
            return own_case_ids(identity, tab == "draft", limit, before)


def tab_count(session: Session, tab: str, identity: Identity, awaited: frozenset[str], cap: int = 100) -> int:
    """Length of the tab's list, counted up to ``cap``: the list's own query, so that badge and list agree."""
    return session.scalar(sa.select(_counted(tab, identity, awaited, cap))) or 0


def tab_counts(session: Session, identity: Identity, awaited: frozenset[str], cap: int = 100) -> dict[str, int]:
    """``tab_count`` of every tab, in one statement."""
    row = session.execute(sa.select(*(_counted(tab, identity, awaited, cap).label(tab) for tab in TABS))).one()
    return dict(row._mapping)


def _counted(tab, identity, awaited, cap):
    return sa.select(sa.func.count()).select_from(tab_ids(tab, identity, awaited, cap).subquery()).scalar_subquery()


def tab_page(session: Session, tab: str, identity: Identity, awaited: frozenset[str], size: int = PAGE, before=None):
    """One page of ``tab``, newest first, in two statements: ids, then rows with the people they show.

    Returns ``(rows, next)``: tasks with their cases loaded, or cases; ``next`` is the ``before`` of the following page or None.
    """
    ids = list(session.scalars(tab_ids(tab, identity, awaited, size + 1, before)))
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
