"""What administrators do about deliveries, the daily digest, forgetting, and the health check."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal_core.accounts.rights import sync_permissions
from portal_core.audit.models import AuditEntry
from portal_core.errors import Conflict, NotFound
from portal_core.health import run_checks
from portal_core.notifications import upkeep
from portal_core.notifications.channels import Outcome
from portal_core.notifications.desk import IGNORE, PAGE, RESEND, TO_INSITE, DeliveryDesk, Filter
from portal_core.notifications.models import Delivery, Notification
from portal_core.notifications.sending import deliver_due
from portal_core.notifications.services import NotificationService
from portal_core.services import Services
from portal_core.testing.fixtures import count_statements
from tests import pager as pagers
from tests import trial

_sides, _as_new, _loaded_portal, pager, letter = (
    pagers._sides,
    pagers._as_new,
    pagers._loaded_portal,
    pagers.pager,
    pagers.letter,
)
people = trial.people


@pytest.fixture
def write(portal, people):
    """Writes messages to 杨晓, lets the worker try them with these outcomes, and returns the ids of the deliveries."""

    def write(*outcomes, code="trial.passed"):
        with portal.database.writing() as session:
            for _outcome in outcomes:
                Services(session, portal).get(NotificationService).send(code, [people.clerk.id], {"title": "打印纸"})
        with portal.database.reading() as session:
            return list(session.scalars(sa.select(Delivery.id).order_by(Delivery.id)))[-len(outcomes) :]

    return write


@pytest.fixture
def dead(portal, write, pager):
    """``count`` dead letters with one cause."""

    def dead(count=1, cause="busy"):
        pager.outcomes = [Outcome.permanent(cause) for _number in range(count)]
        ids = write(*pager.outcomes)
        deliver_due(portal)
        return ids

    return dead


@pytest.fixture
def desk(services):
    return services.get(DeliveryDesk)


def state(session, delivery_id):
    session.expire_all()
    return session.get_one(Delivery, delivery_id).state


def test_a_dead_letter_is_sent_again_with_the_same_key(portal, session, people, dead, desk, pager):
    (one,) = dead()
    desk.act(one, RESEND, people.stranger.identity)
    session.commit()
    assert state(session, one) == "queued"
    session.commit()
    deliver_due(portal)
    assert state(session, one) == "sent"
    assert len({call.key for call in pager.calls}) == 1 and pager.calls[-1].attempt == 1


@pytest.mark.parametrize(("act", "expected"), [(TO_INSITE, "insite"), (IGNORE, "ignored")])
def test_a_dead_letter_is_given_up(session, people, dead, desk, act, expected):
    (one,) = dead()
    desk.act(one, act, people.stranger.identity)
    assert state(session, one) == expected
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == f"core.delivery_{act}")).one()
    assert (entry.object_id, entry.detail, entry.actor_id) == (
        str(one),
        {"channel": "pager.call", "cause": "busy"},
        people.stranger.id,
    )


def test_what_has_changed_meanwhile_is_refused(session, people, dead, desk):
    (one,) = dead()
    desk.act(one, IGNORE, people.stranger.identity)
    with pytest.raises(Conflict):
        desk.act(one, IGNORE, people.stranger.identity)
    with pytest.raises(NotFound):
        desk.act(one + 1000, IGNORE, people.stranger.identity)


def test_all_letters_of_a_cause_and_no_others(session, people, dead, desk):
    busy, other = dead(3), dead(1, "unknown")
    assert desk.act_on_cause("pager.call", "busy", IGNORE, people.stranger.identity) == 3
    assert [state(session, one) for one in (*busy, *other)] == ["ignored"] * 3 + ["dead"]
    assert desk.act_on_cause("pager.call", "busy", IGNORE, people.stranger.identity) == 0
    assert [(cause.cause, cause.count) for cause in desk.causes()] == [("unknown", 1)]


def test_lists_are_read_page_by_page_at_the_same_cost(session, dead, desk, portal):
    for _turn in range(3):
        dead(10)
    first, following = desk.page(Filter())
    assert len(first) == PAGE and following
    rest, end = desk.page(Filter(), following)
    assert (len(rest), end) == (10, None)
    assert desk.page(Filter(cause="other")) == ([], None)
    with count_statements(portal.database.engine) as seen:
        desk.page(Filter())
        desk.counts()
        desk.causes()
        desk.states()
    assert seen.count == 4
    assert desk.counts()["dead"] == 30


def test_a_held_channel_keeps_its_messages(portal, session, people, write, desk, pager):
    desk.hold("pager.call", people.stranger.identity)
    session.commit()
    (one,) = write(None)
    assert deliver_due(portal) == 0 and state(session, one) == "queued"
    desk.resume("pager.call", people.stranger.identity)
    session.commit()
    assert deliver_due(portal) == 1
    with pytest.raises(NotFound):
        desk.hold("nowhere", people.stranger.identity)


def messages(session, code):
    return session.scalars(sa.select(Notification).where(Notification.code == code)).all()


def test_the_digest_tells_managers_once_a_day_inside_the_portal(portal, session, make_user, dead):
    sync_permissions(session, portal)
    session.commit()
    manager = make_user(permissions=["core:delivery:manage"])
    upkeep.tell_of_dead_letters(session, portal, portal.clock)
    assert messages(session, "core.dead_letters") == []
    dead(2)
    upkeep.tell_of_dead_letters(session, portal, portal.clock)
    (message,) = messages(session, "core.dead_letters")
    assert (message.user_id, message.params) == (manager.id, {"count": "2", "causes": "占线 (2)"})
    portal.clock.advance(days=1)
    upkeep.tell_of_dead_letters(session, portal, portal.clock)
    assert len(messages(session, "core.dead_letters")) == 1


def test_finished_deliveries_are_forgotten_and_messages_stay(portal, session, dead, write, pager):
    dead(2)
    portal.clock.advance(days=181)
    (waiting,) = write(None)
    upkeep.forget_finished(session, portal, portal.clock)
    assert session.scalars(sa.select(Delivery.id)).all() == [waiting]
    assert len(messages(session, "trial.passed")) == 3


def test_health_tells_of_pauses_and_of_messages_that_nobody_sends(portal, people, write, pager):
    def trouble():
        return run_checks(portal)["core.deliveries"]

    assert trouble() is None
    pager.outcomes = [Outcome.pause("quota")]
    write(None)
    deliver_due(portal)
    assert trouble() == "pager.call paused: quota"
    portal.clock.advance(minutes=20)
    assert trouble() is None
    portal.clock.advance(minutes=20)
    assert trouble() == "deliveries wait: is a worker running?"
    assert not portal.health_checks["core.deliveries"].vital


def test_messages_of_a_case_are_read_when_it_is_opened_and_todos_when_it_is_done(session, services, people):
    service = services.get(NotificationService)
    case = trial.apply_for(services, people.clerk)
    for code in ("pager.task", "trial.passed"):
        service.send(code, [people.li.id, people.zhou.id], {"title": "x"}, case_id=case.id)
    session.flush()
    service.mark_case_read(case.id, people.li.identity)
    service.close_todos(case.id)
    session.expire_all()
    unread = [m for m in session.scalars(sa.select(Notification)) if m.read_at is None and m.case_id == case.id]
    assert [(m.code, m.user_id) for m in unread if m.code in ("pager.task", "trial.passed")] == [("trial.passed", people.zhou.id)]
    assert all(m.read_at - services.clock.now() == dt.timedelta(0) for m in session.scalars(sa.select(Notification)) if m.read_at)
