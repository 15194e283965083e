"""What can be wrong with a row of an import, found before anything is written."""

import re
from dataclasses import asdict, dataclass, field

import sqlalchemy as sa

from portal_core.accounts.models import Department, Role, User
from portal_core.accounts.services import LOGIN, MAX_NAME
from portal_core.accounts.sheets import FORMULA, TOO_LONG, SheetRow
from portal_core.accounts.throttle import LOGIN_LENGTH, normal_login
from portal_core.accounts.userdata import email_problem, phone_problem
from portal_core.accounts.users import MAX_FURTHER
from portal_core.i18n import _

# Codes as they are stored with the import; the words are translated for whoever looks at it.
PROBLEMS = {
    "missing": _("Missing"),
    FORMULA: _("A formula or an error stands here; write the value itself"),
    TOO_LONG: _("Too long"),
    "login_form": _("2 to 64 small letters, digits or . _ @ -, beginning with a letter or digit"),
    "login_taken": _("The user name is taken"),
    "login_twice": _("The same user name stands in row ${row}"),
    "name_long": _("At most ${count} characters"),
    "unit_unknown": _("There is no unit ${name}"),
    "unit_unclear": _("Several units are called ${name}; write it with those above: A/B"),
    "units_many": _("At most ${count} further units"),
    "phone": _("This is no telephone number."),
    "email": _("This is no e-mail address."),
    "role_unknown": _("There is no role ${name}"),
    "role_forbidden": _("You may not give roles"),
}
_BETWEEN = re.compile(r"[,，、;；]+")


@dataclass(frozen=True)
class ImportRow:
    """A faultless row: an account to be made."""

    number: int
    login: str
    name: str
    department_id: int
    department: str
    further_ids: tuple[int, ...] = ()
    phone: str = ""
    email: str = ""
    roles: tuple[str, ...] = ()

    def stored(self) -> dict:
        """As plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Problem:
    """What is wrong in a row: the field (column), a code of ``PROBLEMS`` and the values in its words."""

    number: int
    field: str
    code: str
    params: dict = field(default_factory=dict)


class RowChecker:
    """Checks all rows of a file against each other and against the database, in three statements whatever their number.

    ``may_give_roles``: the person who imports may give roles.
    """

    def __init__(self, session, may_give_roles: bool) -> None:
        self.session = session
        self.may_give_roles = may_give_roles
        self.problems: list[Problem] = []
        self.rows: list[ImportRow] = []

    def check(self, sheet: list[SheetRow]) -> None:
        """Fill ``rows`` with what can be made and ``problems`` with what is wrong with the others."""
        self._known(sheet)
        seen: dict[str, int] = {}
        for row in sheet:
            before = len(self.problems)
            login = normal_login(row.values.get("login", ""))
            made = self._row(row, login)
            if login and login in seen:
                self._say(row, "login", "login_twice", row=seen[login])
            seen.setdefault(login, row.number)
            if len(self.problems) == before:
                self.rows.append(made)

    def _known(self, sheet):
        logins = {normal_login(row.values.get("login", "")) for row in sheet}
        self.taken = taken_logins(self.session, logins)
        self.units = _units(self.session)
        self.roles: dict[str, str] = {}
        for code, title in self.session.execute(sa.select(Role.code, Role.title)):
            self.roles |= {title: code}
            self.roles[code] = code

    def _row(self, row, login):
        for name, code in row.unread.items():
            self._say(row, name, code)
        self._check_login(row, login)
        name = row.values.get("name", "")
        if not name:
            self._missing(row, "name")
        elif len(name) > MAX_NAME:
            self._say(row, "name", "name_long", count=MAX_NAME)
        phone, email = row.values.get("phone", ""), row.values.get("email", "")
        if phone_problem(phone):
            self._say(row, "phone", "phone")
        if email_problem(email):
            self._say(row, "email", "email")
        unit, path = self._main_unit(row)
        further = self._further(row)
        return ImportRow(
            row.number, login, name, unit, path, tuple(i for i in further if i != unit), phone, email, self._roles(row)
        )

    def _check_login(self, row, login):
        if not login:
            self._missing(row, "login")
        elif not LOGIN.fullmatch(login) or len(login) > LOGIN_LENGTH:
            self._say(row, "login", "login_form")
        elif login in self.taken:
            self._say(row, "login", "login_taken")

    def _main_unit(self, row):
        text = row.values.get("department", "")
        if not text:
            self._missing(row, "department")
            return 0, ""
        return self._unit(row, "department", text), text

    def _unit(self, row, column, text):
        found = self.units.get("/".join(part.strip() for part in text.replace("／", "/").strip("/").split("/")), ())
        if len(found) != 1:
            self._say(row, column, "unit_unclear" if found else "unit_unknown", name=text[:80])
            return 0
        return found[0]

    def _further(self, row):
        names = _words(row.values.get("further", ""))
        if len(names) > MAX_FURTHER:
            self._say(row, "further", "units_many", count=MAX_FURTHER)
            return []
        return list(dict.fromkeys(self._unit(row, "further", name) for name in names))

    def _roles(self, row):
        names = _words(row.values.get("roles", ""))
        if names and not self.may_give_roles:
            self._say(row, "roles", "role_forbidden")
            return ()
        for name in names:
            if name not in self.roles:
                self._say(row, "roles", "role_unknown", name=name[:80])
        return tuple(dict.fromkeys(self.roles.get(name, "") for name in names))

    def _missing(self, row, column):
        if column not in row.unread:
            self._say(row, column, "missing")

    def _say(self, row, column, code, /, **params):
        self.problems.append(Problem(row.number, column, code, params))


def taken_logins(session, logins) -> set[str]:
    """Which of ``logins`` belong to accounts. A few thousand are compared here rather than bound one by one."""
    return set(session.scalars(sa.select(User.login))) & set(logins)


def _units(session):
    """Ids by what a unit may be called: its name alone, and with each of those above it."""
    rows = session.execute(sa.select(Department.id, Department.name, Department.path).where(Department.active)).all()
    names = {row.id: row.name for row in rows}
    found: dict[str, list[int]] = {}
    for row in rows:
        above = [names.get(int(part), "") for part in row.path.split("/") if part]
        for start in range(len(above)):
            found.setdefault("/".join(above[start:]), []).append(row.id)
    return found


def _words(text):
    return [word.strip() for word in _BETWEEN.split(text) if word.strip()]
