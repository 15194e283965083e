"""What administrators do with the tree of units."""

import pytest
import sqlalchemy as sa

from portal_core.accounts.departmentadmin import MAX_DEPTH, DepartmentAdmin, UnitData
from portal_core.accounts.identity import SYSTEM
from portal_core.accounts.models import Department, UserDepartment
from portal_core.accounts.services import AccountService, DepartmentService
from portal_core.audit.models import AuditEntry
from portal_core.errors import Conflict, Forbidden, Invalid, Stale
from portal_core.testing.fixtures import count_statements


@pytest.fixture
def units(services):
    return services.get(DepartmentAdmin)


@pytest.fixture
def tree(services):
    """机关 > 财政局 > 预算处 > 一科, and 审计局 beside."""
    make = services.get(DepartmentService).create
    root = make("机关")
    bureau = make("财政局", root)
    section = make("预算处", bureau)
    return {"root": root, "bureau": bureau, "section": section, "team": make("一科", section), "other": make("审计局", root)}


def data(name="财政局", leader="", position=0):
    return UnitData(name, "", position, leader)


def paths(services, tree):
    services.session.expire_all()
    return {key: unit.path for key, unit in tree.items()}


def test_a_move_rewrites_the_paths_of_everything_below(services, units, tree):
    with count_statements(services.session.get_bind()) as statements:
        units.update(SYSTEM, tree["bureau"], data(), tree["other"].id, 1)
    found = paths(services, tree)
    assert found["bureau"] == f"{found['other']}{tree['bureau'].id}/"
    assert found["team"] == f"{found['bureau']}{tree['section'].id}/{tree['team'].id}/"
    assert sum("SET path" in text for text in statements.texts) == 1


def test_a_move_to_the_top(services, units, tree):
    units.update(SYSTEM, tree["section"], data("预算处"), None, 1)
    found = paths(services, tree)
    assert found["section"] == f"/{tree['section'].id}/"
    assert found["team"].startswith(found["section"])


@pytest.mark.parametrize("below", ["bureau", "section", "team"])
def test_no_unit_stands_below_itself(services, units, tree, below):
    before = paths(services, tree)
    with pytest.raises(Invalid) as refused:
        units.update(SYSTEM, tree["bureau"], data(), tree[below].id, 1)
    assert "parent" in refused.value.fields
    assert paths(services, tree) == before


def test_the_tree_has_a_greatest_depth(services, units):
    unit = None
    for number in range(MAX_DEPTH):
        unit = services.get(DepartmentService).create(f"层{number}", unit)
    with pytest.raises(Invalid):
        units.create(SYSTEM, data("再下一层"), unit.id)


def test_siblings_have_different_names(units, tree):
    with pytest.raises(Invalid):
        units.create(SYSTEM, data("财政局"), tree["root"].id)
    units.create(SYSTEM, data("财政局"), tree["other"].id)


def test_the_head_is_somebody(services, units, tree):
    services.get(AccountService).create("shen", "沈立群")
    units.update(SYSTEM, tree["bureau"], data(leader="Shen"), tree["root"].id, 1)
    assert units.leader_login(tree["bureau"]) == "shen"
    with pytest.raises(Invalid) as refused:
        units.update(SYSTEM, tree["bureau"], data(leader="nobody"), tree["root"].id, 2)
    assert "leader" in refused.value.fields


def test_changes_are_in_the_audit_log_with_old_and_new(services, units, tree):
    units.update(SYSTEM, tree["bureau"], data("财政局（新）", position=5), tree["root"].id, 1)
    services.session.flush()
    said = services.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert ["name", "财政局", "财政局（新）"] in said.detail["changes"]
    assert ["position", "0", "5"] in said.detail["changes"]


def test_who_saves_second_is_told(units, tree):
    units.update(SYSTEM, tree["bureau"], data("甲"), tree["root"].id, 1)
    with pytest.raises(Stale):
        units.update(SYSTEM, tree["bureau"], data("乙"), tree["root"].id, 1)


def test_units_with_people_or_units_stay(services, units, tree):
    with pytest.raises(Conflict):
        units.deactivate(SYSTEM, tree["section"])
    user = services.get(AccountService).create("li", "李静", tree["team"])[0]
    with pytest.raises(Conflict):
        units.deactivate(SYSTEM, tree["team"])
    user.department_id = tree["other"].id
    services.session.add(UserDepartment(user_id=user.id, department_id=tree["team"].id))
    services.session.flush()
    with pytest.raises(Conflict):
        units.deactivate(SYSTEM, tree["team"])
    user.active = False
    services.session.flush()
    units.deactivate(SYSTEM, tree["team"])
    units.deactivate(SYSTEM, tree["section"])
    with pytest.raises(Conflict):
        units.reactivate(SYSTEM, tree["team"])
    units.reactivate(SYSTEM, tree["section"])
    units.reactivate(SYSTEM, tree["team"])
    assert tree["team"].active


def test_people_are_counted_with_their_further_units_in_few_statements(services, units, tree):
    user = services.get(AccountService).create("li", "李静", tree["team"])[0]
    services.session.add(UserDepartment(user_id=user.id, department_id=tree["other"].id))
    services.session.flush()
    with count_statements(services.session.get_bind()) as statements:
        lines = {line.name: line for line in units.lines()}
    assert (lines["一科"].people, lines["审计局"].people, lines["机关"].people) == (1, 1, 0)
    assert lines["一科"].depth == 3
    assert statements.count == 2


def test_others_are_turned_away(services, units, tree):
    user = services.get(AccountService).create("li", "李静", tree["team"])[0]
    from portal_core.accounts.services import RightsService

    with pytest.raises(Forbidden):
        units.create(services.get(RightsService).identity_of(user.id), data("新局"), None)
    assert services.session.scalar(sa.select(Department.id).where(Department.name == "新局")) is None
