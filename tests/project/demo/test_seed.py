"""The demo community: seeded once, through the domain's own actions, and pleasant to read."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.constants import ChatPermission, RoomKind
from chat.models import Message, ReadMarker, Room
from chat.policies import users_who_may
from communities.models import Community, Membership
from eventlog.topics import topic_for
from kernel.clock import now
from kernel.ids import UserId
from project.demo import people
from project.demo.seed import UNREAD_BY_OWNER, seed_demo
from project.demo.transcripts import read_transcript
from tests.event_log import types_of

CONVERSATIONS = (*(room.conversation for room in people.ROOMS), people.DIRECT_CONVERSATION)


@pytest.mark.django_db
def test_it_makes_a_community_with_people_roles_rooms_and_conversations():
    assert seed_demo() is True
    community = Community.objects.get()
    assert Membership.objects.get(community=community, is_owner=True).user.username == people.OWNER.username
    moderators = Membership.objects.filter(community=community, held__role__name="Moderator")
    assert {member.user.username for member in moderators} == {
        person.username for person in people.PEOPLE if person.role == "moderator"
    }
    assert Membership.objects.filter(community=community).count() == len(people.PEOPLE)
    rooms = Room.objects.filter(community=community)
    assert set(rooms.filter(kind=RoomKind.TEXT).values_list("name", "visibility")) == {
        ("Quayside", "community"),
        ("Engine and hull", "community"),
        ("Keyholders", "private"),
        ("Boiler watch", "community"),
    }
    assert rooms.filter(kind=RoomKind.DIRECT).count() == 1
    assert Message.objects.count() == sum(len(read_transcript(name, today=now())) for name in CONVERSATIONS)


@pytest.mark.django_db
def test_the_room_behind_a_gate_is_there_for_who_passed_the_course_alone():
    seed_demo()
    room = Room.objects.get(name="Boiler watch")
    users = {UserId(user.pk): user.username for user in User.objects.all()}
    let_in = users_who_may(ChatPermission.READ_MESSAGES, room, users)
    assert {users[user_id] for user_id in let_in} == {"ingrid", "tomas", "kofi"}


@pytest.mark.django_db
def test_every_message_is_in_the_log_of_its_room_under_its_own_number():
    seed_demo()
    for room in Room.objects.all():
        seqs = list(Message.objects.filter(room=room).order_by("seq").values_list("seq", flat=True))
        types = types_of(topic_for("room", room.pk))
        assert [seq for seq, name in enumerate(types, start=1) if name == "message.created"] == seqs


@pytest.mark.django_db
def test_a_second_time_nothing_happens():
    seed_demo()
    before = (User.objects.count(), Message.objects.count(), Community.objects.count())
    assert seed_demo() is False
    assert (User.objects.count(), Message.objects.count(), Community.objects.count()) == before


@pytest.mark.django_db
def test_messages_are_written_together_between_one_answer_and_the_next():
    with CaptureQueriesContext(connection) as statements:
        seed_demo()
    writes = [
        statement for statement in statements if statement["sql"].lstrip().startswith("INSERT INTO chat_message ")
    ]
    assert len(writes) == len(CONVERSATIONS) + Message.objects.exclude(reply_to=None).count()
    assert len(writes) < Message.objects.count() / 4


@pytest.mark.django_db
def test_messages_lie_in_the_past_in_the_order_in_which_they_are_numbered():
    seed_demo()
    for room in Room.objects.all():
        times = list(Message.objects.filter(room=room).order_by("seq").values_list("created_at", flat=True))
        assert times == sorted(times)
        assert times[-1] < now()


@pytest.mark.django_db
def test_answers_point_to_what_their_neighbour_said_before():
    seed_demo()
    answers = Message.objects.exclude(reply_to=None)
    assert answers.count() > 50
    for answer in answers:
        answered = Message.objects.get(pk=answer.reply_to)
        assert answered.room_id == answer.room_id
        assert answered.seq < answer.seq


@pytest.mark.django_db
def test_the_owner_finds_a_few_unread_messages():
    seed_demo()
    owner = User.objects.get(username=people.OWNER.username)
    for room in Room.objects.filter(kind=RoomKind.TEXT):
        head = Message.objects.filter(room=room).latest("seq").seq
        assert head - ReadMarker.objects.get(room=room, user=owner).seq == UNREAD_BY_OWNER


@pytest.mark.django_db
def test_the_printed_logins_work_and_name_one_person_of_each_role(client):
    seed_demo()
    assert people.logins() == [
        "ingrid  (owner)  password marigold-1931",
        "tomas  (moderator)  password marigold-1931",
        "jonah  (member)  password marigold-1931",
    ]
    for name in ("ingrid", "tomas", "jonah"):
        answer = client.post(
            "/api/v1/auth/login", {"login": name, "password": people.PASSWORD}, content_type="application/json"
        )
        assert answer.status_code == 200


@pytest.mark.django_db
def test_production_refuses_it(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="not for production"):
        call_command("seed_demo")
    assert not User.objects.exists()


@pytest.mark.django_db
def test_an_empty_database_is_seeded_on_demand_and_one_with_people_is_left_alone(capsys):
    call_command("prepare_database")
    assert not User.objects.exists()
    call_command("prepare_database", demo=True)
    assert capsys.readouterr().out.splitlines()[-1] == people.DEMO_IS_HERE
    Community.objects.all().delete()
    call_command("prepare_database", demo=True)
    assert capsys.readouterr().out.splitlines()[-1] == "The database is ready."
    assert User.objects.count() == len(people.PEOPLE)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversations_are_told_by_people_of_the_community_and_no_line_is_said_twice(name):
    lines = read_transcript(name, today=now())
    assert {line.author for line in lines} <= {person.username for person in people.PEOPLE}
    assert len({line.text for line in lines}) == len(lines)


def test_only_participants_speak_in_the_private_room():
    [private] = [room for room in people.ROOMS if room.participants]
    speakers = {line.author for line in read_transcript(private.conversation, today=now())}
    assert speakers <= {*private.participants, people.OWNER.username}


def test_a_line_that_is_no_line_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("project.demo.transcripts.FOLDER", tmp_path)
    (tmp_path / "odd.txt").write_text("== 2 days ago\n10:00 ada  Hello\nand then nothing\n")
    with pytest.raises(ValueError, match=r"^line 3 is neither a day nor something that was said: 'and then nothing'$"):
        read_transcript("odd", today=now())
