"""Data scope in SQL: which rows a person's permission reaches. The same rule for one object is ``Identity.covers``."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal_core.accounts.identity import ALL, OWN, TREE, Identity
from portal_core.accounts.models import Department


def within(identity: Identity, permission: str, department: Any, owners: Sequence[Any] = ()) -> sa.ColumnElement[bool]:
    """A condition for the rows that ``permission`` of ``identity`` reaches.

    Args:
        identity: who asks.
        permission: a permission that is declared with ``reaches=True``.
        department: the column with the unit of a row, either its id or its path (``Department.path``).
        owners: columns with the ids of those for whom or by whom the row was made; they count for every reach.

    Returns:
        Always true for ``all`` and never without the permission.
    """
    reach = identity.reach(permission)
    if reach is None or reach == ALL:
        return sa.true() if reach == ALL else sa.false()
    ways = [owner == identity.user_id for owner in owners]
    if reach != OWN and identity.department_paths:
        ways.append(_in_units(identity, reach == TREE, department))
    return sa.or_(sa.false(), *ways)


def _in_units(identity, below, department):
    if isinstance(department.type, sa.String):
        if below:
            return sa.or_(*(department.startswith(path) for path in identity.department_paths))
        return department.in_(identity.department_paths)
    if below:
        units = sa.or_(*(Department.path.startswith(path) for path in identity.department_paths))
        return department.in_(sa.select(Department.id).where(units))
    return department.in_(identity.department_ids)
