"""Invented data for demonstrations: units, people, and whatever the plugins add.

Idempotent: everything is found by its natural key first. Refused in production, because the accounts' password is public.
"""

import sqlalchemy as sa

from portal_core.accounts.models import Role, RolePermission, User, UserDepartment
from portal_core.accounts.services import AccountService, DepartmentService, RightsService
from portal_core.content import demo as content_demo
from portal_core.declarations import DemoContext
from portal_core.errors import StartError
from portal_core.evaluations.reminders import close_overdue
from portal_core.services import Services

PASSWORD = "Demo-2026!"  # noqa: S105 - public on purpose: the README names it

COMPOUND = "市级机关"
UNITS = (
    "市府办公室",
    "机关事务中心",
    "财政局",
    "发展和改革委员会",
    "人力资源和社会保障局",
    "应急管理局",
    "信访局",
    "农业农村局",
    "机关工委",
    "总工会",
    "卫生健康委员会",
    "生态环境局",
    "住房和城乡建设局",
)
SHORT_NAMES = {
    "市府办公室": "市府办",
    "发展和改革委员会": "发改委",
    "人力资源和社会保障局": "人社局",
    "卫生健康委员会": "卫健委",
    "生态环境局": "环保局",
    "住房和城乡建设局": "住建局",
}

# Login, name, unit, roles: the accounts that people use in a demonstration.
ACCOUNTS = (
    ("staff", "杨晓", "机关事务中心", ("clerk",)),
    ("staff2", "李静", "机关工委", ("clerk",)),
    ("leader", "沈立群", "市府办公室", ("leader", "clerk")),
    ("meetings-admin", "周敏", "机关事务中心", ("meetings-admin", "clerk")),
    ("admin", "王磊", "机关事务中心", ("admin",)),
    # Reads the cases of the own unit and of those below, no others.
    ("unit-leader", "郑国华", "机关事务中心", ("unit-leader", "clerk")),
)
# Clerks of other units: they own bookings but nobody logs in as them, so their passwords are random and unknown.
CLERKS = (
    ("demo-sfb", "陈国强", "市府办公室"),
    ("demo-czj", "徐文娟", "财政局"),
    ("demo-fgw", "孙浩", "发展和改革委员会"),
    ("demo-rsj", "何丽君", "人力资源和社会保障局"),
    ("demo-yjj", "吕志远", "应急管理局"),
    ("demo-xfj", "钱慧", "信访局"),
    ("demo-nyj", "章建平", "农业农村局"),
    ("demo-zgh", "傅雅琴", "总工会"),
    ("demo-wjw", "严波", "卫生健康委员会"),
)
# Units and the logins of their heads.
HEADS = {"市府办公室": "leader", "机关事务中心": "unit-leader"}
# Logins and the units in which they also work.
FURTHER = {"demo-zgh": ("机关工委",)}
UNIT_LEADER = ("unit-leader", "单位负责人")
UNIT_LEADER_REACHES = {"core:case:view_all": "tree"}


def load(portal) -> None:
    """Write the demo data of the core and of every enabled plugin, each in one transaction. Raises StartError in production."""
    if portal.settings["portal.production"]:
        raise StartError("demo data is refused: portal.production is true")
    with portal.database.writing() as session:
        _people(Services(session, portal))
    with portal.database.writing() as session:
        services = Services(session, portal)
        author = services.get(AccountService).find("admin")
        content_demo.load(services, services.get(RightsService).identity_of(author.id))
    for plugin in portal.plugins.loaded:
        with portal.database.writing() as session:
            logins = [login for login, *_rest in ACCOUNTS + CLERKS]
            users = {u.login: u for u in session.query(User).filter(User.login.in_(logins))}
            context = DemoContext(portal, portal.clock, users)
            for _result in portal.plugins.call(plugin, "portal_demo_data", session=session, context=context):
                pass
    with portal.database.writing() as session:
        # What the past of the demo left open and nobody could answer any more, as the worker would close it.
        close_overdue(session, portal, portal.clock)


def _people(services: Services) -> None:
    departments, accounts, rights = services.get(DepartmentService), services.get(AccountService), services.get(RightsService)
    root = departments.find_or_create(COMPOUND, None)
    units = {name: departments.find_or_create(name, root, SHORT_NAMES.get(name, name)) for name in UNITS}
    _unit_leader_role(services)
    for login, name, unit, roles in (*ACCOUNTS, *((*clerk, ("clerk",)) for clerk in CLERKS)):
        user = accounts.find(login)
        if user is not None:
            continue
        user, _password = accounts.create(login, name, units[unit], phone=f"138{_digits(login):08d}")
        for role in roles:
            if rights.role(role) is not None:
                rights.assign(user, role)
        if login in {account[0] for account in ACCOUNTS}:
            accounts.set_password(user, PASSWORD, must_change=False)
    _heads_and_further(services.session, units)


def _unit_leader_role(services):
    """A role whose permission does not reach further than the holder's units."""
    code, title = UNIT_LEADER
    if services.get(RightsService).role(code) is None:
        role = Role(code=code, title=title)
        services.session.add(role)
        services.session.flush()
        services.session.add_all(
            RolePermission(role_id=role.id, permission=name, reach=reach) for name, reach in UNIT_LEADER_REACHES.items()
        )
        services.session.flush()


def _heads_and_further(session, units):
    logins = (*HEADS.values(), *FURTHER)
    ids = dict(session.execute(sa.select(User.login, User.id).where(User.login.in_(logins))).all())
    for name, login in HEADS.items():
        if units[name].leader_id is None:
            units[name].leader_id = ids[login]
    for login, names in FURTHER.items():
        for name in names:
            if session.get(UserDepartment, (ids[login], units[name].id)) is None:
                session.add(UserDepartment(user_id=ids[login], department_id=units[name].id))


def _digits(text: str) -> int:
    """Eight stable digits from ``text``, for invented telephone numbers."""
    value = 0
    for character in text:
        value = (value * 131 + ord(character)) % 100_000_000
    return value
