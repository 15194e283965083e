"""Serving files: who sees them, with which headers, and what an address that is not quite right answers."""

import io

import pytest
from PIL import Image

from portal_core.files.services import FileService
from portal_core.files.uploads import Upload

OWNER = "canteen"


def picture(size=(1000, 500), kind="JPEG"):
    target = io.BytesIO()
    Image.new("RGB", size, "teal").save(target, kind)
    return target.getvalue()


@pytest.fixture
def person(app, make_user):
    made = make_user()
    app.login(made)
    return made


@pytest.fixture
def open_to_all(app, monkeypatch):
    monkeypatch.setitem(app.app.registry.file_access, OWNER, lambda request, file: True)


@pytest.fixture
def photo(app, person):
    with app.services() as services:
        return services.get(FileService).save_image(Upload("f", "照片.jpg", io.BytesIO(picture())), OWNER, person.identity)


def address(file, ext="jpg"):
    return f"/files/{file.id}/{file.digest[:12]}.{ext}"


def test_a_picture_is_shown_in_place_and_nothing_in_it_can_run(app, photo, open_to_all):
    answer = app.get(address(photo))
    assert (answer.content_type, answer.content_length) == ("image/jpeg", photo.size)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert {p.strip() for p in answer.headers["Cache-Control"].split(",")} == {"private", "max-age=31536000", "immutable"}
    assert "Content-Disposition" not in answer.headers


def test_an_unchanged_picture_is_not_sent_again(app, photo, open_to_all):
    etag = app.get(address(photo)).headers["ETag"]
    answer = app.get(address(photo), headers={"If-None-Match": etag}, status=304)
    assert answer.body == b""
    assert app.get(address(photo) + "?w=240").headers["ETag"] != etag
    assert app.head(address(photo)).content_length == photo.size


@pytest.mark.parametrize("width", [240, 480, 960])
def test_smaller_copies(app, photo, open_to_all, width):
    answer = app.get(f"{address(photo)}?w={width}")
    assert Image.open(io.BytesIO(answer.body)).size == (width, width // 2)


@pytest.mark.parametrize("width", ["241", "0", "-1", "x", "", "9" * 5000, "1e3"])
def test_other_widths_do_not_exist(app, photo, open_to_all, width):
    app.get(address(photo), {"w": width}, status=404)


def test_a_pdf_is_a_download(app, person, open_to_all):
    with app.services() as services:
        upload = Upload("f", "会场 平面图.pdf", io.BytesIO(b"%PDF-1.7 plan"))
        file = services.get(FileService).save_document(upload, OWNER, person.identity)
    answer = app.get(address(file, "pdf"))
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E4%BC%9A")
    assert answer.body == b"%PDF-1.7 plan"
    app.get(address(file, "pdf") + "?w=240", status=404)


def test_files_of_an_owner_without_a_rule_are_seen_by_nobody(app, photo):
    app.get(address(photo), status=404)


def test_the_owner_decides_who_sees_a_file(app, photo, person, monkeypatch):
    asked = []

    def admits(request, file):
        asked.append((request.identity.user_id, file.id))
        return False

    monkeypatch.setitem(app.app.registry.file_access, OWNER, admits)
    app.get(address(photo), status=404)
    assert asked == [(person.id, photo.id)]


def test_a_login_is_needed(app, photo, open_to_all):
    assert app.another().get(address(photo)).status_int in (302, 303)


def test_addresses_that_are_not_quite_right(app, photo, open_to_all):
    right = address(photo)
    for wrong in (
        f"/files/{photo.id}/{'0' * 12}.jpg",
        f"/files/{photo.id}/{photo.digest}.jpg",
        right.replace(".jpg", ".html"),
        right.replace(f"/{photo.id}/", "/999999/"),
        right.replace(f"/{photo.id}/", f"/{'9' * 30}/"),
        right.replace(f"/{photo.id}/", "/../"),
        f"/files/{photo.id}/",
    ):
        app.get(wrong, status=404)


def test_a_file_whose_bytes_were_lost_is_not_found(app, photo, open_to_all):
    with app.services() as services:
        store = services.get(FileService).store
        for entry in list(store.entries()):
            store.retire(entry)
        for entry in list(store.entries(trash=True)):
            store.purge(entry)
    app.get(address(photo), status=404)
    app.get(address(photo) + "?w=240", status=404)


def test_a_part_of_a_file_can_be_asked_for(app, person, open_to_all):
    with app.services() as services:
        upload = Upload("f", "plan.pdf", io.BytesIO(b"%PDF-1.7 0123456789"))
        file = services.get(FileService).save_document(upload, OWNER, person.identity)
    answer = app.get(address(file, "pdf"), headers={"Range": "bytes=9-12"})
    assert (answer.status_int, answer.body, answer.headers["Content-Range"]) == (206, b"0123", "bytes 9-12/19")
    assert app.get(address(file, "pdf")).headers["Accept-Ranges"] == "bytes"
    assert app.get(address(file, "pdf"), headers={"Range": "bytes=99-"}, status=416).body != b"%PDF-1.7 0123456789"
