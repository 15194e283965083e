"""Forms that no browser would send: refused with a clear page, and nothing is half-written."""

import json

import pytest

from tests import scene as scenes
from tests.forms import FORMS

scene = scenes.scene

VALUES = (
    "",
    "a" * 5000,
    str(2**70),
    "-1",
    "0",
    "abc",
    "<script>alert(1)</script>",
    "0000-00-00",
    "9999-12-31",
    "25:99",
    "x\x00y",
    "會\u202e\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "1:1",
    "|||",
)
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
# Buttons and other names that some views look at beside their fields.
EXTRA = {
    "book": ("_use", "_add", "_remove", "_draft", "multiday", "confidential", "csrf_token"),
    "draft": ("_use", "_draft"),
    "change": ("_use", "_add", "multiday"),
    "room": ("parts", "restricted"),
    "act": ("csrf_token",),
}
FIELDS = [
    *(("book", name) for name in ("title", "room", "kind", "date", "start", "end", "end_date", "people", "contact", "phone")),
    *(("book", name) for name in ("note", "leaders-0-name", "leaders-0-post", "svc_1", "svc_1_text", "version", *EXTRA["book"])),
    *(("draft", name) for name in ("title", "room", "date", "version", *EXTRA["draft"])),
    *(("change", name) for name in ("title", "room", "date", "people", "version", *EXTRA["change"])),
    *(("change after approval", name) for name in ("room", "version")),
    *(("cancel", name) for name in ("version", "reason", "text")),
    *(("act", name) for name in ("action", "version", "opinion", *EXTRA["act"])),
    *(("review", name) for name in ("chosen", "action", "opinion")),
    *(("rate", name) for name in ("q_room", "q_response", "comment", "seen")),
    ("read all", "upto"),
    *(("password", name) for name in ("current", "new")),
    *(("appearance", name) for name in ("mode", "large", "next")),
    *(("new room", name) for name in ("name", "layouts", "equipment", "open_from", "buffer_after", "position", "parts")),
    *(("room", name) for name in ("name", "building", "floor", "phone", "note", "version", *EXTRA["room"])),
    *(("out of use", name) for name in ("off-reason", "off-version")),
    *(("grant", name) for name in ("permission", "subject", "login", "department", "role")),
    *(("revoke", name) for name in ("permission", "kind", "subject")),
    *(("closure", name) for name in ("start_date", "start", "end_date", "end", "reason")),
    ("picture", "act"),
    *(("new item", name) for name in ("label", "question", "position", "active")),
    *(("item", name) for name in ("label", "position")),
]


def send(scene, form, change, **more):
    """Send ``form`` after ``change(fields)``; a refusal must leave everything as it was."""
    who = FORMS[form].who
    address, fields = FORMS[form].fill(scene)
    fields = {"csrf_token": scene.token(who)} | fields
    before = scene.counts()
    answer = scene.browsers[who].post(address, change(fields), status="*", **more)
    assert answer.status_int in (200, 204, 303, 400, 403, 404, 409, 413, 422), (change(fields), answer.status)
    assert b"<script>alert" not in answer.body
    if answer.status_int >= 400:
        assert scene.counts() == before, (change(fields), answer.status)
    return answer


@pytest.mark.parametrize("form", FORMS)
def test_the_forms_are_right_to_begin_with(scene, form):
    answer = send(scene, form, dict)
    assert answer.status_int == FORMS[form].status, answer.html.select(".error-summary, .err, .flash")


@pytest.mark.parametrize(("form", "name"), FIELDS)
def test_one_field_is_wrong(scene, form, name):
    for value in VALUES:
        answer = send(scene, form, lambda fields, value=value: fields | {name: value})
        if "\x00" in value:
            assert answer.status_int == 400
    send(scene, form, lambda fields: [*fields.items(), (name, "2"), (name, "會")])
    send(scene, form, lambda fields: [(name, "2"), *fields.items()])
    send(scene, form, lambda fields: {key: value for key, value in fields.items() if key != name})


