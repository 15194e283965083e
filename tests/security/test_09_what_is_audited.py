"""Item 9: every important act leaves a line, and every code that the source writes has words that people read."""

import ast
from pathlib import Path

import pytest
import sqlalchemy as sa

import portal_core
import portal_meetings
from portal_core.audit.models import AuditEntry
from portal_core.audit.services import MASK, AuditService, changes
from tests import scene as scenes
from tests.forms import room_fields, version_of

scene = scenes.scene
WRITERS = ("record", "record_now", "record_change", "_note", "_audit")


def written_codes():
    """Codes of acts that the source gives to the audit log as constants: ``core.x`` in a call of a writer."""
    found = set()
    for package in (portal_core, portal_meetings):
        for path in Path(package.__file__).parent.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in WRITERS:
                    values = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "action")]
                    found |= {v.value for v in values if isinstance(v, ast.Constant) and is_code(v.value)}
    return found


def is_code(value):
    return isinstance(value, str) and value.startswith(("core.", "meetings.")) and value.count(".") == 1


def test_every_code_has_words(_loaded_portal):
    words = _loaded_portal.audit_words
    known = {*words.actions, *words.objects}
    missing = written_codes() - known
    assert not missing, f"give them words (AuditWords): {sorted(missing)}"


def last(scene, action):
    with scene.app.reading() as session:
        query = sa.select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id.desc()).limit(1)
        return session.scalar(query)


def test_a_changed_room_shows_old_and_new(scene):
    room = scene.rooms.second
    fields = room_fields(phone="0571-88001234", buffer_after="45", version=version_of(scene, room))
    browser = scene.browsers["admin"]
    browser.post(f"/meetings/admin/rooms/{room}", {"csrf_token": scene.token("admin"), **fields}, status=303)
    entry = last(scene, "meetings.room_changed")
    changed = {name: (old, new) for name, old, new in entry.detail["changes"]}
    assert changed["buffer_after"][1] == "45" and changed["phone"][1] == "0571-88001234"
    assert "position" not in changed or changed["position"][0] != changed["position"][1]
    page = browser.get(f"/admin/audit/{entry.id}")
    assert "字段变更" in page and "0571-88001234" in page and "buffer_after" not in page


def test_only_what_changed_is_kept_and_secrets_are_not():
    before = {"name": "旧", "phone": "1", "password": "old-secret", "tags": ["a"], "gone": "x"}
    after = {"name": "新", "phone": "1", "password": "new-secret", "tags": ["a", "b"], "added": 0}
    assert changes(before, after) == [
        ["name", "旧", "新"],
        ["password", MASK, MASK],
        ["tags", "a", "a、b"],
        ["added", "", "0"],
        ["gone", "x", ""],
    ]
    assert changes(after, after) == []


def test_no_line_when_nothing_changed(services, session, make_user):
    person = make_user()
    audit = services.get(AuditService)
    assert not audit.record_change(person.identity, "core.thing", 1, {"a": 1}, {"a": 1})
    assert audit.record_change(person.identity, "core.thing", 1, {"a": 1}, {"a": 2}, "10.1.1.1")
    session.flush()
    (entry,) = session.scalars(sa.select(AuditEntry))
    assert (entry.action, entry.detail, entry.ip) == ("core.thing_changed", {"changes": [["a", "1", "2"]]}, "10.1.1.1")


@pytest.mark.parametrize(
    ("who", "path"), [("meetings-admin", "/admin/audit"), ("leader", "/admin/audit/1"), ("staff", "/admin/audit/export")]
)
def test_the_log_is_for_those_who_may_read_it(scene, who, path):
    assert scene.browsers[who].get(path, status="*").status_int in (403, 404)


def test_taking_the_log_away_is_a_line_itself(scene):
    answered = scene.browsers["admin"].get("/admin/audit/export?failed=1")
    assert answered.body.startswith(b"PK") and "attachment" in answered.headers["Content-Disposition"]
    entry = last(scene, "core.audit_exported")
    assert entry.actor_id == scene.people["admin"].id and entry.detail["failed"] == "1"
