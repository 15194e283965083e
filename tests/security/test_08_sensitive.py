"""Item 8 (level 3, switch portal.mask_sensitive): numbers are masked; who looks at one needs a permission and is recorded."""

import pytest
import sqlalchemy as sa

from portal_core.audit.models import AuditEntry
from portal_core.security.masking import VIEW_SENSITIVE, mask_number
from tests import scene as scenes

scene = scenes.scene
PHONE, MASKED = "13800000000", "138****0000"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("13812341234", "138****1234"),
        ("138 1234 1234", "138**** 1234".replace("**** ", "****")),
        ("0571-88001234", "057****1234"),
        ("88001234", "88****34"),
        ("1234", "****"),
        ("", ""),
    ],
)
def test_the_mask(text, masked):
    assert mask_number(text) == masked
    assert text == "" or text not in masked


@pytest.fixture
def masking(scene):
    scene.app.portal.settings["portal.mask_sensitive"] = True
    yield scene
    scene.app.portal.settings["portal.mask_sensitive"] = False


def page(scene, who, query=""):
    return scene.browsers[who].get(f"/meetings/bookings/{scene.ids[scene.cases['pending']]}{query}", status="*")


def looks(scene):
    with scene.app.reading() as session:
        query = sa.select(AuditEntry.actor_id, AuditEntry.detail).where(AuditEntry.action == "core.sensitive_viewed")
        return session.execute(query).all()


def test_off_by_default(scene):
    assert PHONE in page(scene, "staff2")


def test_who_has_nothing_to_do_with_it_sees_stars(masking):
    for who in ("staff2", "guest"):
        shown = page(masking, who)
        assert MASKED in shown and PHONE not in shown and "show=phone" not in shown


def test_who_has_to_do_with_it_sees_the_number(masking):
    for who in ("staff", "meetings-admin"):
        assert PHONE in page(masking, who)


def test_asking_without_the_permission_gives_nothing_and_no_line(masking):
    before = len(looks(masking))
    assert PHONE not in page(masking, "guest", "?show=phone")
    assert len(looks(masking)) == before


def test_with_the_permission_each_look_is_recorded(masking, scene):
    with masking.services() as services:
        from portal_core.api import RightsService

        services.get(RightsService).grant(VIEW_SENSITIVE, user_id=masking.people["guest"].id)
    before = len(looks(masking))
    shown = page(masking, "guest")
    assert MASKED in shown and "show=phone" in shown
    assert len(looks(masking)) == before, "the masked page is no look"
    assert PHONE in page(masking, "guest", "?show=phone")
    assert looks(masking)[before:] == [(masking.people["guest"].id, {"field": "phone"})]
