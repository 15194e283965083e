"""Questionnaires: declarations that work, one answer per person and subject, changes within days, stored definitions."""

import datetime as dt
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from portal_core.declarations import Choice, EvaluationForm, Question, Subject
from portal_core.errors import Conflict, Invalid, NotFound, StartError
from portal_core.evaluations import definitions
from portal_core.evaluations.models import Evaluation, EvaluationFormRow
from portal_core.evaluations.services import EvaluationService, stamp
from portal_core.services import Services
from portal_core.testing.fixtures import NOW

GOOD = {"tidy": 5, "tea": 3}


class Canteen:
    """Stands for a plugin: two meals of one guest, and a note of who answered."""

    def __init__(self):
        self.guest = None
        self.calls = []
        self.meals = {
            "meal:1": Subject("meal:1", "Lunch", "11-23", NOW + dt.timedelta(days=3)),
            "meal:2": Subject("meal:2", "Dinner", "11-23", NOW - dt.timedelta(days=1)),
        }

    def subjects(self, session, user_id, now):
        return list(self.meals.values()) if user_id == self.guest else []

    def find(self, session, user_id, key, now):
        return self.meals.get(key) if user_id == self.guest else None

    def answered(self, services, subject, user_id, answers):
        self.calls.append((subject.key, user_id, answers))


@pytest.fixture
def canteen():
    return Canteen()


@pytest.fixture
def form(canteen):
    return EvaluationForm(
        "canteen.meal",
        1,
        "Meals",
        (Question("tidy", "Tidiness"), Question("tea", "Tea"), Question("music", "Music", required=False)),
        (Choice(5, "Good"), Choice(3, "Fair"), Choice(1, "Bad")),
        canteen.subjects,
        canteen.find,
        answered=canteen.answered,
    )


@pytest.fixture
def evaluations(portal, form, services, monkeypatch):
    monkeypatch.setitem(portal.evaluation_forms, form.code, form)
    return services.get(EvaluationService)


@pytest.fixture
def guest(make_user, canteen):
    person = make_user(name="沈宏").identity
    canteen.guest = person.user_id
    return person


def change(form, **values):
    return replace(form, **values)


# -- declarations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change_of_form", "named"),
    [
        ({"questions": ()}, "at least one question"),
        ({"scale": (Choice(1, "Good"),)}, "at least one question"),
        ({"questions": (Question("comment", "Comment"),)}, "'comment'"),
        ({"questions": (Question("Bad code", "?"),)}, "'Bad code'"),
        ({"questions": (Question("a", "?"), Question("a", "?"))}, "once only"),
        ({"scale": (Choice(1, "Good"), Choice(1, "Bad"))}, "once only"),
    ],
)
def test_a_form_that_cannot_work_stops_the_start(form, change_of_form, named):
    with pytest.raises(StartError, match="canteen.meal") as caught:
        definitions.check(change(form, **change_of_form))
    assert named in str(caught.value)


def test_a_sound_form_passes(form):
    definitions.check(form)


def test_a_changed_form_needs_a_higher_version(evaluations, form, guest, session):
    evaluations.answer(form.code, "meal:1", guest, GOOD)
    renamed = change(form, questions=(Question("tidy", "Cleanliness"), *form.questions[1:]))
    check = definitions.health_check([renamed])
    assert check.check(session) == (
        "evaluation form canteen.meal: questions or scale were changed, but answers to version 1 exist; declare version 2"
    )
    assert definitions.health_check([form]).check(session) is None
    assert definitions.health_check([change(renamed, version=2)]).check(session) is None
    # What is not part of an answer's meaning may change freely.
    assert definitions.health_check([change(form, title="Food", edit_days=1)]).check(session) is None


def test_the_start_stops_on_a_changed_form(portal, evaluations, form, guest, session, monkeypatch):
    evaluations.answer(form.code, "meal:1", guest, GOOD)
    session.commit()
    definitions.check_at_start(portal)
    monkeypatch.setitem(portal.evaluation_forms, form.code, change(form, scale=(*form.scale, Choice(0, "Worst"))))
    with pytest.raises(StartError, match="declare version 2"):
        definitions.check_at_start(portal)


