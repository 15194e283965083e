"""Tables of the tests for the search and the directory; see ``tests.parts``."""

from tests.tables import USERS, Form, Page

PAGES = {
    "GET core.search": ("/search?q=%E4%BC%9A", USERS),
    "GET core.person": ("/people/{people[staff].id}", USERS),
    "GET account.profile": ("/account/profile", USERS),
    "POST account.profile": ("/account/profile", USERS),
}
FORMS = {
    "profile": Form("staff", lambda _scene: ("/account/profile", {"phone": "13800000000", "email": "staff@example.org"})),
}
BROWSER = (
    Page("search", "staff", "/search?q=hys"),
    Page("search-nothing", "staff", "/search?q=nothingatall"),
    Page("person", "staff", "/people/1"),
    Page("profile", "staff", "/account/profile"),
)
