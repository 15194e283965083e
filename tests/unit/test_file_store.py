"""The file store's contract, over a folder and over a real S3-compatible server; a writer that is killed; the daily job."""

import datetime as dt
import hashlib
import io
import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa
from PIL import Image

from portal_core.clock import FixedClock
from portal_core.declarations import FileOwner
from portal_core.errors import Invalid, NotFound
from portal_core.files import collector, health, overview
from portal_core.files.kept import KeptUploadService
from portal_core.files.models import FileScan, KeptUpload, StoredFile
from portal_core.files.services import FileService
from portal_core.files.store import FolderStore, as_place, open_store
from portal_core.files.uploads import Upload
from portal_core.testing.objectstore import ObjectStore
from tests.unit.test_files import picture, upload

_numbers = itertools.count()


@pytest.fixture(scope="session")
def object_store():
    with ObjectStore() as server:
        yield server


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path):
    """An empty store of either kind."""
    if request.param == "folder":
        return FolderStore(tmp_path / "files")
    server = request.getfixturevalue("object_store")
    return open_store(server.settings(f"portal/test{next(_numbers)}"))


# -- the contract ----------------------------------------------------------------------------------------------------


def test_bytes_are_found_by_their_digest(store):
    digest = store.put(b"content")
    assert digest == hashlib.sha256(b"content").hexdigest()
    assert store.size(digest) == 7
    assert store.read(digest) == b"content"
    with store.open(digest) as stream:
        stream.seek(3)
        assert stream.read() == b"tent"


def test_what_is_not_there(store):
    digest = hashlib.sha256(b"nothing").hexdigest()
    assert store.size(digest) is None
    with pytest.raises(FileNotFoundError):
        store.open(digest)
    assert list(store.entries()) == list(store.entries(trash=True)) == []


def test_empty_and_large_objects(store):
    large = os.urandom(1 << 20) * 9
    for data in (b"", large):
        assert store.read(store.put(data)) == data
    with store.open(hashlib.sha256(large).hexdigest()) as stream:
        stream.seek(5 << 20)
        assert stream.read(100) == large[5 << 20 :][:100]


def test_the_same_content_is_one_object(store):
    assert store.put(b"twice") == store.put(b"twice")
    assert [(e.variant, e.size) for e in store.entries()] == [("", 5)]


