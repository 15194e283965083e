"""The ledger: who gets a delivery, what every outcome leads to, and that each ends in a final state."""

import datetime as dt

import pytest
import sqlalchemy as sa

from portal_core.notifications import channels as ch
from portal_core.notifications import leases
from portal_core.notifications.channels import Outcome
from portal_core.notifications.deliveries import BACK_OFF, DeliveryService
from portal_core.notifications.models import FINAL_STATES, ChannelState, Delivery, Notification
from portal_core.notifications.preferences import OFF, TODO, Choice, Preferences, PreferenceService, QuietHours
from portal_core.notifications.sending import deliver_due
from portal_core.notifications.services import NotificationService
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
PAGER, LETTER = "pager.call", "pager.letter"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def send(portal):
    """Sends one message in a transaction of its own; returns nothing."""

    def send(person, code="trial.passed", **options):
        with portal.database.writing() as session:
            services = leases.Services(session, portal)
            params = {"title": "打印纸", "actor": "李静", "opinion": "同意"}
            services.get(NotificationService).send(code, [person.id], params, "/inbox", **options)

    return send


@pytest.fixture
def prefer(portal):
    """Keeps a person's preferences."""

    def prefer(person, *choices, quiet=None):
        with portal.database.writing() as session:
            leases.Services(session, portal).get(PreferenceService).save(person.id, Preferences(choices, quiet))

    return prefer


@pytest.fixture
def rows(portal):
    """The ledger as ``(channel, state, cause)`` in the order of writing."""

    def rows():
        with portal.database.reading() as session:
            return [(row.channel, row.state, row.cause) for row in session.scalars(sa.select(Delivery).order_by(Delivery.id))]

    return rows


def only(portal):
    with portal.database.reading() as session:
        return session.scalars(sa.select(Delivery)).one()


def test_a_message_goes_through_the_channel_and_the_ledger_says_so(portal, people, send, rows, pager):
    send(people.clerk)
    assert rows() == [(PAGER, "queued", "")] and not pager.calls, "nothing leaves the process where it is sent"
    assert deliver_due(portal) == 1
    assert rows() == [(PAGER, "sent", "")]
    (message,) = pager.calls
    assert (message.title, message.body) == ("已通过：打印纸", "李静：同意")
    assert (message.address, message.attempt, len(message.key)) == (f"800{people.clerk.id}", 1, 20)
    assert only(portal).provider_id == "p1"
    assert deliver_due(portal) == 0


def test_no_channel_no_row_and_no_statement(portal, session, services, people, pager):
    pager.on = False
    with count_statements(portal.database.engine) as seen:
        services.get(NotificationService).send("trial.passed", [people.clerk.id, people.li.id], {"title": "x"})
        session.flush()
    assert pager.asked == 0 and all("core_notification" in text for text in seen.texts), seen.texts
    assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 0


def test_a_hundred_receivers_cost_as_many_statements_as_one(portal, session, services, make_user, pager):
    ids = [make_user().id for _number in range(100)]
    with count_statements(portal.database.engine) as seen:
        services.get(NotificationService).send("trial.passed", ids, {"title": "x"})
        session.flush()
    inserts = [text for text in seen.texts if text.startswith("INSERT")]
    assert (seen.count - len(inserts), pager.asked) == (1, 1)
    assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 100


def test_who_has_no_address_gets_no_delivery(people, send, rows, pager):
    pager.numbers[people.clerk.id] = ""
    send(people.clerk)
    assert rows() == []


def test_a_type_may_stay_inside(people, send, rows):
    send(people.clerk, "pager.inside")
    assert rows() == []


def test_muted_groups_and_modes(people, send, rows, prefer):
    prefer(people.clerk, Choice(PAGER, muted=("trial",)))
    send(people.clerk)
    send(people.clerk, "pager.alarm")
    prefer(people.clerk, Choice(PAGER, TODO))
    send(people.clerk, "pager.alarm")
    send(people.clerk, "pager.task")
    send(people.clerk, todo=True)
    prefer(people.clerk, Choice(PAGER, OFF))
    send(people.clerk, "pager.task")
    assert len(rows()) == 3, "the alarm at first, and both tasks"


def test_quiet_hours_wait_for_the_morning_and_urgent_ones_do_not(portal, people, send, prefer):
    portal.clock.moment = portal.clock.at(portal.clock.today(), dt.time(23, 10))
    send(people.clerk)
    assert portal.clock.local(only(portal).next_at).strftime("%d %H:%M") == "25 07:30"
    assert deliver_due(portal) == 0
    send(people.li, "pager.alarm")
    assert deliver_due(portal) == 1
    portal.clock.advance(hours=9)
    assert deliver_due(portal) == 1


@pytest.mark.parametrize(
    ("time", "expected"), [("21:59", "24 21:59"), ("22:00", "25 07:30"), ("00:10", "24 07:30"), ("07:30", "24 07:30")]
)
def test_the_night_is_quiet(portal, time, expected):
    moment = portal.clock.at(portal.clock.today(), dt.time.fromisoformat(time))
    left = QuietHours(dt.time(22), dt.time(7, 30)).leave(portal.clock, moment)
    assert portal.clock.local(left).strftime("%d %H:%M") == expected


