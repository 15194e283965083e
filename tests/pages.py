"""Which pages there are and who may open them: the table of the scan, and how its addresses are filled from the scene."""

import datetime as dt

from portal_meetings.models import Closure
from tests import parts
from tests import scene as scenes
from tests.tables import ALL, CLERKS, USERS

BOOKERS = (*CLERKS, "leader", "meetings-admin")
# Who reviews, sees or manages everything, and who does so in the first room only.
REVIEWERS, MANAGERS = ("meetings-admin", "keeper"), ("meetings-admin", "admin")
FIRST_MANAGERS = (*MANAGERS, "keeper")
OWN = ("staff",)
# Who may read every case, without acting on it.
READERS = ("leader", "admin")

# Method and route name: an address of the scene, and who may open it (GET) or has the form looked at (POST).
PAGES = {
    "* __static/core/": ("/static/core/THIRD-PARTY-LICENSES.txt", ALL),
    "* __static/meetings/": ("/static/meetings/meetings.css", ALL),
    "* __static/theme/": ("/static/theme/theme.css", ALL),
    "* core.health": ("/-/health", ALL),
    "* core.plugins": ("/-/plugins.json", ALL),
    "* core.metrics": ("/-/metrics", ALL),
    "* core.download": ("/download/chrome-win64.exe", ()),
    "GET login": ("/login", ALL),
    "POST login": ("/login", ALL),
    "GET login.captcha": ("/login/captcha?key=" + "a" * 43, ()),
    "GET logout": ("/logout", USERS),
    "POST logout": ("/logout", USERS),
    "POST account.appearance": ("/account/appearance", ALL),
    "GET me": ("/me", USERS),
    "GET account.password": ("/account/password", USERS),
    "POST account.password": ("/account/password", USERS),
    "POST account.sessions.end_others": ("/account/sessions/end-others", USERS),
    "POST account.session.end": ("/account/sessions/999999/end", ()),
    "GET home": ("/", USERS),
    "GET services": ("/services", USERS),
    "GET inbox": ("/inbox", USERS),
    "GET case": ("/cases/{cases[pending]}", (*OWN, *REVIEWERS, *READERS)),
    "POST case.act": ("/cases/{cases[pending]}/act", (*OWN, *REVIEWERS, *READERS)),
    "GET notifications": ("/notifications", USERS),
    "GET notifications.open": ("/notifications/{message}/open", OWN),
    "POST notifications.read_all": ("/notifications/read-all", USERS),
    "GET core.evaluations": ("/evaluations/meetings.satisfaction", USERS),
    "GET core.evaluation": ("/evaluations/meetings.satisfaction/case:{ids[ended]}", OWN),
    "POST core.evaluation": ("/evaluations/meetings.satisfaction/case:{ids[ended]}", OWN),
    "GET core.file": ("{file}", USERS),
    "GET core.admin": ("/admin/", ("admin",)),
    "GET meetings.grid": ("/meetings/", USERS),
    "GET meetings.book": ("/meetings/book", BOOKERS),
    "POST meetings.book": ("/meetings/book", BOOKERS),
    "GET meetings.draft": ("/meetings/drafts/{cases[draft]}", OWN),
    "POST meetings.draft": ("/meetings/drafts/{cases[draft]}", OWN),
    "GET meetings.change": ("/meetings/change/{cases[pending]}", OWN),
    "POST meetings.change": ("/meetings/change/{cases[pending]}", OWN),
    "GET meetings.check": ("/meetings/check", BOOKERS),
    "GET meetings.find": ("/meetings/find", USERS),
    "GET meetings.mine": ("/meetings/mine", USERS),
    "GET meetings.cancel": ("/meetings/cancel/{cases[pending]}", (*OWN, *REVIEWERS)),
    "POST meetings.cancel": ("/meetings/cancel/{cases[pending]}", (*OWN, *REVIEWERS)),
    "GET meetings.booking": ("/meetings/bookings/{ids[secret]}", USERS),
    "GET meetings.room": ("/meetings/rooms/{rooms.second}", USERS),
    "GET meetings.pending": ("/meetings/pending", REVIEWERS),
    "POST meetings.pending": ("/meetings/pending", REVIEWERS),
    "GET meetings.ratings": ("/meetings/ratings", USERS),
    "GET meetings.admin.rooms": ("/meetings/admin/rooms", FIRST_MANAGERS),
    "GET meetings.admin.new_room": ("/meetings/admin/rooms/new", MANAGERS),
    "POST meetings.admin.new_room": ("/meetings/admin/rooms/new", MANAGERS),
    "GET meetings.admin.room": ("/meetings/admin/rooms/{rooms.first}", FIRST_MANAGERS),
    "POST meetings.admin.room": ("/meetings/admin/rooms/{rooms.second}", MANAGERS),
    "POST meetings.admin.disable": ("/meetings/admin/rooms/{rooms.first}/disable", FIRST_MANAGERS),
    "POST meetings.admin.enable": ("/meetings/admin/rooms/{rooms.second}/enable", MANAGERS),
    "GET meetings.admin.pictures": ("/meetings/admin/rooms/{rooms.first}/pictures", FIRST_MANAGERS),
    "POST meetings.admin.pictures": ("/meetings/admin/rooms/{rooms.second}/pictures", MANAGERS),
    "POST meetings.admin.picture": ("/meetings/admin/rooms/{rooms.second}/pictures/{picture}", MANAGERS),
    "GET meetings.admin.rights": ("/meetings/admin/rooms/{rooms.first}/rights", FIRST_MANAGERS),
    "POST meetings.admin.rights": ("/meetings/admin/rooms/{rooms.second}/rights", MANAGERS),
    "POST meetings.admin.revoke": ("/meetings/admin/rooms/{rooms.second}/rights/revoke", MANAGERS),
    "GET meetings.admin.closures": ("/meetings/admin/rooms/{rooms.first}/closures", FIRST_MANAGERS),
    "POST meetings.admin.closures": ("/meetings/admin/rooms/{rooms.second}/closures", MANAGERS),
    "POST meetings.admin.closure": ("/meetings/admin/rooms/{rooms.hall}/closures/{new_closure}/cancel", MANAGERS),
    "GET meetings.admin.services": ("/meetings/admin/services", MANAGERS),
    "POST meetings.admin.services": ("/meetings/admin/services", MANAGERS),
    "GET meetings.admin.service": ("/meetings/admin/services/{items.sign}", MANAGERS),
    "POST meetings.admin.service": ("/meetings/admin/services/{items.sign}", MANAGERS),
    **parts.merged("PAGES"),
}
# These end the session with which they are asked, or others of the same person.
ENDING = ("POST logout", "POST account.sessions.end_others")


class Address(dict):
    """The values in addresses; a closure is made whenever one is asked for, because asking calls it off."""

    def __init__(self, scene):
        self.scene = scene
        ids = {key: scene.ids.get(number, 0) for key, number in scene.cases.items()}
        keys = {key: f"case:{number}" for key, number in ids.items()}
        super().__init__(vars(scene), ids=ids, keys=keys)

    def __missing__(self, key):
        assert key == "new_closure"
        with self.scene.services() as services:
            now = services.clock.now()
            made = Closure(
                room_id=self.scene.rooms.hall,
                starts_at=now,
                ends_at=now + dt.timedelta(days=1),
                reason="检修",
                created_by_id=self.scene.people["admin"].id,
                created=now,
            )
            services.session.add(made)
            services.session.flush()
            return made.id


def url(scene, address):
    """``address`` of the table with the ids of the scene."""
    return address.format_map(Address(scene))


def ask(browser, method, address):
    """The answer to ``GET``, or to ``POST`` with the token of the browser's session and nothing else."""
    if method == "GET":
        return browser.get(address, status="*")
    token = scenes.token_of(browser) if "portal_session" in browser.cookies else "x"
    return browser.post(address, {"csrf_token": token}, status="*")
