"""What people do with meetings, in words: the same with and without JavaScript, on a desk and on a phone."""

import re

from playwright.sync_api import expect

NEXT_WEEK = "/meetings/?date=2026-12-01"


def free_cells(page, room):
    """The free half-days of ``room`` in the week grid."""
    return page.locator("x-grid tbody tr", has=page.get_by_text(room, exact=True)).locator("a.free")


def fill_in(page, title, people=20, **texts):
    """Fill in what the booking form does not know by itself; ``texts`` are further fields by id."""
    page.fill("#title", title)
    page.select_option("#kind", "work")
    page.fill("#people", str(people))
    for name, text in texts.items():
        page.fill(f"#{name}", text)


def send(page, form="#book-form"):
    """Press the main button of a form, wherever it is shown."""
    page.locator(f"{form} .btn-p:visible").last.click()


def book(page, title, room="东会议室", **options):
    """Book the first free half-day of next week from the grid; returns the case's number."""
    page.goto(NEXT_WEEK)
    free_cells(page, room).first.click()
    fill_in(page, title, **options)
    send(page)
    return number_of(page)


def number_of(page):
    """The number of the case that is open; waits until one is."""
    expect(page).to_have_url(re.compile(r"/cases/HY\d{8}-\d+$"))
    return page.url.rsplit("/", 1)[1]


def decide(page, action, opinion=""):
    """Do ``action`` on the case that is open."""
    if opinion:
        page.fill("#opinion", opinion)
    page.locator(f"form.decide button[value={action}]:visible").click()


def expect_state(page, state):
    """The case that is open is in ``state``, and nothing was refused."""
    expect(page.locator(".page-head .st")).to_have_text(state)
    expect(page.locator(".error-summary")).to_have_count(0)
