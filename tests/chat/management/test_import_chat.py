"""`manage.py import_chat`: from a file to a room; stopped, repeated, and given what is no log."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from chat.actions import imports
from chat.management.commands import import_chat
from chat.models import Message, Room
from communities.constants import JoinPolicy
from communities.models import Community, Membership
from tests.event_log import events_of
from tests.factories.chat import post, room_topic
from tests.factories.communities import make_community, make_member

pytestmark = pytest.mark.django_db

REAL_LOGS = Path(__file__).parents[4] / "shared" / "data" / "irc"

LOG = """\
[23:58] <|anna|> is the tide in?
=== bert [~bert@harbour.example]  has joined #boats
[23:59] <bert> not yet
=== bert is now known as bert|asleep
this line is odd
[00:01] <bert|asleep> it is now
[00:02]  * |anna| casts off
"""


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "2004-11-15.txt"
    path.write_text(LOG)
    return path


def run(path, *options, stdout=None) -> str:
    stdout = stdout or StringIO()
    call_command("import_chat", str(path), "--format", "irc", "--room", "boats", *options, stdout=stdout, stderr=stdout)
    return stdout.getvalue()


def rows():
    found = Message.objects.order_by("seq").select_related("author")
    return [(row.author.display_name, row.body, f"{row.created_at:%Y-%m-%d %H:%M}") for row in found]


def everything():
    tables = (User, Community, Membership, Room, Message)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_a_log_becomes_a_room_with_its_people(log):
    said = run(log)

    assert rows() == [
        ("|anna|", "is the tide in?", "2004-11-15 23:58"),
        ("bert", "not yet", "2004-11-15 23:59"),
        ("bert", "it is now", "2004-11-16 00:01"),
        ("|anna|", "/me casts off", "2004-11-16 00:02"),
    ]
    assert said == (
        "Messages: 4 of 4\n"
        "4 messages imported into room boats of community imported (0 were there already), by 2 people.\n"
        "1 odd lines were skipped:\n"
        "  line 5: not a line of an IRC log\n"
    )
    assert Community.objects.get().join_policy == JoinPolicy.OPEN


def test_who_follows_the_room_is_told_of_every_message(log):
    run(log)

    told = [event.message.body for _, _, event in events_of(room_topic(Room.objects.get()), after=1)]
    assert told == [body for _, body, _ in rows()]


def test_a_second_run_changes_nothing(log):
    run(log)
    before = everything()

    said = run(log)

    assert everything() == before
    assert "0 messages imported into room boats of community imported (4 were there already)" in said


def test_a_log_that_has_grown_adds_its_new_lines_alone(log):
    run(log)
    with log.open("a") as file:
        file.write("[00:02] <bert|asleep> good night\n[00:02] <bert|asleep> good night\n")

    assert "2 messages imported" in run(log)
    assert [body for _, body, _ in rows()][4:] == ["good night", "good night"]


def test_logs_of_two_days_that_begin_alike_are_two_logs(log):
    run(log)
    other = log.with_name("2004-11-16.txt")
    other.write_text(LOG)

    assert "4 messages imported" in run(other)


def test_an_import_that_was_stopped_goes_on_where_it_stopped(log, monkeypatch):
    monkeypatch.setattr(import_chat, "CHUNK", 1)
    calls = iter(range(10))

    def stopped(*args, **options):
        if next(calls) == 2:
            raise KeyboardInterrupt
        return imports.import_messages(*args, **options)

    monkeypatch.setattr(import_chat, "import_messages", stopped)
    with pytest.raises(CommandError) as refused:
        run(log)
    assert (str(refused.value), refused.value.returncode) == ("Stopped. Run the same command again to go on.", 130)
    assert Message.objects.count() == 2

    said = run(log)

    assert "2 messages imported into room boats of community imported (2 were there already)" in said
    assert [body for _, body, _ in rows()] == ["is the tide in?", "not yet", "it is now", "/me casts off"]


def test_messages_that_do_not_fit_are_odd_lines(log):
    log.write_text(f"[10:00] <anna> {'x' * 4_001}\n[10:01] <anna> \u200b\n[10:02] <anna> fine\nodd\n")

    said = run(log)

    assert [body for _, body, _ in rows()] == ["fine"]
    assert said.splitlines()[2:] == [
        "3 odd lines were skipped:",
        "  line 1: Use at most 4000 characters.",
        "  line 2: Write something first.",
        "  line 4: not a line of an IRC log",
    ]


def test_a_very_odd_log_is_reported_in_part(log):
    log.write_text("odd\n" * 150 + "[10:00] <anna> fine\n")

    said = run(log)

    assert said.splitlines()[2] == "150 odd lines were skipped:"
    assert said.splitlines()[-2:] == ["  line 100: not a line of an IRC log", "  and 50 more"]


def test_a_day_may_be_told(tmp_path):
    path = tmp_path / "boats.txt"
    path.write_text("[10:00] <anna> ahoy\n")

    run(path, "--date", "2001-09-09")

    assert rows() == [("anna", "ahoy", "2001-09-09 10:00")]


def test_without_any_day_it_is_the_one_when_the_file_was_changed(tmp_path):
    path = tmp_path / "boats.txt"
    path.write_text("[10:00] <anna> ahoy\n")
    os.utime(path, (1_000_000_000, 1_000_000_000))

    run(path)
    os.utime(path, (1_100_000_000, 1_100_000_000))
    run(path)

    assert rows() == [("anna", "ahoy", "2001-09-09 10:00")]


def test_the_only_community_is_taken(log):
    community = make_community()

    run(log)

    assert Room.objects.get().community == community


def test_a_community_may_be_named(log):
    make_community()
    wanted = make_community(slug="sailors")

    run(log, "--community", "sailors")

    assert Room.objects.get().community == wanted


def test_people_of_the_community_see_what_was_imported(log):
    member = make_member(make_community())

    run(log)

    assert post(member, Room.objects.get()).body == "Ahoy"


def refused(path, *options) -> str:
    before = everything()
    with pytest.raises(CommandError) as error:
        run(path, *options)
    assert everything() == before
    assert error.value.returncode in (1, 2)
    return str(error.value)


def test_what_cannot_be_read_is_told_in_one_sentence(tmp_path, log):
    empty, noise = tmp_path / "empty.txt", tmp_path / "noise.bin"
    empty.write_bytes(b"")
    noise.write_bytes(bytes(range(256)) * 10)

    assert refused(tmp_path / "absent.txt") == f"{tmp_path}/absent.txt cannot be read: No such file or directory."
    assert refused(tmp_path) == f"{tmp_path} cannot be read: Is a directory."
    assert refused(empty) == f"{empty} has no message in it that can be read as IRC."
    assert refused(noise) == f"{noise} has no message in it that can be read as IRC."


def test_what_does_not_fit_together_is_told_in_one_sentence(log):
    assert refused(log, "--community", "nowhere") == "There is no community nowhere."
    assert "2004-11-31 is not a day like 2004-11-15" in refused(log, "--date", "2004-11-31")
    make_community()
    make_community()
    assert refused(log) == "There are several communities: name one with --community."


def test_a_room_name_that_cannot_be_is_refused(log):
    make_community(slug="sailors")

    assert refused(log, "--room", " ") == "Use 1 to 80 characters."


def test_on_a_terminal_there_is_a_bar(log):
    said = run(log, stdout=Terminal())

    assert "Messages: 4 of 4" not in said
    assert "4/4" in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said)


def real_logs() -> Iterator[pytest.param]:
    for path in sorted(REAL_LOGS.glob("*.raw.txt")):
        yield pytest.param(path, id=path.name)


@pytest.mark.skipif(
    not REAL_LOGS.is_dir() and not os.environ.get("CI"), reason="the real logs are not beside this checkout"
)
def test_the_real_logs_are_there():
    assert len(list(real_logs())) == 3


@pytest.mark.parametrize("path", list(real_logs()))
def test_a_real_log_is_imported_whole_and_written_in_chunks(path):
    lines = path.read_text().splitlines()
    spoken = [line for line in lines if re.match(r"\[\d\d:\d\d\] <\S+> .", line)]

    with CaptureQueriesContext(connection) as statements:
        said = run(path)

    bodies = list(Message.objects.order_by("seq").values_list("body", flat=True))
    acts = [body for body in bodies if body.startswith("/me ")]
    assert [body for body in bodies if not body.startswith("/me ")] == [
        re.sub(r"^\[\d\d:\d\d\] <\S+> ", "", line).strip() for line in spoken
    ]
    noticed = [line for line in lines if not re.match(r"\[\d\d:\d\d\] <", line)]
    known = [line for line in noticed if re.search(r" has joined | has left | is now known as ", line)]
    odd = re.findall(r"^  line \d+: nothing is said$", said, re.MULTILINE)
    assert len(acts) == len(noticed) - len(known) - len(odd)
    writes = [one for one in statements if one["sql"].lstrip().startswith("INSERT INTO chat_message ")]
    assert len(writes) <= len(bodies) / import_chat.CHUNK + 1
