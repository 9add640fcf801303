"""`manage.py import_chat --format irc FILE --room NAME`: brings the messages of a log into a room.

It can be stopped at any moment and run again: what is there already is left alone.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.actions.imports import ImportedMessage, get_or_create_import_room, import_messages, import_people
from chat.management.progress import progress_of
from chat.processing.irc import IrcLog, OddLine, Said, day_in, parse_log, times_of
from chat.processing.text import checked_body
from communities.actions.imports import get_or_create_import_community
from communities.models import Community
from kernel.actor import SYSTEM
from kernel.errors import DomainError, InvalidInput
from kernel.ids import CommunityId, UserId

CHUNK = 500
ODD_LINES_SHOWN = 100
NONCE_DIGITS = 48


class Command(BaseCommand):
    """See the module's docstring."""

    help = "Import a chat log into a room. Running it again, or after it was stopped, adds only what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what the command takes."""
        parser.add_argument("file", type=Path, metavar="FILE", help="the log")
        parser.add_argument("--format", required=True, choices=["irc"], help="how the log is written")
        parser.add_argument("--room", required=True, metavar="NAME", help="the room; made when it is absent")
        parser.add_argument(
            "--community", metavar="SLUG", help="the community of the room; may be left out when there is one at most"
        )
        parser.add_argument(
            "--date", type=_day, metavar="YYYY-MM-DD", help="the log's first day, when its file's name does not tell it"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Import the log and report, in this order, what was done and which lines were skipped."""
        try:
            self._import(options["file"], room=options["room"], slug=options["community"], day=options["date"])
        except DomainError as error:
            raise CommandError(error.text) from error
        except KeyboardInterrupt as error:
            raise CommandError("Stopped. Run the same command again to go on.", returncode=130) from error

    def _import(self, file: Path, *, room: str, slug: str | None, day: date | None) -> None:
        log, times = _read(file, day)
        said, odd = _storable(log.said)
        community = _community(slug)
        community_id = CommunityId(community.pk)
        room_id = get_or_create_import_room(SYSTEM, community_id=community_id, name=room)
        people = import_people(SYSTEM, community_id=community_id, nicks=log.people)
        messages = [_message(message, people, times[message.line]) for message in said]
        new = 0
        with progress_of("Messages", len(messages), self.stdout) as advance:  # type: ignore[arg-type]  # a text stream
            for start in range(0, len(messages), CHUNK):
                chunk = messages[start : start + CHUNK]
                new += import_messages(SYSTEM, room_id=room_id, messages=chunk)
                advance(len(chunk))
        self.stdout.write(
            f"{new} messages imported into room {room} of community {community.slug}"
            f" ({len(messages) - new} were there already), by {len(people)} people."
        )
        self._report([*log.odd, *odd])

    def _report(self, odd: Sequence[OddLine]) -> None:
        if not odd:
            return
        self.stdout.write(f"{len(odd)} odd lines were skipped:")
        for entry in sorted(odd, key=lambda entry: entry.line)[:ODD_LINES_SHOWN]:
            self.stdout.write(f"  line {entry.line}: {entry.reason}")
        if len(odd) > ODD_LINES_SHOWN:
            self.stdout.write(f"  and {len(odd) - ODD_LINES_SHOWN} more")


def _read(file: Path, day: date | None) -> tuple[IrcLog, Mapping[int, datetime]]:
    """Return the log and when each of its lines was said; the day comes from the option, the file's name, or its last change.

    What is known of the day keeps logs apart that begin alike; the last change is not part of that, a copy of the file has another.
    """
    try:
        data = file.read_bytes()
        changed = datetime.fromtimestamp(file.stat().st_mtime, UTC).date()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    known_day = day or day_in(file.name)
    log = parse_log(data, seed=str(known_day or ""))
    if not log.said:
        raise CommandError(f"{file} has no message in it that can be read as IRC.")
    times = times_of(log.said, first_day=known_day or changed)
    return log, {message.line: at for message, at in zip(log.said, times, strict=True)}


def _storable(said: Sequence[Said]) -> tuple[list[Said], list[OddLine]]:
    """Tell apart what fits into a message and what does not."""
    good: list[Said] = []
    odd: list[OddLine] = []
    for message in said:
        try:
            checked_body(message.text)
        except InvalidInput as error:
            odd.append(OddLine(message.line, error.text))
        else:
            good.append(message)
    return good, odd


def _message(said: Said, people: Mapping[str, UserId], at: datetime) -> ImportedMessage:
    return ImportedMessage(
        author_id=people[said.person],
        body=said.text,
        nonce=f"irc:{said.digest[:NONCE_DIGITS]}",
        created_at=at,
    )


def _community(slug: str | None) -> Community:
    """Return the named community, else the only one, else a new one."""
    if slug is not None:
        named = Community.objects.filter(slug=slug).first() if "\0" not in slug else None
        if named is None:
            raise CommandError(f"There is no community {slug}.")
        return named
    some = list(Community.objects.order_by("slug")[:2])
    if len(some) > 1:
        raise CommandError("There are several communities: name one with --community.")
    return some[0] if some else get_or_create_import_community(SYSTEM)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is not a day like 2004-11-15") from error
