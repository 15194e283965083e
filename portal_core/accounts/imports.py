"""Accounts from a CSV file: everything is checked before anything is written, and one wrong row stops all of it."""

import csv
import io
from dataclasses import dataclass

import sqlalchemy as sa

from portal_core.accounts.models import Role
from portal_core.accounts.services import AccountService, DepartmentService, RightsService
from portal_core.accounts.throttle import normal_login
from portal_core.i18n import _
from portal_core.services import Services
from portal_core.web.text import clean_line

MAX_ROWS = 5000
# Column heads as people write them.
HEADS = {
    "login": "login",
    "登录名": "login",
    "用户名": "login",
    "账号": "login",
    "name": "name",
    "姓名": "name",
    "department": "department",
    "部门": "department",
    "单位": "department",
    "phone": "phone",
    "电话": "phone",
    "手机": "phone",
    "email": "email",
    "邮箱": "email",
    "roles": "roles",
    "角色": "roles",
}
LENGTHS = {"department": 200, "phone": 32, "email": 120}


@dataclass(frozen=True)
class Row:
    """One account to be made."""

    line: int
    login: str
    name: str
    department: str
    phone: str
    email: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class RowError:
    """What is wrong in ``line`` of the file, counted from 1; ``message`` is a translation string."""

    line: int
    message: str


class AccountImport:
    """Call ``read`` and then, when ``errors`` is empty, ``store``; ``rows`` are the accounts that would be made."""

    def __init__(self, portal):
        self._portal = portal
        self.rows = []
        self.errors = []

    def read(self, data: bytes) -> None:
        """Parse and check a file, filling ``rows`` and ``errors``."""
        table = self._table(data)
        if table is None:
            return
        with self._portal.database.reading() as session:
            accounts = Services(session, self._portal).get(AccountService)
            roles = set(session.scalars(sa.select(Role.code)))
            seen = {}
            for line, values in table:
                row = _row(line, values)
                self.rows.append(row)
                problems = [*_row_problems(row, roles), *accounts.problems(row.login, row.name).values()]
                if row.login in seen:
                    problems.append(_("The same user name stands in line ${line}.", mapping={"line": seen[row.login]}))
                seen.setdefault(row.login, line)
                self.errors += [RowError(line, problem) for problem in problems]

    def store(self) -> list[tuple[str, str]]:
        """Make the accounts in one transaction; returns logins with their initial passwords."""
        with self._portal.database.writing() as session:
            services = Services(session, self._portal)
            return [(row.login, self._store_one(services, row)) for row in self.rows]

    def _store_one(self, services, row):
        unit = services.get(DepartmentService).find_or_create_path(row.department) if row.department else None
        user, password = services.get(AccountService).create(row.login, row.name, unit, phone=row.phone, email=row.email)
        for role in row.roles:
            services.get(RightsService).assign(user, role)
        return password

    def _table(self, data):
        """``(line, values by field)`` of every row that is not empty, or None when the file as a whole is unfit."""
        text = _decode(data)
        if text is None:
            return self._unfit(_("The file is neither UTF-8 nor GB18030 text."))
        reader = csv.reader(io.StringIO(text, newline=""))
        try:
            fields = [HEADS.get(clean_line(head).lower()) for head in next(reader, [])]
            if not {"login", "name"} <= set(fields):
                return self._unfit(_("The first line must name the columns, at least login and name (登录名, 姓名)."))
            lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
        except csv.Error:
            return self._unfit(_("The file is no CSV table."), reader.line_num)
        if len(lines) > MAX_ROWS:
            return self._unfit(_("A file may hold at most ${count} accounts.", mapping={"count": MAX_ROWS}))
        return [(line, {f: clean_line(c) for f, c in zip(fields, cells, strict=False) if f}) for line, cells in lines]

    def _unfit(self, message, line=1):
        self.errors.append(RowError(line, message))


def _decode(data):
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _row(line, values):
    roles = values.get("roles", "").replace(",", " ").replace("，", " ").replace("、", " ").split()
    return Row(
        line=line,
        login=normal_login(values.get("login", "")),
        name=values.get("name", ""),
        department=values.get("department", ""),
        phone=values.get("phone", ""),
        email=values.get("email", ""),
        roles=tuple(dict.fromkeys(roles)),
    )


def _row_problems(row, known_roles):
    for name, limit in LENGTHS.items():
        if len(getattr(row, name)) > limit:
            yield _("Column ${column}: at most ${count} characters.", mapping={"column": name, "count": limit})
    for role in row.roles:
        if role not in known_roles:
            yield _("There is no role ${code}.", mapping={"code": role})
