"""Every address of the portal, asked by everybody: nobody gets further than they may, and nothing ends in a fault.

The table in ``tests.pages`` says who may open which page. A route that is not in it fails the first test, so that nobody adds a
page without saying who may see it.
"""

import pytest

from tests import scene as scenes
from tests.pages import ENDING, PAGES, ask, url
from tests.tables import ALL, VISITOR

scene = scenes.scene


def declared(registry):
    """``METHOD route`` of every view that an address leads to."""
    found = set()
    for item in registry.introspector.get_category("routes"):
        for view in item["related"]:
            if view.category_name == "views":
                methods = view["request_methods"] or item["introspectable"]["request_methods"] or "*"
                methods = [methods] if isinstance(methods, str) else sorted(set(methods) - {"HEAD"})
                found |= {f"{method} {item['introspectable']['name']}" for method in methods}
    return found


def test_the_table_names_every_page(scene):
    assert declared(scene.app.app.registry) == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_who_may_open_a_page(scene, page):
    address, openers = PAGES[page]
    method = page.split()[0].replace("*", "GET")
    opened = {}
    for who in ALL:
        answer = ask(scene.visitor if who == VISITOR else scene.browsers[who], method, url(scene, address))
        assert answer.status_int < 500, (who, answer.status)
        opened[who] = is_open(answer, who)
        if page in ENDING and who != VISITOR:
            scene.browsers[who] = scene.login(who)
    assert opened == {who: who in openers for who in ALL}


def is_open(answer, who):
    """Did the person get past the checks? A form that is sent empty is refused for what is missing in it, later."""
    if answer.status_int == 303 and "/login" in answer.headers["Location"]:
        return who != VISITOR and answer.request.path == "/logout"
    if who == VISITOR and answer.request.method == "POST":
        # Without a login there is no session that could be abused, but a token is asked for all the same.
        assert answer.status_int in (303, 400, 401, 403)
        return answer.status_int != 401
    return answer.status_int not in (401, 403, 404, 409)


@pytest.mark.parametrize("page", PAGES)
def test_other_methods_do_nothing(scene, page):
    address, openers = PAGES[page]
    who = openers[0] if openers else "staff"
    browser = scene.visitor if who == VISITOR else scene.browsers[who]
    where, before = url(scene, address), scene.counts()
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        answer = browser.request(where, method=method, body=b"", headers={"X-CSRF-Token": "x"}, status="*")
        # Pages that only show something may do so whatever the method; forms take POST alone.
        assert (400 if page.startswith("POST") else 200) <= answer.status_int < 500, (method, answer.status)
    assert browser.head(where, status="*").status_int < 500
    assert scene.counts() == before
