"""Reads the conversations of the demo: text files that are pleasant to write.

== 3 days ago
18:02 ingrid         Is anyone at the shed?
18:03 tomas          I am.
18:05 jonah > ingrid An answer to the last thing that ingrid said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

FOLDER = Path(__file__).parent / "conversations"
_DAY = re.compile(r"== (\d+) days? ago")
_LINE = re.compile(r"(\d\d):(\d\d) (\w+)(?: > (\w+))? +(\S.*)")


@dataclass(frozen=True)
class Line:
    """Something that somebody said; `answers` is whose last line it answers."""

    at: datetime
    author: str
    answers: str | None
    text: str


def read_transcript(name: str, *, today: datetime) -> list[Line]:
    """Return the lines of a conversation in order, with its days counted back from today."""
    return list(_lines((FOLDER / f"{name}.txt").read_text(encoding="utf-8"), today))


def _lines(text: str, today: datetime) -> Iterator[Line]:
    day = today.date()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if found := _DAY.fullmatch(line):
            day = today.date() - timedelta(days=int(found[1]))
        elif found := _LINE.fullmatch(line):
            hour, minute, author, answers, said = found.groups()
            yield Line(datetime.combine(day, time(int(hour), int(minute)), UTC), author, answers, said)
        else:
            raise ValueError(f"line {number} is neither a day nor something that was said: {line!r}")
