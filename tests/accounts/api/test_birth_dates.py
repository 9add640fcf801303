"""A birth date is told once, shown to its user alone, and taken back by staff."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.urls import reverse

from accounts.actions.birth_dates import forget_birth_date, set_birth_date
from accounts.errors import BirthDateSet
from accounts.models import BirthDate
from kernel.actor import SYSTEM, user_actor
from kernel.errors import Forbidden, InvalidInput, NotFound
from kernel.ids import UserId
from tests.factories.accounts import actor_for, bearer, enter_panel, make_user

pytestmark = pytest.mark.django_db

ROUTE = "/api/v1/me/birth-date"


def test_it_is_told_once_and_shown_to_its_user_alone(api):
    ada = make_user("ada")
    mine = bearer(ada)
    assert api.get(ROUTE, headers=mine).json() == {"birth_date": None}
    assert api.put(ROUTE, {"birth_date": "1990-02-28"}, headers=mine).json() == {"birth_date": "1990-02-28"}
    assert api.get(ROUTE, headers=mine).json() == {"birth_date": "1990-02-28"}
    assert api.get(ROUTE, headers=bearer(make_user("bob"))).json() == {"birth_date": None}
    assert "1990-02-28" not in api.get("/api/v1/me", headers=mine).content.decode()


def test_the_same_date_again_is_no_change_and_another_one_is_refused():
    ada = make_user("ada")
    actor = actor_for(ada)
    set_birth_date(actor, birth_date=date(1990, 2, 28))
    before = list(BirthDate.objects.values())
    set_birth_date(actor, birth_date=date(1990, 2, 28))
    with pytest.raises(BirthDateSet):
        set_birth_date(actor, birth_date=date(1980, 2, 28))
    assert list(BirthDate.objects.values()) == before


@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2030, 1, 2)])
@time_machine.travel("2030-01-01T12:00:00Z", tick=False)
def test_a_day_on_which_nobody_who_lives_was_born_is_refused(day):
    with pytest.raises(InvalidInput):
        set_birth_date(actor_for(make_user()), birth_date=day)
    assert not BirthDate.objects.exists()


@pytest.mark.parametrize("value", [19900228, "28.02.1990", "1990-02-30", None])
def test_anything_but_a_date_is_refused(api, value):
    assert api.put(ROUTE, {"birth_date": value}, headers=bearer(make_user())).status_code == 400
    assert not BirthDate.objects.exists()


def test_staff_take_a_wrong_one_back_and_it_can_be_told_anew():
    ada = make_user("ada")
    set_birth_date(actor_for(ada), birth_date=date(1910, 1, 1))
    forget_birth_date(SYSTEM, user_id=UserId(ada.pk))
    set_birth_date(actor_for(ada), birth_date=date(1990, 1, 1))
    assert BirthDate.objects.get().day == date(1990, 1, 1)


def test_nobody_else_takes_one_back():
    ada = make_user("ada")
    set_birth_date(actor_for(ada), birth_date=date(1990, 1, 1))
    for actor in (user_actor(UserId(ada.pk)), actor_for(make_user())):
        with pytest.raises(Forbidden):
            forget_birth_date(actor, user_id=UserId(ada.pk))
    assert BirthDate.objects.get().day == date(1990, 1, 1)


def test_there_must_be_one_to_take_back():
    with pytest.raises(NotFound):
        forget_birth_date(SYSTEM, user_id=UserId(make_user().pk))


def test_the_panel_takes_it_back(client):
    administrator = make_user("root", is_staff=True, is_superuser=True)
    enter_panel(client, administrator)
    ada = make_user("ada")
    set_birth_date(actor_for(ada), birth_date=date(1990, 1, 1))
    form = {"action": "forget_birth_date", "_selected_action": [str(ada.pk)]}
    client.post(reverse("admin:accounts_user_changelist"), form, follow=True)
    assert not BirthDate.objects.exists()
