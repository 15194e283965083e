"""Tables of the tests for the search and the directory; see ``tests.parts``."""

from tests.tables import USERS, Page

PAGES = {
    "GET core.search": ("/search?q=%E4%BC%9A", USERS),
    "GET core.person": ("/people/{people[staff].id}", USERS),
}
BROWSER = (
    Page("search", "staff", "/search?q=hys"),
    Page("search-nothing", "staff", "/search?q=nothingatall"),
    Page("person", "staff", "/people/1"),
)
