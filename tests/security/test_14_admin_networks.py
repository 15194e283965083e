"""Item 14: system management can be reached from some networks only; from elsewhere its pages do not exist."""

import ipaddress

import pytest

from portal_core.security.declared import as_networks

INSIDE, OUTSIDE = "10.2.3.4", "10.3.0.1"


@pytest.fixture
def limited(app, make_user):
    """An application for administrators in 10.2.0.0/16, and a browser of one."""
    app.login(make_user("boss", roles=("admin", "meetings-admin")))
    app.portal.settings["portal.admin_networks"] = as_networks("10.2.0.0/16 fd00::/8")
    return app


PATHS = ("/admin/", "/admin/audit", "/admin/users", "/meetings/admin/rooms", "/meetings/admin/services", "/admin/nowhere")


def ask(app, path, address, **headers):
    app.extra_environ["REMOTE_ADDR"] = address
    return app.get(path, headers=headers, status="*").status_int


def test_from_inside_everything_is_there(limited):
    assert [ask(limited, path, INSIDE) for path in PATHS] == [200] * 5 + [404]
    assert ask(limited, "/admin/", "fd00::7") == 200
    assert ask(limited, "/admin/", f"::ffff:{INSIDE}") == 200, "IPv4 seen by an IPv6 socket"


@pytest.mark.parametrize("address", [OUTSIDE, "127.0.0.1", "fe80::1", f"::ffff:{OUTSIDE}", "", "10.2.3.4.5", "unix:"])
def test_from_outside_nothing_is(limited, address):
    assert {ask(limited, path, address) for path in PATHS} == {404}
    assert ask(limited, "/me", address) == 200, "the person's own work goes on"
    assert 'href="/admin/"' not in limited.get("/me"), "and no menu leads to what is not there"


def test_posts_are_refused_before_their_view(limited):
    limited.extra_environ["REMOTE_ADDR"] = OUTSIDE
    token = limited.get("/me").forms[0]["csrf_token"].value
    limited.post("/meetings/admin/services", {"csrf_token": token, "label": "x"}, status=404)


@pytest.mark.parametrize("path", ["/%61dmin/", "/admin/../admin/", "/ADMIN/", "//admin/", "/admin", "/meetings/%61dmin/rooms"])
def test_other_ways_of_writing_the_address_do_not_help(limited, path):
    assert ask(limited, path, OUTSIDE) in (303, 404)


def test_a_forwarded_address_counts_only_behind_our_own_proxy(limited):
    header = {"X-Forwarded-For": INSIDE}
    assert ask(limited, "/admin/", OUTSIDE, **header) == 404, "anybody can write this header"
    limited.portal.settings["portal.trusted_proxies"] = 1
    assert ask(limited, "/admin/", "127.0.0.1", **header) == 200
    assert ask(limited, "/admin/", "127.0.0.1", **{"X-Forwarded-For": f"{INSIDE}, {OUTSIDE}"}) == 404


def test_a_visitor_from_outside_is_not_told_that_there_is_a_page(limited):
    visitor = limited.another()
    assert ask(visitor, "/admin/", OUTSIDE) == ask(visitor, "/admin/nowhere", OUTSIDE) == 404


def test_empty_means_everywhere(limited):
    limited.portal.settings["portal.admin_networks"] = as_networks("")
    assert ask(limited, "/admin/", OUTSIDE) == 200


@pytest.mark.parametrize("text", ["10.2.3.4/16", "10.2.0.0/33", "everywhere"])
def test_a_misspelt_network_stops_the_start(text):
    with pytest.raises(ValueError, match=r"."):
        as_networks(text)
    assert as_networks("10.2.3.4,fd00::/8") == (ipaddress.ip_network("10.2.3.4/32"), ipaddress.ip_network("fd00::/8"))