# -- reading ---------------------------------------------------------------------------------------------------------


def test_subjects_come_with_ones_own_answer_and_without_those_that_are_over(evaluations, form, guest):
    assert [(s.key, mine) for s, mine in evaluations.subjects(form.code, guest)] == [("meal:1", None)]
    made = evaluations.answer(form.code, "meal:1", guest, GOOD)
    assert [(s.key, mine) for s, mine in evaluations.subjects(form.code, guest)] == [("meal:1", made)]


def test_an_answered_subject_stays_listed_after_its_time(evaluations, form, guest, portal):
    evaluations.answer(form.code, "meal:1", guest, GOOD)
    portal.clock.advance(days=10)
    assert [s.key for s, _mine in evaluations.subjects(form.code, guest)] == ["meal:1"]


@pytest.mark.parametrize("key", ["meal:9", "", "meal:1/..", "meal:1 ", "x" * 65, "餐:1", "meal:1\n"])
def test_unknown_subjects_are_not_found(evaluations, form, guest, key):
    with pytest.raises(NotFound):
        evaluations.answer(form.code, key, guest, GOOD)


def test_foreign_subjects_and_unknown_forms_are_not_found(evaluations, form, guest, make_user):
    stranger = make_user().identity
    with pytest.raises(NotFound):
        evaluations.answer(form.code, "meal:1", stranger, GOOD)
    with pytest.raises(NotFound):
        evaluations.subjects("canteen.nothing", guest)


def test_an_answer_stays_readable_when_the_plugin_forgets_its_subject(evaluations, form, guest, canteen):
    evaluations.answer(form.code, "meal:1", guest, GOOD)
    del canteen.meals["meal:1"]
    subject, mine = evaluations.subject(form.code, "meal:1", guest)
    assert (subject.title, mine.answers) == ("Lunch", GOOD)


def test_answers_of_everybody_about_one_subject(evaluations, form, guest, canteen, make_user):
    evaluations.answer(form.code, "meal:1", guest, GOOD)
    other = make_user().identity
    canteen.guest = other.user_id
    evaluations.answer(form.code, "meal:1", other, {"tidy": 1, "tea": 1})
    assert [e.rater_id for e in evaluations.for_subject("meal:1")] == [guest.user_id, other.user_id]
    assert evaluations.for_subject("meal:2") == []


# -- answering -------------------------------------------------------------------------------------------------------


def test_an_answer_is_stored_with_its_version_and_told_to_the_plugin_once(evaluations, form, guest, canteen, session):
    made = evaluations.answer(form.code, "meal:1", guest, {**GOOD, "music": 1}, "  很好\r\n谢谢 ")
    assert (made.form_version, made.answers, made.comment, made.subject_title) == (1, {**GOOD, "music": 1}, "很好\n谢谢", "Lunch")
    assert made.created == made.changed == NOW
    evaluations.answer(form.code, "meal:1", guest, {"tidy": 1, "tea": 1})
    assert canteen.calls == [("meal:1", guest.user_id, {**GOOD, "music": 1})]
    stored = session.get_one(EvaluationFormRow, (form.code, 1))
    assert [q["label"] for q in stored.definition["questions"]] == ["Tidiness", "Tea", "Music"]


@pytest.mark.parametrize(
    ("answers", "comment", "fields"),
    [
        ({}, "", {"tidy", "tea"}),
        ({"tidy": 5}, "", {"tea"}),
        ({"tidy": 5, "tea": 4}, "", {"tea"}),
        ({"tidy": 5, "tea": None}, "", {"tea"}),
        ({**GOOD, "music": 99}, "", {"music"}),
        (GOOD, "x" * 1001, {"comment"}),
    ],
)
def test_incomplete_answers_are_refused_at_their_fields(evaluations, form, guest, session, answers, comment, fields):
    with pytest.raises(Invalid) as caught:
        evaluations.answer(form.code, "meal:1", guest, answers, comment)
    assert set(caught.value.fields) == fields
    assert session.scalar(sa.select(sa.func.count()).select_from(Evaluation)) == 0