def test_many_who_store_the_same_content_at_once_do_no_harm(store):
    data, digests = os.urandom(300_000), []
    threads = [threading.Thread(target=lambda: digests.append(store.put(data))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 8
    assert store.read(digests[0]) == data
    assert len(list(store.entries())) == 1


def test_variants_stand_beside_their_original(store):
    digest = store.put(b"large")
    store.put_variant(digest, "w240", b"small")
    assert sorted((e.digest, e.variant, e.size) for e in store.entries()) == [(digest, "", 5), (digest, "w240", 5)]
    with store.open(digest, "w240") as stream:
        assert stream.read() == b"small"


def test_what_was_retired_comes_back_when_it_is_asked_for(store):
    digest = store.put(b"useless")
    (entry,) = store.entries()
    store.retire(entry)
    assert list(store.entries()) == []
    (retired,) = store.entries(trash=True)
    assert abs(store.changed(retired) - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=30)
    assert store.read(digest) == b"useless"
    assert list(store.entries(trash=True)) == []


def test_storing_what_was_retired_brings_it_back(store):
    digest = store.put(b"useless")
    store.retire(next(store.entries()))
    store.put(b"useless")
    assert [e.digest for e in store.entries()] == [digest]
    assert list(store.entries(trash=True)) == []


def test_what_was_purged_is_gone(store):
    digest = store.put(b"useless")
    store.retire(next(store.entries()))
    store.purge(next(store.entries(trash=True)))
    assert store.size(digest) is None


def test_a_healthy_store_passes_its_check_and_keeps_nothing_of_it(store):
    store.check()
    assert list(store.entries()) == []


def test_a_wrong_key_and_a_server_that_is_away_are_errors(object_store):
    right = object_store.settings("portal/x")
    for change in ({"portal.file_store_secret": "wrong"}, {"portal.file_store_endpoint": "http://127.0.0.1:9"}):
        with pytest.raises(Exception, match="(?i)signature|privileg|connect|error"):
            open_store(right | change).check()


# -- a folder --------------------------------------------------------------------------------------------------------

WRITER = """
import os, sys
from pathlib import Path
from portal_core.files.store import FolderStore
store, real = FolderStore(Path(sys.argv[1])), os.fsync
def slow(handle):
    print("half", flush=True)
    sys.stdin.read()
    real(handle)
os.fsync = slow
store.put(b"x" * 5_000_000)
"""


def test_a_writer_that_is_killed_leaves_nothing_half(tmp_path):
    """kill -9 when all bytes are written and none is safe yet."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", WRITER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"half\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    store, digest = FolderStore(tmp_path), hashlib.sha256(b"x" * 5_000_000).hexdigest()
    assert store.size(digest) is None
    assert list(store.entries()) == []
    (left,) = (p for p in tmp_path.rglob("*") if p.is_file())
    store.tidy(dt.datetime.now(dt.UTC) - dt.timedelta(hours=1))
    assert left.exists()
    store.tidy(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5))
    assert not left.exists()
    assert store.read(store.put(b"x" * 5_000_000)) == b"x" * 5_000_000


S3_WRITER = """
import os, sys
from portal_core.files.store import open_store
store = open_store(eval(sys.argv[1]))
print("ready", flush=True)
store.put(os.urandom(1 << 20) * 200)
print("done", flush=True)
"""


def test_a_writer_to_s3_that_is_killed_leaves_nothing_half(object_store):
    settings = object_store.settings("portal/killed")
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", S3_WRITER, repr(settings)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.25)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    # Either it was whole before the signal came, or there is nothing.
    assert all(e.size == 200 << 20 for e in open_store(settings).entries())


def test_the_folder_may_be_missing_and_hold_other_things(tmp_path):
    store = FolderStore(tmp_path / "not" / "there")
    assert list(store.entries()) == []
    store.put(b"x")
    (store.folder / "lost+found").mkdir()
    (store.folder / "README").write_text("notes")
    assert len(list(store.entries())) == 1


# -- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["folder", "s3://bucket", "s3://my-bucket.cn/a/b", "s3://bucket/a/ "])
def test_places_that_are_understood(text):
    assert as_place(text) == text.strip().rstrip("/")


@pytest.mark.parametrize("text", ["", "/var/files", "s3://", "s3://Bucket", "s3://b/../c d", "http://x/y"])
def test_places_that_are_not(text):
    with pytest.raises(ValueError, match="neither"):
        as_place(text)


def test_a_portal_whose_files_lie_in_s3(object_store, services, clerk, session):
    """The service over the real server: pictures, their smaller copies, and what is lost."""
    files = services.get(FileService)
    files.store = open_store(object_store.settings("portal/service"))
    file = files.save_image(upload(picture((1000, 500))), "meetings", clerk)
    with files.open(file) as stream:
        assert hashlib.sha256(stream.read()).hexdigest() == file.digest
    with files.thumbnail(file, 240).open() as stream:
        assert Image.open(stream).size == (240, 120)
    assert sorted(e.variant for e in files.store.entries()) == ["", "w240"]
    file.digest = "0" * 64
    with pytest.raises(NotFound):
        files.served(file)


# -- kept uploads ----------------------------------------------------------------------------------------------------


@pytest.fixture
def clerk(make_user):
    return make_user().identity


@pytest.fixture
def kept(services):
    return services.get(KeptUploadService)


def test_a_kept_file_comes_back_for_whoever_sent_it(kept, clerk, make_user, session):
    item = kept.keep(upload(picture(), "../会场.JPG"), 1, clerk)
    assert (item.name, item.size) == ("会场.JPG", len(picture()))
    ((again, back),) = kept.uploads([item.token, item.token], "photos", clerk)
    assert (again, back.field, back.name, back.read(1)) == (item, "photos", "会场.JPG", picture())
    assert item.token not in session.scalar(sa.select(KeptUpload.token_hash))
    for wrong in (([item.token], "other", clerk), ([item.token], "photos", make_user().identity), (["x"], "photos", clerk)):
        with pytest.raises(Invalid) as caught:
            kept.uploads(*wrong)
        assert "no longer kept" in caught.value.fields[wrong[1]]


def test_a_kept_file_ends_after_a_day_or_when_it_is_forgotten(kept, clerk, portal):
    first, second = kept.keep(upload(picture()), 1, clerk), kept.keep(upload(picture((9, 9))), 1, clerk)
    kept.forget([first.token], clerk)
    assert [k for k, _upload in kept.uploads([second.token], "photos", clerk)] == [second]
    portal.clock.advance(hours=25)
    for token in (first.token, second.token):
        with pytest.raises(Invalid):
            kept.uploads([token], "photos", clerk)


def test_nobody_can_fill_the_store_with_kept_files(kept, clerk, session):
    for number in range(45):
        kept.keep(Upload("photos", "x", io.BytesIO(b"%d" % number)), 1, clerk)
    assert session.scalar(sa.select(sa.func.count()).select_from(KeptUpload)) == 40


# -- the daily job ---------------------------------------------------------------------------------------------------


@pytest.fixture
def old(portal, store):
    """The portal over ``store``, three days later than everything in it."""
    portal.__dict__["file_store"] = store
    yield portal
    portal.__dict__.pop("file_store")


def later(portal, days):
    """A clock of the real time plus ``days``, because the store's own times are real."""
    return FixedClock(dt.datetime.now(dt.UTC) + dt.timedelta(days=days))


def run(session, portal, days):
    collector.collect(session, portal, later(portal, days))
    session.flush()
    return overview.last_scan(session)


def test_what_nobody_refers_to_goes_in_three_steps(old, services, session, clerk, store):
    files = services.get(FileService)
    file = files.save_image(upload(picture((300, 200))), "meetings", clerk)
    file.created = dt.datetime.now(dt.UTC)
    digest = file.digest
    store.put(b"rolled back")
    session.flush()
    scan = run(session, old, 0)
    assert (scan.objects, scan.unknown, scan.rows_removed, scan.retired, scan.missing_count) == (2, 1, 0, 0, 0)
    scan = run(session, old, 2)
    assert (scan.objects, scan.rows_removed, scan.retired, scan.purged) == (0, 1, 2, 0)
    assert session.get(StoredFile, file.id, populate_existing=True) is None
    scan = run(session, old, 4)
    assert scan.purged == 2
    assert store.size(digest) is None


def test_what_is_referred_to_stays_and_so_does_what_nobody_declares(old, services, session, clerk, store, monkeypatch):
    files = services.get(FileService)
    used = files.save_image(upload(picture((300, 200))), "canteen", clerk)
    unused = files.save_image(upload(picture((30, 20))), "canteen", clerk)
    foreign = files.save_image(upload(picture((31, 20))), "unknown", clerk)
    session.flush()
    owner = FileOwner("canteen", "Canteen", lambda: sa.select(StoredFile.id).where(StoredFile.id == used.id))
    monkeypatch.setitem(old.file_owners, "canteen", owner)
    scan = run(session, old, 2)
    assert (scan.rows_removed, scan.retired) == (1, 1)
    left = set(session.scalars(sa.select(StoredFile.id)))
    assert left == {used.id, foreign.id}
    assert unused.id not in left


def test_an_upload_of_the_same_bytes_while_they_are_collected_keeps_them(old, services, session, clerk, store):
    """The bytes are found useless, then somebody stores them once more, and then the trash is emptied."""
    store.put(picture((50, 40)))
    (entry,) = store.entries()
    store.retire(entry)
    session.add(
        StoredFile(
            digest=entry.digest,
            owner="unknown",
            name="x.jpg",
            content_type="image/jpeg",
            size=1,
            created=dt.datetime.now(dt.UTC),
        )
    )
    session.flush()
    scan = run(session, old, 3)
    assert (scan.purged, scan.missing_count) == (0, 0)
    assert store.read(entry.digest) == picture((50, 40))


def test_lost_bytes_and_leftovers_are_reported(old, services, session, clerk, store):
    files = services.get(FileService)
    file = files.save_image(upload(picture((300, 200))), "unknown", clerk)
    session.flush()
    assert health.differences(session, old) is None
    for entry in list(store.entries()):
        store.retire(entry)
        store.purge(next(store.entries(trash=True)))
    assert "1 files have lost their bytes" in health.differences(session, old)
    scan = run(session, old, 0)
    assert (scan.missing_count, scan.missing) == (1, [file.digest])


def test_kept_uploads_and_old_scans_are_forgotten(old, services, session, clerk, store):
    kept = KeptUploadService(services)
    kept.store = store
    kept.keep(upload(picture()), 1, clerk)
    session.add(FileScan(at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC), objects=0, size=0, unknown=0, missing_count=0, missing=[]))
    scan = run(session, old, 2)
    assert session.scalar(sa.select(sa.func.count()).select_from(KeptUpload)) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(FileScan)) == 1
    assert scan.retired == 1


def test_the_checks_of_the_store_are_declared(portal):
    quick, thorough = portal.health_checks["core.file_store"], portal.health_checks["core.files"]
    assert (quick.vital, quick.thorough, thorough.thorough) == (False, False, True)
    assert portal.file_owners["meetings"].title
