"""Item 19: nothing stays behind: sessions end on the server, half logins and riddles are removed, old passwords are forgotten."""

import sqlalchemy as sa

from portal_core.accounts.jobs import end_expired
from portal_core.accounts.models import Captcha, SessionRow
from portal_core.security.jobs import end_login_steps
from portal_core.security.models import LoginStep
from portal_core.security.steps import LoginSteps


def test_logging_out_destroys_the_session_on_the_server(app, make_user):
    """A copy of the cookie is worth nothing afterwards, and the browser is told to forget its own."""
    app.login(make_user())
    stolen = app.cookies["portal_session"]
    answered = app.get("/logout").forms["logout"].submit()
    assert any(text.startswith("portal_session=;") and "Max-Age=0" in text for text in answered.headers.getall("Set-Cookie"))
    with app.reading() as session:
        assert session.scalar(sa.select(SessionRow.ended)) is not None
    thief = app.another()
    thief.set_cookie("portal_session", stolen)
    assert "/login" in thief.get("/me", status=303).location


def test_the_back_button_shows_nothing(app, make_user):
    app.login(make_user())
    assert app.get("/me").headers["Cache-Control"] == "no-store"


def test_what_was_not_finished_is_removed(app, make_user):
    person = make_user()
    LoginSteps(app.portal).begin(person.id)
    app.get("/login?captcha=text")
    app.login(person)
    app.portal.clock.advance(hours=13)
    with app.portal.database.writing() as session:
        end_expired(session, app.portal, app.portal.clock)
        end_login_steps(session, app.portal, app.portal.clock)
    with app.reading() as session:
        for model in (LoginStep, Captcha):
            assert session.scalar(sa.select(sa.func.count()).select_from(model)) == 0, model
        assert session.scalar(sa.select(SessionRow.ended)) is not None


def test_the_hash_of_a_token_opens_nothing(app, make_user):
    """Whoever reads the tables finds no session to take over."""
    app.login(make_user())
    with app.reading() as session:
        stored = session.scalar(sa.select(SessionRow.token_hash))
    thief = app.another()
    for value in (stored, stored[:43]):
        thief.set_cookie("portal_session", value)
        thief.get("/me", status=303)