def test_a_thousand_characters_and_unknown_questions_are_fine(evaluations, form, guest):
    made = evaluations.answer(form.code, "meal:1", guest, {**GOOD, "invented": 5}, "好" * 1000)
    assert made.answers == GOOD
    assert len(made.comment) == 1000


def test_after_the_deadline_nothing_is_accepted(evaluations, form, guest):
    with pytest.raises(Conflict, match="time for this evaluation"):
        evaluations.answer(form.code, "meal:2", guest, GOOD)


def test_an_answer_may_be_changed_for_some_days(evaluations, form, guest, portal):
    made = evaluations.answer(form.code, "meal:1", guest, GOOD)
    portal.clock.advance(days=6, hours=23)
    changed = evaluations.answer(form.code, "meal:1", guest, {"tidy": 1, "tea": 1}, "worse", seen=stamp(made))
    assert (changed.id, changed.answers, changed.changed) == (made.id, {"tidy": 1, "tea": 1}, portal.clock.now())
    portal.clock.advance(hours=1)
    with pytest.raises(Conflict, match="changing"):
        evaluations.answer(form.code, "meal:1", guest, GOOD)


def test_the_same_answer_twice_is_one_answer(evaluations, form, guest):
    first = evaluations.answer(form.code, "meal:1", guest, GOOD, "fine", seen="")
    assert evaluations.answer(form.code, "meal:1", guest, GOOD, "fine", seen="") is first


def test_an_answer_from_a_window_that_saw_none_does_not_replace_one(evaluations, form, guest):
    evaluations.answer(form.code, "meal:1", guest, GOOD, seen="")
    with pytest.raises(Conflict, match="another window"):
        evaluations.answer(form.code, "meal:1", guest, {"tidy": 1, "tea": 1}, seen="")


def test_a_change_under_a_new_version_is_stored_with_it(evaluations, form, guest, portal, monkeypatch):
    evaluations.answer(form.code, "meal:1", guest, GOOD)
    newer = change(form, version=2, questions=(Question("taste", "Taste"),))
    monkeypatch.setitem(portal.evaluation_forms, form.code, newer)
    changed = evaluations.answer(form.code, "meal:1", guest, {"taste": 3})
    assert (changed.form_version, changed.answers) == (2, {"taste": 3})
    assert [question for question, _answer in evaluations.in_words(changed)] == ["Taste"]


def test_the_database_itself_refuses_a_second_answer(evaluations, form, guest, session):
    made = evaluations.answer(form.code, "meal:1", guest, GOOD)
    columns = {c.name: getattr(made, c.name) for c in Evaluation.__table__.columns if c.name != "id"}
    with pytest.raises(sa.exc.IntegrityError):
        session.execute(sa.insert(Evaluation).values(**columns))


def test_of_many_answers_at_once_one_is_stored(app, portal, form, guest, canteen, monkeypatch):
    """Eight windows of one person send at the same moment, on real transactions; the losers are told, none fails otherwise."""
    monkeypatch.setitem(portal.evaluation_forms, form.code, form)
    barrier, results = threading.Barrier(8), []

    def send(value):
        barrier.wait()
        try:
            with portal.database.writing() as session:
                service = Services(session, portal).get(EvaluationService)
                service.answer(form.code, "meal:1", guest, GOOD, f"window {value}", seen="")
            results.append("stored")
        except Exception as error:
            results.append(type(error))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("stored") == 1
    assert all(issubclass(r, Conflict) for r in results if r != "stored")
    assert len(canteen.calls) == 1
    with portal.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Evaluation)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(EvaluationFormRow)) == 1
