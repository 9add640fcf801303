"""Reading IRC logs: lines to messages of people. Pure: bytes in, structs out; where they go is `chat.actions.imports`' part.

Understood are `[HH:MM] <nick> text`, `[HH:MM] * nick does` and `=== nick ...` (joined, left, quit, is now known as, does).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from accounts.constants import USERNAME_MAX_LENGTH, USERNAME_MIN_LENGTH

CLOCK_MAY_STEP_BACK = timedelta(minutes=60)
"""A stamp that is earlier by more than this (the end of summer time) means that midnight has passed."""

_STAMP = r"\[(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?\]\s*"
_SAID = re.compile(_STAMP + r"<[ @+%&~]?(?P<nick>[^\s<>]{1,64})>(?:\s(?P<text>.*))?")
_DONE = re.compile(_STAMP + r"\*\s+(?P<nick>\S{1,64})(?:\s+(?P<text>.*))?")
_NOTICE = re.compile(r"===\s+(?P<nick>[\w\[\]\\`^{|}-]{1,64})\s+(?P<text>.+)", re.ASCII)
_RENAMED = re.compile(r"is now known as (?P<nick>\S{1,64})\s*")
_CAME_OR_WENT = re.compile(r"(?:\[[^\]]*\]\s+)?has (?:joined|left|quit)\b.*")
_FORMATTING = re.compile(r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_NOT_IN_USERNAMES = re.compile(r"[^a-zA-Z0-9_.-]")
_SAME_LETTERS = str.maketrans("[]\\~", "{}|^")


class Said(msgspec.Struct, frozen=True):
    """One message of a log. `person` is the nick under which its author was first seen.

    `digest` stands for this line and all before it, so the same line has the same one when the log has
    grown since. `clock` is the newest stamp seen up to here, None before the first.
    """

    line: int
    person: str
    text: str
    clock: time | None
    digest: str


class OddLine(msgspec.Struct, frozen=True):
    """A line that was skipped, and why."""

    line: int
    reason: str


class IrcLog(msgspec.Struct, frozen=True):
    """A log as it was understood: everybody seen in it, by the nick under which they were first seen, and what they said."""

    people: Sequence[str]
    said: Sequence[Said]
    odd: Sequence[OddLine]


class _Odd(Exception):
    """The line cannot be understood; the message says why."""


class _Cast:
    """Who is behind a nick, line by line.

    Who changes their nick stays the same person under the new one. When that nick is one under which somebody was
    first seen, it is that person again (they come back from being away); when it was only taken over for a while, the newest
    taker has it. A log does not tell more: who first appears under a nick that an earlier person has given up is someone new.
    """

    def __init__(self) -> None:
        self.people: dict[str, str] = {}
        self._taken_over: dict[str, str] = {}

    def person(self, nick: str) -> str:
        """Return the first nick of who has this nick now."""
        key = _folded(nick)
        if key in self._taken_over:
            return self._taken_over[key]
        return self.people.setdefault(key, nick)

    def rename(self, old: str, new: str) -> None:
        """Continue who is behind `old` under `new`."""
        person = self.person(old)
        self._taken_over.pop(_folded(old), None)
        if _folded(new) not in self.people:
            self._taken_over[_folded(new)] = person


class _Reader:
    """Goes through a log line by line; what was seen so far is what later lines depend on."""

    def __init__(self, seed: str) -> None:
        self.cast = _Cast()
        self.said: list[Said] = []
        self.odd: list[OddLine] = []
        self._clock: time | None = None
        self._digest = hashlib.sha256(seed.encode()).digest()

    def read(self, number: int, raw: bytes) -> None:
        """Understand one line, or remember it as odd."""
        self._digest = hashlib.sha256(self._digest + raw).digest()
        try:
            self._understand(number, _decoded(raw))
        except _Odd as odd:
            self.odd.append(OddLine(number, str(odd)))

    def _understand(self, number: int, line: str) -> None:
        if not line.strip():
            return
        if match := _SAID.fullmatch(line):
            self._clock = _clock(match)
            self._say(number, match["nick"], (match["text"] or "").strip())
        elif match := _DONE.fullmatch(line):
            self._clock = _clock(match)
            self._do(number, match["nick"], (match["text"] or "").strip())
        elif match := _NOTICE.fullmatch(line):
            self._notice(number, match["nick"], match["text"].strip())
        else:
            raise _Odd("not a line of an IRC log")

    def _notice(self, number: int, nick: str, text: str) -> None:
        if match := _RENAMED.fullmatch(text):
            self.cast.rename(nick, match["nick"])
        elif _CAME_OR_WENT.fullmatch(text):
            self.cast.person(nick)
        else:
            self._do(number, nick, text)

    def _do(self, number: int, nick: str, text: str) -> None:
        """Keep an act as the text that chat protocols send for it (XEP-0245), so that a client can show it as one."""
        self._say(number, nick, text and f"/me {text}")

    def _say(self, number: int, nick: str, text: str) -> None:
        if not nick.isprintable():
            raise _Odd("the nick has characters that cannot be shown")
        if not text:
            raise _Odd("nothing is said")
        self.said.append(Said(number, self.cast.person(nick), text, self._clock, self._digest.hex()))


def parse_log(data: bytes, *, seed: str = "") -> IrcLog:
    """Understand a whole log; lines that cannot be understood are in `odd`, empty ones are nothing.

    `seed` keeps apart the digests of logs that begin alike.
    """
    reader = _Reader(seed)
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        reader.read(number, raw.removesuffix(b"\r"))
    return IrcLog(list(reader.cast.people.values()), reader.said, reader.odd)


def day_in(file_name: str) -> date | None:
    """Return the date in a name like `2004-11-15_03.txt`, None without one."""
    for year, month, day in _DAY.findall(file_name):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None


def times_of(said: Sequence[Said], *, first_day: date) -> list[datetime]:
    """Return when each message was said, in UTC: stamps tell the minute, and the day moves on at midnight."""
    clocks = [message.clock for message in said]
    first = next((clock for clock in clocks if clock is not None), time())
    times: list[datetime] = []
    latest = datetime.combine(first_day, first, UTC)
    for clock in clocks:
        moment = datetime.combine(latest.date(), clock or first, UTC)
        if latest - moment > CLOCK_MAY_STEP_BACK:
            moment += timedelta(days=1)
        times.append(moment)
        latest = max(latest, moment)
    return times


def is_same_nick(one: str, other: str) -> bool:
    """Return whether IRC takes two nicks for the same."""
    return _folded(one) == _folded(other)


def usernames_for(nick: str) -> Iterator[str]:
    """Yield the usernames that a nick may get, best first, without end: the nick with its odd characters replaced, then numbered."""
    plain = _NOT_IN_USERNAMES.sub("_", nick).ljust(USERNAME_MIN_LENGTH, "_")
    yield plain[:USERNAME_MAX_LENGTH]
    number = 2
    while True:
        suffix = f"-{number}"
        yield plain[: USERNAME_MAX_LENGTH - len(suffix)] + suffix
        number += 1


def _decoded(raw: bytes) -> str:
    try:
        line = raw.decode()
    except UnicodeDecodeError as error:
        raise _Odd("not valid UTF-8") from error
    if "\0" in line:
        raise _Odd("a NUL character")
    return _FORMATTING.sub("", line)


def _clock(match: re.Match[str]) -> time:
    try:
        return time(int(match["hour"]), int(match["minute"]))
    except ValueError as error:
        raise _Odd("no such time of day") from error


def _folded(nick: str) -> str:
    """Return what is equal for nicks that IRC takes for the same (RFC 2812, section 2.2)."""
    return nick.lower().translate(_SAME_LETTERS)