@pytest.mark.parametrize(("form", "name"), FIELDS)
def test_a_file_where_text_belongs(scene, form, name):
    def without(fields):
        return {key: value for key, value in fields.items() if key != name}

    assert send(scene, form, without, upload_files=[(name, "x.html", b"<script>alert(1)</script>")]).status_int == 400


@pytest.mark.parametrize("file", [("", b"x"), ("x" * 500 + ".jpg", b""), ("\u202egpj.exe", b"MZ"), ("../../x", b"\x00")])
def test_files_of_every_kind_are_refused_where_there_is_no_place_for_them(scene, file):
    def without(fields):
        return {key: value for key, value in fields.items() if key != "title"}

    assert send(scene, "book", without, upload_files=[("title", *file)]).status_int == 400


@pytest.mark.parametrize(
    ("form", "token"),
    [
        *((form, token) for form in FORMS for token in (None, "another")),
        *(("book", token) for token in ("", "x", "a" * 5000, "會", "<b>", "visitor")),
    ],
)
def test_the_token_is_missing_wrong_or_of_another_session(scene, form, token):
    if token == "another":
        token = scene.token("staff2")
    elif token == "visitor":
        token = scene.visitor.get("/login").html.select_one("input[name=csrf_token]")["value"]

    def change(fields):
        fields.pop("csrf_token")
        return fields if token is None else fields | {"csrf_token": token}

    assert send(scene, form, change).status_int == 400


@pytest.mark.parametrize("form", FORMS)
def test_the_token_in_the_address_does_not_count(scene, form):
    address, fields = FORMS[form].fill(scene)
    before = scene.counts()
    scene.browsers[FORMS[form].who].post(f"{address}?csrf_token={scene.token(FORMS[form].who)}", fields, status=400)
    assert scene.counts() == before


@pytest.mark.parametrize("form", ["book", "act", "new room", "password"])
@pytest.mark.parametrize(
    ("content_type", "make"),
    [
        ("application/json", lambda fields: json.dumps(fields).encode()),
        ("text/plain", lambda fields: b"title=x"),
        ("", lambda fields: b"title=x"),
        (URLENCODED, lambda fields: b""),
        (URLENCODED, lambda fields: b"&&&=&=x&%zz=%zz;;"),
        (URLENCODED, lambda fields: b"\x00\x01\xff" * 50),
        (MULTIPART, lambda fields: b"no boundary"),
        (MULTIPART + "; boundary=x", lambda fields: b""),
        (MULTIPART + "; boundary=x", lambda fields: b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nbreaks off'),
        (MULTIPART + "; boundary=x", lambda fields: b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--\r\n"),
        (MULTIPART + "; boundary=" + "x" * 300, lambda fields: b"--x--"),
        (MULTIPART + "; boundary=x", lambda fields: b"--x\r\nContent-Length: 99999999999\r\n\r\nz\r\n--x--\r\n"),
        ("nonsense/;;;=", lambda fields: b"title=x"),
    ],
)
def test_a_body_that_is_no_form(scene, form, content_type, make):
    address, fields = FORMS[form].fill(scene)
    who = FORMS[form].who
    before = scene.counts()
    answer = scene.browsers[who].request(
        address, method="POST", body=make(fields), content_type=content_type, headers={"X-CSRF-Token": "x"}, status="*"
    )
    assert answer.status_int == 400
    assert scene.counts() == before


@pytest.mark.parametrize("form", ["book", "draft", "cancel", "act", "new room"])
def test_a_right_token_in_a_header_does_not_make_a_body_a_form(scene, form):
    address, fields = FORMS[form].fill(scene)
    who = FORMS[form].who
    before = scene.counts()
    headers = {"X-CSRF-Token": scene.token(who)}
    bodies = ("application/json", json.dumps(fields).encode()), (URLENCODED, b""), (MULTIPART + "; boundary=x", b"--x--")
    for content_type, body in bodies:
        asked = {"method": "POST", "body": body, "content_type": content_type, "headers": headers, "status": "*"}
        answer = scene.browsers[who].request(address, **asked)
        assert 400 <= answer.status_int < 500, content_type
    assert scene.counts() == before
