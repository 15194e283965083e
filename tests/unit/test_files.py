"""Files: what is accepted, what is kept of it, where it lies, and how it is named."""

import hashlib
import io
import os
import struct
import unicodedata
import zipfile
import zlib

import pytest
import sqlalchemy as sa
from PIL import Image, ImageCms
from webob import Request

from portal_core.errors import Invalid, NotFound
from portal_core.files.documents import XLSX
from portal_core.files.images import normalise, shrink
from portal_core.files.models import StoredFile
from portal_core.files.names import clean_name
from portal_core.files.services import FileService
from portal_core.files.store import FolderStore
from portal_core.files.uploads import Upload, uploads

GPS, ORIENTATION = 0x8825, 0x0112
SCRIPT = b"<html><script>alert(document.cookie)</script></html>"


def picture(size=(60, 40), kind="JPEG", mode="RGB", colour=None, **options):
    target = io.BytesIO()
    Image.new(mode, size, colour or 0).save(target, kind, **options)
    return target.getvalue()


def png_header(width, height):
    """A PNG that claims a size and holds next to nothing."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def upload(data, name="photo.jpg"):
    return Upload("photos", name, io.BytesIO(data))


# -- pictures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_three_kinds_of_pictures_are_taken(kind, content_type):
    made = normalise(picture(kind=kind))
    assert (made.content_type, made.width, made.height) == (content_type, 60, 40)
    assert opened(made.data).format == kind


@pytest.mark.parametrize(
    "data",
    [SCRIPT, b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"%PDF-1.7", b"\xff\xd8\xff\xe0", b"x"]
    + [picture(kind=kind) for kind in ("GIF", "BMP", "TIFF")],
)
def test_everything_else_is_no_picture(data):
    with pytest.raises(Invalid, match="not a picture"):
        normalise(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_breaks_off_is_refused(kind):
    noise = Image.effect_noise((200, 200), 90)
    target = io.BytesIO()
    noise.convert("RGB").save(target, kind)
    whole = target.getvalue()
    with pytest.raises(Invalid):
        normalise(whole[: len(whole) // 2])


@pytest.mark.parametrize("size", [(20_000, 20_000), (9_000, 8_000), (10_000, 9_000), (2**31 - 1, 2**31 - 1)])
def test_a_header_that_claims_too_many_pixels_is_refused_before_decoding(size):
    with pytest.raises(Invalid, match="too many pixels"):
        normalise(png_header(*size))


def test_position_comment_and_profile_are_not_kept_and_the_picture_stands_upright():
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[GPS] = {1: "N", 2: (30.0, 1.0, 2.0)}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    sent = picture((60, 40), exif=exif, comment=b"owner's name", icc_profile=profile)
    assert opened(sent).getexif().get_ifd(GPS)
    made = normalise(sent)
    kept = opened(made.data)
    assert (made.width, made.height) == kept.size == (40, 60)
    assert not kept.getexif()
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(kept.info)
    assert b"owner's name" not in made.data


def test_what_stands_behind_a_picture_is_not_kept():
    assert SCRIPT not in normalise(picture() + SCRIPT).data


def test_text_chunks_of_a_png_are_not_kept():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Author", "owner's name")
    assert b"owner's name" not in normalise(picture(kind="PNG", pnginfo=info)).data


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGBA"])
def test_every_kind_of_png_becomes_plain_colours(mode):
    assert opened(normalise(picture(kind="PNG", mode=mode)).data).mode in ("RGB", "RGBA")


def test_sixteen_bit_greys_keep_their_brightness():
    made = normalise(picture(kind="PNG", mode="I;16", colour=32_768))
    assert abs(opened(made.data).getpixel((0, 0))[0] - 128) <= 1


def test_transparency_is_kept():
    assert opened(normalise(picture(kind="PNG", mode="RGBA", colour=(9, 9, 9, 90))).data).getpixel((0, 0))[3] == 90


def test_a_broken_colour_profile_does_no_harm():
    assert normalise(picture(icc_profile=b"nonsense")).width == 60


def test_large_pictures_are_made_smaller_and_panoramas_may_be_wider():
    assert (lambda p: (p.width, p.height))(normalise(picture((6000, 3000)))) == (4096, 2048)
    assert (lambda p: (p.width, p.height))(normalise(picture((9000, 4500)), panorama=True)) == (8192, 4096)


def test_a_panorama_shows_the_whole_sphere():
    with pytest.raises(Invalid, match="360"):
        normalise(picture((400, 300)), panorama=True)


def test_a_smaller_copy_keeps_format_and_shape():
    for kind in ("JPEG", "PNG", "WEBP"):
        copy = opened(shrink(picture((1000, 500), kind), 240))
        assert (copy.format, copy.size) == (kind, (240, 120))


# -- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("会场 照片.JPEG", "会场 照片.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\li\\photo.png", "photo.jpg"),
        ("page.html", "page.jpg"),
        ("photo\u202egpj.exe", "photogpj.jpg"),
        ("a\r\nSet-Cookie: x=1.jpg", "a Set-Cookie x=1.jpg"),
        ('"quoted"; filename=x.jpg', "quoted; filename=x.jpg"),
        ("\x00\x1b.jpg", "file.jpg"),
        ("..", "file.jpg"),
        ("", "file.jpg"),
        (".htaccess", "file.jpg"),
        ("e\u0301te\u0301.jpg", "été.jpg"),
    ],
)
def test_names_are_made_harmless(raw, clean):
    assert clean_name(raw, "image/jpeg") == clean


def test_long_names_fit_their_column():
    name = clean_name("长" * 300 + ".png", "image/png")
    assert name.endswith("长.png")
    assert len(name) <= 130
    assert unicodedata.is_normalized("NFC", name)


# -- store -----------------------------------------------------------------------------------------------------------


def test_bytes_lie_under_their_digest_and_are_written_once(tmp_path):
    store = FolderStore(tmp_path)
    digest = store.put(b"content")
    assert digest == hashlib.sha256(b"content").hexdigest()
    path = tmp_path / digest[:2] / digest[2:]
    assert path.read_bytes() == b"content"
    before = path.stat()
    assert store.put(b"content") == digest
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        FolderStore(tmp_path).put(b"content")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


# -- uploads ---------------------------------------------------------------------------------------------------------


def post(*fields):
    return Request.blank("/", POST=list(fields), content_type="multipart/form-data")


def test_several_files_of_one_field():
    request = post(("photos", ("a.jpg", b"one")), ("photos", ("b.jpg", b"two")))
    assert [(u.name, u.read(1)) for u in uploads(request, "photos")] == [("a.jpg", b"one"), ("b.jpg", b"two")]


def test_no_choice_is_no_file():
    assert uploads(post(("other", "x")), "photos") == []
    assert uploads(post(("photos", ("", b""))), "photos") == []
    assert uploads(post(("photos", "")), "photos") == []


def test_text_where_a_file_is_expected_is_refused_at_the_field():
    with pytest.raises(Invalid) as caught:
        uploads(post(("photos", "../etc/passwd")), "photos")
    assert set(caught.value.fields) == {"photos"}


def test_too_many_files_are_refused():
    request = post(*(("photos", (f"{n}.jpg", b"x")) for n in range(4)))
    with pytest.raises(Invalid) as caught:
        uploads(request, "photos", max_files=3)
    assert set(caught.value.fields) == {"photos"}


@pytest.mark.parametrize(("data", "said"), [(b"", "empty"), (b"x" * (1024 * 1024 + 1), "larger")])
def test_empty_and_large_files_are_refused_at_the_field(data, said):
    with pytest.raises(Invalid) as caught:
        upload(data).read(max_mb=1)
    assert said in caught.value.fields["photos"]
    assert upload(b"x" * (1024 * 1024)).read(max_mb=1)


# -- service ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def files(services):
    return services.get(FileService)


@pytest.fixture
def clerk(make_user):
    return make_user().identity


def test_a_picture_is_stored_with_what_is_known_of_it(files, clerk, portal):
    file = files.save_image(upload(picture((60, 40)), "../hall.php"), "meetings", clerk)
    assert (file.name, file.content_type, file.width, file.height) == ("hall.jpg", "image/jpeg", 60, 40)
    assert (file.owner, file.uploaded_by_id, file.created) == ("meetings", clerk.user_id, portal.clock.now())
    with files.open(file) as stream:
        data = stream.read()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.digest)
    assert (portal.settings.path("portal.data_dir") / "files" / file.digest[:2] / file.digest[2:]).is_file()
    assert files.get(file.id) is file


@pytest.mark.parametrize(
    ("data", "said"),
    [(SCRIPT, "not a picture"), (picture()[:300], ""), (b"", "empty"), (b"\xff\xd8" + b"x" * (11 * 1024 * 1024), "larger")],
)
def test_what_is_refused_is_said_at_the_field(files, clerk, data, said):
    with pytest.raises(Invalid) as caught:
        files.save_image(upload(data), "meetings", clerk)
    assert said in caught.value.fields["photos"]


def test_of_several_pictures_all_are_stored_or_none(files, clerk, session):
    good, bad = upload(picture(), "a.jpg"), upload(SCRIPT, "b.jpg")
    with pytest.raises(Invalid):
        files.save_images([good, bad], "meetings", clerk)
    assert session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 0
    stored = files.save_images([good, upload(picture(), "c.jpg")], "meetings", clerk)
    assert [file.name for file in stored] == ["a.jpg", "c.jpg"]


def test_a_pdf_is_a_document_but_no_picture(files, clerk):
    file = files.save_document(upload(b"%PDF-1.7 ...", "plan.html"), "meetings", clerk)
    assert (file.name, file.content_type, file.width) == ("plan.pdf", "application/pdf", 0)
    assert files.save_document(upload(picture()), "meetings", clerk).content_type == "image/jpeg"
    with pytest.raises(Invalid):
        files.save_document(upload(SCRIPT, "plan.pdf"), "meetings", clerk)
    with pytest.raises(NotFound):
        files.thumbnail(file, 240)


def office(*names):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in ("[Content_Types].xml", *names):
            archive.writestr(name, "<x/>")
    return target.getvalue()


def test_word_and_excel_files_are_documents_by_their_content(files, clerk):
    for parts, ending in (("word/document.xml", "docx"), ("xl/workbook.xml", "xlsx")):
        data = office(parts)
        file = files.save_document(upload(data, "议程.exe"), "meetings", clerk)
        assert file.name == f"议程.{ending}"
        with files.open(file) as stream:
            assert stream.read() == data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (office("word/document.xml", "word/vbaProject.bin"), "macros"),
        (office("ppt/presentation.xml"), "neither"),
        (office()[:-30], "neither"),
        (b"PK\x03\x04" + b"x" * 50, "neither"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 50, "neither"),
    ],
)
def test_other_archives_and_macros_are_no_documents(files, clerk, data, said):
    with pytest.raises(Invalid) as caught:
        files.save_document(upload(data, "a.docx"), "meetings", clerk)
    assert said in caught.value.fields["photos"]


def test_the_program_stores_documents_that_it_made(files):
    file = files.save_made(office("xl/workbook.xml"), "list", XLSX, "core.export")
    assert (file.name, file.content_type, file.uploaded_by_id) == ("list.xlsx", XLSX, None)
    with pytest.raises(ValueError, match="no kind"):
        files.save_made(b"x", "x", "text/html", "core.export")


def test_the_program_stores_pictures_without_a_person(files):
    file = files.save_bytes(picture((800, 400), "PNG"), "hall.png", "meetings", panorama=True)
    assert (file.uploaded_by_id, file.content_type) == (None, "image/png")


def test_smaller_copies_are_made_once(files, clerk):
    file = files.save_image(upload(picture((1000, 500))), "meetings", clerk)
    made = files.thumbnail(file, 240)
    with made.open() as stream:
        assert opened(stream.read()).size == (240, 120)
    assert files.thumbnail(file, 240) == made
    small = files.save_image(upload(picture((100, 50))), "meetings", clerk)
    assert files.thumbnail(small, 240) == files.served(small)
    with pytest.raises(NotFound):
        files.thumbnail(file, 241)


def test_unknown_files_are_not_found(files):
    with pytest.raises(NotFound):
        files.get(987_654_321)
