"""What leaves by mail, SMS, jobs and the panel: all of them are known here, and staff are shown what their role may see and no more."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from procrastinate.contrib.django import app

from accounts.constants import StaffRole
from chat.models import Room
from kernel.ids import uuid7
from project.environment import BASE_DIR
from tests.authorisation.admin_table import VIEWERS
from tests.factories.accounts import enter_panel, make_staff
from tests.leaks.asking import seen_in, without_ids
from tests.leaks.finding import found_in
from tests.leaks.knowledge import CABIN, DIRECT, HALL, VAULT
from tests.leaks.surfaces import FRAMES, NAMED, SENDERS, SENDING_JOBS, SILENT_JOBS, TEMPLATES
from tests.leaks.world import World

pytestmark = pytest.mark.xdist_group("leaks")

APPS = ("accounts", "chat", "communities", "eventlog", "gateway", "project")
_SENDING = re.compile(r"\b(?:send_mail|send_mail_from_template|send_flow_mail|send_sms|unchecked_enqueue_delivery)\(")
_NAMES = re.compile(r"{{\s*([\w.]+)")


def test_every_mail_and_sms_has_a_row_and_is_filled_with_what_is_known_to_be_harmless() -> None:
    files = [path for name in APPS for path in (BASE_DIR / name).glob("templates/**/*") if path.is_file()]
    messages = [path for path in files if path.parent.name in {"email", "mail", "sms"}]
    found: dict[str, set[str]] = {}
    for path in messages:
        if path.name not in FRAMES:
            folder = f"{path.parent.parent.name}/{path.parent.name}"
            found.setdefault(folder, set()).add(re.sub(r"_(subject|message)$", "", path.stem))
    assert found == TEMPLATES
    assert {name for path in messages for name in _NAMES.findall(path.read_text())} == NAMED


def test_every_module_that_has_something_sent_is_known() -> None:
    modules = [path for name in APPS for path in (BASE_DIR / name).rglob("*.py")]
    senders = {str(path.relative_to(BASE_DIR)) for path in modules if _SENDING.search(_without_definitions(path))}
    assert senders == SENDERS


def _without_definitions(path: Path) -> str:
    return re.sub(r"\bdef \w+\(", "", path.read_text())


def test_every_job_is_known_to_say_nothing_to_anybody_or_what_it_says() -> None:
    own = {name for name in app.tasks if "procrastinate" not in name and not name.startswith("tests.")}
    assert own == SILENT_JOBS | SENDING_JOBS.keys()
    assert not SILENT_JOBS & SENDING_JOBS.keys()


def test_every_model_in_the_panel_has_a_row() -> None:
    registered = {f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry}
    assert registered == set(VIEWERS)


def test_staff_without_the_role_are_answered_about_what_there_is_as_about_nothing(world: World) -> None:
    browser = _browser(StaffRole.FINANCE)
    place, wrong = world.open_place, []
    everything = list(place.secrets)
    for model, viewers in VIEWERS.items():
        if StaffRole.FINANCE in viewers:
            continue
        query = f"?q={everything[0]}"
        if told := found_in(seen_in(browser.get(f"/admin/{model}/{query}")), _unasked(everything, query)):
            wrong.append(f"{model}{query}: {told}")
        answers = [_row(browser, model, id_) for id_ in (_an_id(model, world), str(uuid7()))]
        if answers[0] != answers[1]:
            wrong.append(f"{model}: {answers}")
    assert wrong == []


def test_nobody_is_shown_a_conversation_or_what_is_said_in_rooms_in_the_panel(world: World) -> None:
    browser, place = _browser(StaffRole.ADMINISTRATOR), world.open_place
    shown = {str(text) for pair in Room.objects.values_list("name", "topic_line") for text in pair}
    said = [text for text, kind in place.texts.items() if kind in (HALL, CABIN, DIRECT, VAULT) and text not in shown]
    pages = [f"/admin/chat/room/{place.rooms[kind]['room_id']}/change/" for kind in (HALL, CABIN, VAULT)]
    for page in ("/admin/chat/room/", f"/admin/chat/room/?q={said[-1]}", *pages):
        answer = browser.get(page)
        assert (answer.status_code, found_in(seen_in(answer), _unasked(said, page))) == (200, [])
    rooms = [_row(browser, "chat/room", id_) for id_ in (place.rooms[DIRECT]["room_id"], str(uuid7()))]
    assert rooms[0] == rooms[1]


def _browser(role: StaffRole) -> Client:
    browser = Client()
    enter_panel(browser, make_staff(role))
    return browser


def _row(browser: Client, model: str, id_: str) -> tuple[int, bytes]:
    """Return what is seen after asking for a row; where it is not shown, a message on the next page may say so."""
    answer: Any = browser.get(f"/admin/{model}/{id_}/change/", follow=True)
    seen = re.sub(rb'(csrf\w*"[^>]*value)="\w+"', rb"\1", answer.content)
    return answer.status_code, without_ids(seen, {"id": id_})


def _an_id(model: str, world: World) -> str:
    known = SimpleNamespace(**world.open_place.ids, room_id=world.open_place.rooms[VAULT]["room_id"])
    return str(getattr(known, f"{model.partition('/')[2]}_id", known.community_id))


def _unasked(secrets: list[str], asked: str) -> list[str]:
    """Leave out what the question itself names."""
    return [secret for secret in secrets if secret not in asked]
