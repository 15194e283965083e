"""Every number of the leaders' page is what its list says, for random facts, periods, departments and rights."""

import datetime as dt
import random
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal_core.accounts.identity import ALL, DEPARTMENT, OWN, TREE
from portal_core.statistics.asked import Asked, look_up, scope
from portal_core.statistics.handling import measure_closed
from portal_core.statistics.pages import PageMaker
from portal_core.statistics.period import PRESETS, between, preset
from portal_core.statistics.rows import in_digits
from portal_core.statistics.services import StatisticsService, value_of
from tests.unit.statistics.facts import World, any_booking

TODAY = dt.date(2026, 11, 24)
PERIODS = st.one_of(
    st.sampled_from(PRESETS).map(lambda code: preset(code, TODAY)),
    st.tuples(st.integers(-400, 30), st.integers(0, 500)).map(
        lambda pair: between(TODAY + dt.timedelta(pair[0]), TODAY + dt.timedelta(pair[0] + pair[1]))
    ),
)


@pytest.fixture
def world(session, make_user):
    people = [make_user(f"person{number}", department="单位").id for number in range(3)]
    return World(session, people)


def asked_by(url):
    """What the address of a list asks for."""
    parts = urlsplit(url)
    values = dict(parse_qsl(parts.query, keep_blank_values=True))
    department = int(values["department"]) if "department" in values else None
    return Asked.from_json({**values, "dataset": parts.path.split("/")[2], "department": department})


def check_number(statistics, identity, digits, url):
    """The number shown as ``digits`` follows from the facts behind ``url``, added up by hand."""
    asked = asked_by(url)
    behind = look_up(statistics, asked, identity)
    found, measure = statistics.facts(behind.dataset, behind.scope), behind.measure
    rows = list(found.stream(measure, asked.span))
    assert found.size(measure, asked.span) == len(rows)
    assert len({row.key for row in rows}) == len(rows)
    sums = {name: sum(getattr(row, name) or 0 for row in rows) if name else len(rows) for name in (measure.value, measure.per)}
    if measure.adds_up and measure.scale == 1:
        assert sums[measure.value] == len(rows), "a count is the length of its list"
    if measure.capacity is None:
        assert in_digits(measure, value_of(measure, sums)) == digits
    else:
        total = statistics.total(behind.dataset, behind.scope, measure, asked.span)
        assert in_digits(measure, total) == digits
        assert statistics.facts(behind.dataset, behind.scope).sums_by_span([measure.value], [asked.span])[0] == {
            measure.value: sums[measure.value]
        }


def check_page(services, identity, dataset, period, department):
    """Every tile, every cell: returns how many numbers were checked."""
    statistics = services.get(StatisticsService)
    numbers = statistics.overview(dataset, scope(statistics, dataset, identity, department), period)
    maker = PageMaker(statistics, dataset, period, department, str)
    shown = [(tile.digits, tile.url) for tile in maker.tiles(numbers)]
    for card in maker.cards(numbers):
        shown += [(cell.digits, cell.url) for row in card.rows for cell in row.cells if cell.url]
    for digits, url in shown:
        check_number(statistics, identity, digits, url)
    for chart, lines in numbers.charts:
        for measure in map(dataset.measure, chart.measures):
            if measure.adds_up:
                assert sum(line.values[measure.code] for line in lines) == numbers.now[measure.code]
    return len(shown)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(0, 25),
    period=PERIODS,
    reach=st.sampled_from((ALL, TREE, DEPARTMENT, OWN)),
    pick=st.booleans(),
)
def test_every_number_is_its_list(services, portal, world, make_identity, seed, size, period, reach, pick):
    chance = random.Random(seed)
    identity = make_identity(world, reach)
    statistics = services.get(StatisticsService)
    with services.session.begin_nested() as savepoint:
        days = max((period.after - period.previous[0]).days, 1)
        midnight = portal.clock.at(period.previous[0], dt.time())
        starts = [midnight + dt.timedelta(minutes=chance.randrange(days * 24 * 60)) for _number in range(size)]
        # Midnights are where a fact could fall between two steps.
        starts += [portal.clock.at(day, dt.time()) for day in (period.first, period.after, period.previous[1])]
        world.write([any_booking(chance, start) for start in starts])
        measure_closed(services.session, portal, portal.clock)
        for dataset in statistics.datasets(identity):
            units = statistics.choosable(dataset, identity)
            department = chance.choice(units).id if pick and units else None
            assert check_page(services, identity, dataset, period, department)
        savepoint.rollback()


@pytest.fixture
def make_identity(make_user, portal):
    """``make_identity(world, reach)``: somebody of the first unit (and of that of the owners) who may see that far."""
    leader = make_user("boss", roles=["leader"]).identity

    def make(world, reach):
        permissions = {dataset.permission for dataset in portal.datasets.values()}
        if reach == ALL:
            return leader
        return replace(
            leader,
            user_id=world.owner_ids[0],
            permissions=leader.permissions - permissions,
            reaches=dict.fromkeys(permissions, reach),
            department_paths=(world.units[0].path,),
        )

    return make


def test_a_person_sees_the_facts_of_their_departments_only(services, portal, world, make_identity):
    start = portal.clock.at(TODAY, dt.time(9))
    base = any_booking(random.Random(1), start) | {"state": "ended", "owner": 1}
    world.write([base | {"unit": unit} for unit in (0, 0, 1, 2, 3, None)] + [base | {"unit": 1, "owner": 0}])
    statistics = services.get(StatisticsService)
    dataset, today = portal.datasets["meetings.bookings"], (TODAY, TODAY + dt.timedelta(days=1))
    seen = {}
    for reach in (ALL, TREE, DEPARTMENT, OWN):
        identity = make_identity(world, reach)
        facts = statistics.facts(dataset, scope(statistics, dataset, identity, None))
        seen[reach] = facts.size(dataset.measure("meetings"), today)
    # Two of the unit itself, two of the units below it, and the one that the person booked for another unit.
    assert seen == {ALL: 7, TREE: 5, DEPARTMENT: 3, OWN: 1}


def test_pages_of_a_list_are_the_list(services, portal, world, make_identity):
    start = portal.clock.at(TODAY, dt.time(9))
    base = any_booking(random.Random(1), start) | {"state": "ended"}
    # Many facts at the same moment: the key decides.
    world.write([base for _number in range(7)] + [base | {"start": start + dt.timedelta(minutes=n)} for n in range(7)])
    statistics, dataset = services.get(StatisticsService), portal.datasets["meetings.bookings"]
    facts = statistics.facts(dataset, scope(statistics, dataset, make_identity(world, ALL), None))
    measure, span = dataset.measure("meetings"), (TODAY, TODAY + dt.timedelta(days=1))
    found, before = [], None
    while page := facts.page(measure, span, 3, before):
        found += [row.key for row in page]
        before = (page[-1].at, page[-1].key)
    assert found == [row.key for row in facts.stream(measure, span)]
    assert len(found) == 14
