"""Pictures that are none, and bodies that are too large, through the page where pictures of rooms are added."""

import io
import struct
import tempfile
import time
import zlib

import pytest
import sqlalchemy as sa
from PIL import Image

from portal_core.files.models import StoredFile
from portal_meetings.models import Booking
from tests import scene as scenes
from tests.forms import FORMS
from tests.scene import picture

scene = scenes.scene

FORM = "application/x-www-form-urlencoded"
SCRIPT = b"<script>alert(1)</script>"


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_bomb(side):
    """A small PNG whose pixels would need gigabytes."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\x00" * 20_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif():
    return picture("GIF")


def located():
    """A photo that says where it was taken."""
    target, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "SECRET-PLACE"
    exif.get_ifd(0x8825)[1] = "N"
    Image.new("RGB", (40, 30), "teal").save(target, "JPEG", exif=exif, comment=SCRIPT)
    return target.getvalue()


REFUSED = {
    "HTML named .jpg": ("x.jpg", b"<!DOCTYPE html><html>" + SCRIPT),
    "SVG": ("x.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    "SVG named .png": ("x.png", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
    "nothing": ("x.jpg", b""),
    "GIF": ("x.gif", gif()),
    "GIF that is a script": ("x.jpg", b"GIF89a/*" + SCRIPT),
    "BMP": ("x.jpg", picture("BMP")),
    "TIFF": ("x.jpg", picture("TIFF")),
    "PDF": ("x.jpg", b"%PDF-1.7\n%%EOF"),
    "program": ("x.jpg", b"MZ" + b"\x00" * 500),
    "zip": ("x.jpg", b"PK\x03\x04" + b"\x00" * 500),
    "PNG bomb": ("x.png", png_bomb(50_000)),
    "PNG bomb below Pillow's own limit": ("x.png", png_bomb(9_000)),
    "JPEG that breaks off": ("x.jpg", picture(size=(900, 900))[:400]),
    "JPEG that claims 65535 pixels": ("x.jpg", picture().replace(struct.pack(">HH", 200, 320), b"\xff\xff\xff\xff")),
    "PNG without pixels": ("x.png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 0, 0, 8, 2, 0, 0, 0))),
    "too many bytes": ("x.jpg", picture() + b"\x00" * (21 * 1024 * 1024)),
}


@pytest.fixture
def admin(scene):
    return scene.browsers["admin"]


@pytest.fixture
def address(scene):
    return f"/meetings/admin/rooms/{scene.rooms.first}/pictures"


def stored(scene):
    with scene.app.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(StoredFile))


def add(scene, browser, address, *files, kind="photo", **more):
    fields = {"csrf_token": scene.token("admin"), "kind": kind, "caption": ""} | more
    return browser.post(address, fields, upload_files=[("pictures", *file) for file in files], status="*")


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_picture_is_refused_at_its_field(scene, admin, address, what):
    before, files = scene.counts(), stored(scene)
    began = time.monotonic()
    answer = add(scene, admin, address, REFUSED[what])
    assert time.monotonic() - began < 5
    assert answer.status_int == 422
    assert answer.html.select_one('input[name="pictures"]')["aria-invalid"] == "true"
    assert answer.html.select_one(".error-summary a")["href"].startswith("#")
    assert (scene.counts(), stored(scene)) == (before, files)


def test_one_bad_picture_among_good_ones_stores_none(scene, admin, address):
    before, files = scene.counts(), stored(scene)
    good = ("a.jpg", picture())
    assert add(scene, admin, address, good, REFUSED["HTML named .jpg"], good).status_int == 422
    assert (scene.counts(), stored(scene)) == (before, files)


@pytest.mark.parametrize("fields", [{"kind": "x"}, {"kind": ""}, {"caption": "字" * 81}, {"kind": "panorama"}])
def test_the_fields_beside_the_picture(scene, admin, address, fields):
    before, files = scene.counts(), stored(scene)
    assert add(scene, admin, address, ("a.jpg", picture()), **fields).status_int == 422
    assert (scene.counts(), stored(scene)) == (before, files)


@pytest.mark.parametrize("pictures", [{}, {"pictures": "a.jpg"}, {"pictures": ""}, {"pictures": ["x", "y"]}])
def test_text_where_a_picture_belongs(scene, admin, address, pictures):
    before = scene.counts()
    answer = admin.post(address, {"csrf_token": scene.token("admin"), "kind": "photo", "caption": ""} | pictures, status="*")
    assert answer.status_int == 422
    assert answer.html.select('input[name="pictures"][aria-invalid="true"]')
    assert scene.counts() == before


def test_too_many_pictures(scene, admin, address):
    before, files = scene.counts(), stored(scene)
    assert add(scene, admin, address, *[("a.jpg", picture())] * 21).status_int == 422
    assert (scene.counts(), stored(scene)) == (before, files)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\x\\y.jpg", "x" * 3000 + ".jpg", "<b>.jpg", "a\u202egpj.exe", "照片", ".", "x.php.jpg"]
)
@pytest.mark.parametrize("make", [picture, lambda: picture() + SCRIPT, located, lambda: picture("PNG"), lambda: picture("WEBP")])
def test_of_what_is_a_picture_only_the_pixels_are_kept(scene, admin, name, make):
    address = f"/meetings/admin/rooms/{scene.rooms.second}/pictures"
    assert add(scene, admin, address, (name, make())).status_int == 303
    with scene.app.reading() as session:
        file = session.scalar(sa.select(StoredFile).order_by(StoredFile.id.desc()).limit(1))
    assert "/" not in file.name and "\\" not in file.name and len(file.name) <= 200
    page = admin.get(address)
    shown = page.html.select(f'img[src^="/files/{file.id}/"]')
    served = scene.browsers["guest"].get(shown[0]["src"].split("?")[0])
    assert served.content_type in ("image/jpeg", "image/png", "image/webp")
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert SCRIPT not in served.body and b"SECRET" not in served.body and b"Exif" not in served.body
    for line in page.html.select('form[action*="/pictures/"]'):
        action = line["action"]
    removed = admin.post(action, {"csrf_token": scene.token("admin"), "act": "remove"})
    assert removed.status_int == 303


@pytest.mark.parametrize("who", ["staff", "leader", "guest"])
def test_others_cannot_add_pictures(scene, address, who):
    before, files = scene.counts(), stored(scene)
    fields = {"csrf_token": scene.token(who), "kind": "photo", "caption": ""}
    scene.browsers[who].post(address, fields, upload_files=[("pictures", "a.jpg", picture())], status=403)
    assert (scene.counts(), stored(scene)) == (before, files)


# -- sizes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["book", "cancel", "act", "review", "rate", "password", "new room", "closure", "item"])
def test_ten_megabytes_of_text(scene, form):
    address, fields = FORMS[form].fill(scene)
    who = FORMS[form].who
    name = next(iter({"note", "text", "opinion", "comment", "reason", "label", "new"} & fields.keys()))
    before = scene.counts()
    sent = {"csrf_token": scene.token(who)} | fields | {name: "x" * 10_000_000}
    began = time.monotonic()
    answer = scene.browsers[who].post(address, sent, status="*")
    assert time.monotonic() - began < 5
    assert answer.status_int in (413, 422)
    assert len(answer.body) < 100_000
    assert scene.counts() == before


def test_ten_megabytes_for_the_login(scene):
    browser = scene.visitor
    token = browser.get("/login").html.select_one("input[name=csrf_token]")["value"]
    for name in ("username", "password", "next", "captcha"):
        fields = {"csrf_token": token, "username": "x", "password": "y"} | {name: "x" * 10_000_000}
        assert browser.post("/login", fields, status="*").status_int in (413, 422)


@pytest.mark.parametrize("content_type", [FORM, "application/json", "text/plain", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("who", ["visitor", "staff"])
def test_thirty_megabytes(scene, who, content_type):
    browser = scene.visitor if who == "visitor" else scene.browsers[who]
    for address in ("/meetings/book", "/login", "/no/such/page"):
        asked = {"method": "POST", "body": b"x" * (30 * 1024 * 1024), "content_type": content_type, "status": 413}
        assert "提交的内容过大" in browser.request(address, **asked).text


def test_a_picture_of_twenty_five_megabytes(scene, admin, address):
    before = scene.counts()
    answer = add(scene, admin, address, ("a.jpg", picture() + b"\x00" * (25 * 1024 * 1024)))
    assert answer.status_int == 413
    assert scene.counts() == before


def test_very_many_fields(scene):
    before = scene.counts()
    body = "&".join([f"csrf_token={scene.token('staff')}", *(f"f{n}={n}" for n in range(50_000)), "leaders-999999999-name=x"])
    began = time.monotonic()
    answer = scene.browsers["staff"].request("/meetings/book", method="POST", body=body.encode(), content_type=FORM, status="*")
    assert time.monotonic() - began < 5
    assert 400 <= answer.status_int < 500
    assert scene.counts() == before


def test_very_many_rows_of_leaders(scene):
    address, fields = FORMS["book"].fill(scene)
    rows = {f"leaders-{n}-name": "x" for n in range(2000)}
    scene.browsers["staff"].post(address, {"csrf_token": scene.token("staff")} | fields | rows, status=303)
    with scene.app.reading() as session:
        booking = session.scalar(sa.select(Booking).order_by(Booking.case_id.desc()).limit(1))
    assert len(booking.leaders) == 20


def test_temporary_files_are_closed_with_the_request(scene, admin, address, monkeypatch):
    opened, make = [], tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *args, **named: opened.append(make(*args, **named)) or opened[-1])
    for file in (("a.jpg", picture(size=(900, 900))), ("a.jpg", b"x" * 50_000)):
        add(scene, admin, address, file)
    admin.post(address, {"csrf_token": "wrong"}, upload_files=[("title", "a.jpg", b"x" * 50_000)], status=400)
    assert len(opened) >= 3
    assert all(file.closed for file in opened)
