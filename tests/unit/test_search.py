"""Finding by Chinese, by pinyin and by words; what may not be seen is not found; and everything written is found."""

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_core.accounts.models import User
from portal_core.content.help import HelpData, HelpService
from portal_core.search.index import index_again, index_older, matches
from portal_core.search.models import SearchEntry
from portal_core.search.services import SearchService
from portal_core.search.words import index_words, query_words


@pytest.mark.parametrize(
    "query",
    [
        "会议",
        "议室",
        "东会议室",
        "hui",
        "hys",
        "huiyishi",
        "dong",
        "dhys",
        "２ 号楼",
        "2",
        "HY20261124",
        "hy20261124",
        "003",
        "EAST east",
    ],
)
def test_a_text_is_found_by(query):
    words = index_words("东会议室 EAST", "2 号楼", "HY20261124-003")
    for word, prefix in query_words(query):
        assert any(found.startswith(word) if prefix else found == word for found in words), word


@pytest.mark.parametrize("query", ["西会", "室会", "xi", "ys2", "hy2027", "会室"])
def test_a_text_is_not_found_by(query):
    words = index_words("东会议室 EAST", "2 号楼", "HY20261124-003")
    assert not all(
        any(found.startswith(word) if prefix else found == word for found in words) for word, prefix in query_words(query)
    )


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_words_are_letters_and_digits_whatever_is_typed(text):
    for word in [*index_words(text), *(word for word, _prefix in query_words(text))]:
        assert word.isalnum()


def found(services, kind, text):
    query = matches(services.session, kind, text)
    return set() if query is None else set(services.session.scalars(query))


def test_what_is_written_is_indexed_in_the_same_transaction(services, make_user):
    person = make_user("zhou", name="周敏慧")
    assert person.id in found(services, "core.people", "周敏")
    assert person.id in found(services, "core.people", "zmh") and person.id in found(services, "core.people", "minhui")
    user = services.session.get_one(User, person.id)
    user.name = "吴桂芳"
    services.session.flush()
    assert person.id not in found(services, "core.people", "周敏") and person.id in found(services, "core.people", "wgf")


@pytest.mark.parametrize(
    "text", ["'", '"', "' OR 1=1 --", "a:*", "& | !", "NEAR(", "\\", "%", "()", "*", "会*", "-", "^x", "\x00"]
)
def test_marks_mean_nothing(services, make_user, text):
    make_user("mark", name="周敏")
    assert isinstance(found(services, "core.people", text), set)
    assert isinstance(found(services, "core.people", f"周敏 {text}"), set)


def test_nothing_typed_finds_nothing(services, make_user):
    person = make_user("zhou2", name="周敏")
    service = services.get(SearchService)
    assert service.everything("  !? ", person.identity) == []


def test_help_that_is_hidden_is_not_found(services, make_user):
    person = make_user("reader", name="王五")
    service = services.get(HelpService)
    shown = service.save(HelpData("供暖时间说明", "后勤", "七点"), person.identity)
    service.save(HelpData("供暖内部说明", "后勤", "八点", published=False), person.identity)
    groups = services.get(SearchService).everything("供暖", person.identity)
    assert [(group.code, [hit.url for hit in group.hits]) for group in groups] == [("core.help", [f"/help/{shown.id}"])]


def test_what_was_there_before_is_indexed_in_portions(services, make_user):
    people = [make_user(f"old{number}", name=f"赵前{'一二三四五'[number]}").id for number in range(5)]
    services.session.execute(sa.delete(SearchEntry))
    provider = services.portal.search_providers["core.people"]
    index_again(services.session)
    rounds = 0
    while index_older(services.session, [provider], portion=2):
        rounds += 1
    assert rounds >= 3 and set(people) <= found(services, "core.people", "赵前")
    assert index_older(services.session, [provider], portion=2) == 0
