"""Places: a tree that stays one whatever is moved, zones that can be drawn; dictionaries that keep what rows name."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal_core.errors import Conflict, Invalid, NotFound, Stale
from portal_core.places.dictionaries import DictionaryService, Entry
from portal_core.places.models import Place
from portal_core.places.services import DEPTH_MAX, PlaceData, PlaceService, parse_zone, zone_text

KIND = "meetings.kind"
_round = itertools.count()


@pytest.fixture
def admin(make_user):
    return make_user("places-admin", name="王磊").identity


@pytest.fixture
def places(services):
    return services.get(PlaceService)


def chain(places, admin, *names):
    """Places, each in the one before."""
    made = []
    for name in names:
        made.append(places.save(PlaceData(name, "area", made[-1].id if made else None), admin))
    return made


def test_a_moved_place_takes_along_what_lies_in_it(places, admin):
    root, house, floor, room = chain(places, admin, "大院", "1 号楼", "2 层", "201")
    other = places.save(PlaceData("2 号楼", "building", root.id), admin)
    places.save(PlaceData("2 层", "floor", other.id), admin, floor, floor.version)
    places.session.expire_all()
    assert places.session.get_one(Place, room.id).path == f"/{root.id}/{other.id}/{floor.id}/{room.id}/"
    assert [place.name for place in places.above(places.get(room.id))] == ["大院", "2 号楼", "2 层", "201"]
    assert places.inside(house) == []


@pytest.mark.parametrize("target", [1, 2, 3])
def test_a_place_cannot_lie_in_itself(places, admin, target):
    made = chain(places, admin, "甲", "乙", "丙", "丁")
    with pytest.raises(Invalid) as error:
        places.save(PlaceData("乙", "area", made[target].id), admin, made[1], made[1].version)
    assert "parent" in error.value.fields


def test_the_tree_has_a_greatest_depth_also_for_what_is_moved(places, admin):
    deep = chain(places, admin, *(f"层{number}" for number in range(DEPTH_MAX)))
    with pytest.raises(Invalid):
        places.save(PlaceData("再下", "area", deep[-1].id), admin)
    short = chain(places, admin, "短", "更短")
    with pytest.raises(Invalid):
        places.save(PlaceData("短", "area", deep[-2].id), admin, short[0], short[0].version)


def test_two_places_with_one_name_in_one_place(places, admin):
    root, _house = chain(places, admin, "院", "楼")
    with pytest.raises(Invalid) as error:
        places.save(PlaceData("楼", "building", root.id), admin)
    assert "name" in error.value.fields
    places.save(PlaceData("楼", "building"), admin)


def test_what_holds_something_cannot_be_switched_off(places, admin):
    root, house = chain(places, admin, "大院二", "楼二")
    with pytest.raises(Conflict):
        places.switch(root, False, admin)
    places.switch(house, False, admin)
    places.switch(root, False, admin)
    with pytest.raises(Conflict):
        places.switch(house, True, admin)
    with pytest.raises(NotFound):
        places.get(house.id, admin)


def test_a_stale_form_is_refused(places, admin):
    (root,) = chain(places, admin, "过时")
    places.save(PlaceData("新名", "area"), admin, root, root.version)
    with pytest.raises(Stale):
        places.save(PlaceData("旧名", "area"), admin, root, 1)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=3, max_size=60))
def test_a_zone_reads_back_as_it_was_written(corners):
    text = zone_text(Place(zone=[list(corner) for corner in corners]))
    assert parse_zone(text) == tuple(corners)


@settings(max_examples=300)
@given(st.text(alphabet="0123456789, ，.-x", max_size=60))
def test_a_zone_is_read_or_refused_and_never_half(text):
    try:
        zone = parse_zone(text)
    except Invalid as error:
        assert "zone" in error.fields
    else:
        assert zone == () or (len(zone) >= 3 and all(0 <= n <= 1000 for corner in zone for n in corner))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(moves=st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 5)), max_size=8))
def test_whatever_is_moved_the_paths_say_where_each_place_lies(places, admin, moves):
    number = next(_round)
    made = [places.save(PlaceData(f"点{number}-{n}", "area"), admin) for n in range(6)]
    for which, where in moves:
        parent = made[where].id if where >= 0 else None
        try:
            places.save(PlaceData(made[which].name, "area", parent), admin, made[which], made[which].version)
        except Invalid:
            continue
    places.session.expire_all()
    for place in made:
        above = places.session.get(Place, place.parent_id) if place.parent_id else None
        assert place.path == f"{above.path if above else '/'}{place.id}/"


# -- dictionaries --------------------------------------------------------------------------------------------------


@pytest.fixture
def words(services):
    yield services.get(DictionaryService)
    services.portal.runtime.dictionary_items = ()


def reread(services):
    """As the next request does."""
    services.portal.runtime.notice(services.session, -1)
    services.portal.runtime.generation = 0


def test_an_entry_is_renamed_hidden_and_added_and_rows_keep_their_word(services, words, admin):
    before = words.entries(KIND)
    changed = [
        Entry("work", "办公会", 10),
        Entry("party", "", 20, active=False),
        Entry("own1", "党课", 5),
    ]
    assert words.save(KIND, changed, admin) == 3
    reread(services)
    assert [entry.code for entry in words.offered(KIND)][0] == "own1"
    assert words.word(KIND, "work") == "办公会" and str(words.word(KIND, "own1")) == "党课"
    assert "party" not in {entry.code for entry in words.offered(KIND)}
    # Its word stays that of the plugin, so that it is still translated.
    assert words.word(KIND, "party") == {entry.code: entry.label for entry in before}["party"]
    assert words.word(KIND, "never-heard-of") == "never-heard-of"


def test_saving_what_is_there_changes_nothing(words, admin):
    assert words.save(KIND, words.entries(KIND), admin) == 0


@pytest.mark.parametrize(
    "entries",
    [
        [Entry("own1", "", 10)],
        [Entry("own1", "长" * 61, 10)],
        [Entry("own1", "重复", 10), Entry("own2", "重复", 20)],
        [Entry("own1", "词", -1)],
        [Entry(code, "", 10, active=False) for code in ("work", "party", "train", "video", "recv", "other")],
    ],
)
def test_entries_that_nobody_could_use_are_refused(words, admin, entries):
    with pytest.raises(Invalid):
        words.save(KIND, entries, admin)


def test_an_unknown_dictionary(words, admin):
    with pytest.raises(NotFound):
        words.entries("nobody.knows")