def test_quiet_hours_by_day(portal):
    quiet, today = QuietHours(dt.time(12), dt.time(14)), portal.clock.today()
    assert quiet.leave(portal.clock, portal.clock.at(today, dt.time(13))) == portal.clock.at(today, dt.time(14))
    assert quiet.leave(portal.clock, portal.clock.at(today, dt.time(14))) == portal.clock.at(today, dt.time(14))


def test_retries_back_off_and_end_dead(portal, people, send, rows, pager):
    pager.outcomes = [Outcome.retry("busy", "line 3") for _number in range(9)]
    send(people.clerk, urgent=True)
    for number, wait in enumerate(BACK_OFF, 1):
        assert deliver_due(portal) == 1
        row = only(portal)
        assert (row.state, row.attempts, row.error) == ("queued", number, "line 3")
        assert 0.8 * wait <= row.next_at - portal.clock.now() <= 1.2 * wait
        assert deliver_due(portal) == 0
        portal.clock.moment = row.next_at
    deliver_due(portal)
    assert rows() == [(PAGER, "dead", "busy")] and len(pager.calls) == len(BACK_OFF) + 1
    assert len({call.key for call in pager.calls}) == 1


def test_a_channel_may_say_how_long_to_wait(portal, people, send, pager):
    pager.outcomes = [Outcome.retry("minute_quota", after=MINUTE)]
    send(people.clerk)
    deliver_due(portal)
    assert only(portal).next_at == portal.clock.now() + MINUTE


def test_unreachable_and_refused_go_to_the_next_channel(portal, people, send, rows, pager, letter):
    letter.on = True
    pager.outcomes = [Outcome.unreachable("unknown_number"), Outcome.permanent("too_long", "21 > 20", "thing1")]
    send(people.clerk)
    send(people.li)
    deliver_due(portal)
    assert sorted(rows()) == [
        (PAGER, "dead", "too_long"),
        (PAGER, "unreachable", "unknown_number"),
        (LETTER, "sent", ""),
        (LETTER, "sent", ""),
    ]
    with portal.database.reading() as session:
        dead = session.scalars(sa.select(Delivery).where(Delivery.state == "dead")).one()
    assert (dead.field, dead.error, dead.fallback) == ("thing1", "21 > 20", [])


def test_the_persons_order_decides(portal, people, send, rows, prefer, letter):
    letter.on = True
    prefer(people.clerk, Choice(LETTER), Choice(PAGER))
    send(people.clerk)
    deliver_due(portal)
    assert rows() == [(LETTER, "sent", "")]


def test_an_address_that_is_gone_by_then(portal, people, send, rows, pager):
    send(people.clerk)
    pager.numbers[people.clerk.id] = ""
    deliver_due(portal)
    assert rows() == [(PAGER, "unreachable", ch.NO_ADDRESS)] and not pager.calls


def test_accepted_waits_for_its_receipt(portal, people, send, rows, pager, letter):
    letter.on = True
    pager.outcomes = [Outcome.accepted("m1"), Outcome.accepted("m2"), Outcome.accepted("m3")]
    for person in (people.clerk, people.li, people.zhou):
        send(person)
    deliver_due(portal)
    assert {state for _channel, state, _cause in rows()} == {"accepted"}
    with portal.database.writing() as session:
        service = leases.Services(session, portal).get(DeliveryService)
        assert service.receipt(pager.calls[0].key, Outcome.sent())
        assert not service.receipt(pager.calls[0].key, Outcome.sent()), "once"
        assert service.receipt(pager.calls[1].key, Outcome.unreachable("blocked"))
        assert not service.receipt("nobody", Outcome.sent())
        with pytest.raises(ValueError, match="pause"):
            service.receipt(pager.calls[2].key, Outcome.pause("x"))
    portal.clock.advance(hours=2)
    deliver_due(portal)
    assert rows() == [
        (PAGER, "sent", ""),
        (PAGER, "unreachable", "blocked"),
        (PAGER, "sent", ch.NO_RECEIPT),
        (LETTER, "sent", ""),
    ]


def test_a_pause_stops_the_channel_and_costs_no_attempt(portal, people, send, rows, pager):
    pager.outcomes = [Outcome.pause("quota", "45009", until=portal.clock.now() + dt.timedelta(hours=1))]
    send(people.clerk)
    send(people.li)
    deliver_due(portal)
    assert [state for _channel, state, _cause in rows()] == ["queued", "queued"] and len(pager.calls) == 1
    with portal.database.reading() as session:
        state = session.get_one(ChannelState, PAGER)
    assert (state.cause, state.error) == ("quota", "45009")
    assert deliver_due(portal) == 0
    portal.clock.advance(hours=1)
    assert deliver_due(portal) == 2
    assert {call.attempt for call in pager.calls} == {1}


def test_what_is_too_late_is_not_sent(portal, people, send, rows, pager):
    send(people.clerk, "pager.short")
    portal.clock.advance(minutes=31)
    deliver_due(portal)
    assert rows() == [(PAGER, "expired", ch.TOO_LATE)] and not pager.calls


def test_nothing_waits_longer_than_a_day_even_when_the_channel_is_gone(portal, people, send, rows, pager):
    send(people.clerk)
    pager.on = False
    assert deliver_due(portal) == 0
    portal.clock.advance(hours=24)
    deliver_due(portal)
    assert rows() == [(PAGER, "expired", ch.TOO_LATE)]


def test_what_was_read_inside_is_not_sent(portal, people, send, rows, pager):
    send(people.clerk)
    with portal.database.writing() as session:
        leases.Services(session, portal).get(NotificationService).mark_all_read(people.clerk.identity, 10**9)
    deliver_due(portal)
    assert rows() == [(PAGER, "cancelled", ch.READ)] and not pager.calls


def test_urgent_ones_go_first(portal, people, send, pager):
    send(people.clerk)
    portal.clock.advance(minutes=1)
    send(people.clerk, "pager.alarm")
    deliver_due(portal)
    assert [call.code for call in pager.calls] == ["pager.alarm", "trial.passed"]


def test_the_days_quota_keeps_a_reserve_for_urgent_messages(portal, people, send, rows, pager):
    pager.daily = 10
    for _number in range(10):
        send(people.clerk)
    deliver_due(portal)
    assert len(pager.calls) == 9
    assert [cause for _channel, state, cause in rows() if state == "queued"] == [ch.QUOTA]
    send(people.li, "pager.alarm")
    send(people.li, "pager.alarm")
    deliver_due(portal)
    assert len(pager.calls) == 10
    assert portal.clock.local(only_queued(portal)[0].next_at).strftime("%d %H:%M") == "25 00:05"
    portal.clock.moment = portal.clock.at(portal.clock.today() + dt.timedelta(days=1), dt.time(0, 6))
    deliver_due(portal)
    assert len(pager.calls) == 12


def only_queued(portal):
    with portal.database.reading() as session:
        return session.scalars(sa.select(Delivery).where(Delivery.state == "queued")).all()


def dies(portal, minutes=1.5):
    """A worker leases a delivery, hands it over, and is never heard of again."""
    leased = leases.lease(portal, "dead-worker")
    portal.clock.advance(minutes=minutes)
    return leased


def test_a_worker_that_died_is_followed_by_another_with_the_same_key(portal, people, send, rows):
    send(people.clerk)
    first = dies(portal, minutes=0.5)
    assert deliver_due(portal) == 0, "the lease holds"
    portal.clock.advance(minutes=1)
    assert deliver_due(portal) == 1
    assert rows() == [(PAGER, "sent", "")]
    assert not leases.record(portal, first, Outcome.retry("late")), "who lost the lease writes nothing"
    assert only(portal).state == "sent" and only(portal).key == first.message.key


def test_after_nine_minutes_what_may_have_arrived_is_not_sent_again(portal, people, send, rows, pager):
    send(people.clerk)
    dies(portal, minutes=10)
    deliver_due(portal)
    assert rows() == [(PAGER, "dead", ch.CRASHED)] and not pager.calls


def test_must_arrive_is_sent_again(portal, people, send, rows, pager):
    send(people.clerk, "pager.alarm")
    dies(portal, minutes=10)
    deliver_due(portal)
    assert rows()[0][1] == "sent" and len(pager.calls) == 1


def test_unknown_within_nine_minutes_is_sent_again(portal, people, send, rows, pager):
    pager.outcomes = [Outcome.unknown("timeout")]
    send(people.clerk)
    deliver_due(portal)
    portal.clock.advance(seconds=15)
    deliver_due(portal)
    assert rows()[0][1] == "sent" and len({call.key for call in pager.calls}) == 1 and len(pager.calls) == 2


def test_a_channel_that_raises_is_an_unknown_outcome(portal, people, send, pager):
    pager.outcomes = [RuntimeError("boom")]
    send(people.clerk)
    deliver_due(portal)
    row = only(portal)
    assert (row.state, row.cause, row.error) == ("queued", ch.CHANNEL_FAILED, "RuntimeError")
    assert row.unknown_at == portal.clock.now()


def test_three_failures_in_a_row_leave_the_other_side_alone(portal, people, send, pager):
    pager.outcomes = [Outcome.retry("busy") for _number in range(5)]
    for _number in range(5):
        send(people.clerk)
    assert deliver_due(portal) == 3


def test_the_message_of_a_module_that_is_gone_is_cancelled(portal, people, send, rows):
    send(people.clerk)
    with portal.database.writing() as session:
        session.execute(sa.update(Notification).values(code="gone.thing"))
    deliver_due(portal)
    assert rows() == [(PAGER, "cancelled", ch.NO_TYPE)]


def test_every_final_state_is_known():
    assert set(FINAL_STATES).isdisjoint({"queued", "sending", "accepted"})


def test_a_module_that_is_switched_off_sends_nothing(portal, people, send, rows, pager, monkeypatch):
    send(people.clerk)
    monkeypatch.setattr(portal.plugins, "off", frozenset({"pager"}))
    send(people.li)
    assert deliver_due(portal) == 0 and not pager.calls
    assert rows() == [(PAGER, "queued", "")]
