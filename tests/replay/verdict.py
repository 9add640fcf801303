"""Did every member receive every line, once, in order? Pure: what was said and heard in, complaints out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

SHOWN = 20


class Line(msgspec.Struct, frozen=True):
    """Something to say: its number in the file, by whom, and what."""

    number: int
    person: str
    body: str


class Heard(msgspec.Struct, frozen=True):
    """A message as one member received it; `line` is told by its nonce."""

    seq: int
    line: int
    author: str
    body: str


def complaints(
    lines: Sequence[Line], authors: Mapping[str, str], acks: Mapping[int, int], heard: Mapping[str, Sequence[Heard]]
) -> list[str]:
    """Return one sentence for everything that is wrong; none when all is well.

    `authors` are the user ids by nick, `acks` the acknowledged seqs by line, `heard` what each member got, in order of arrival.
    """
    return [
        *_of_the_room(lines, acks),
        *(found for nick, got in heard.items() for found in _of(nick, got, lines, authors, acks)),
    ]


def _of_the_room(lines: Sequence[Line], acks: Mapping[int, int]) -> Iterator[str]:
    """Check that every line has a place of its own, and that each author's lines have them in the order of the file."""
    yield from (f"line {line.number} was never acknowledged" for line in lines if line.number not in acks)
    for seq, count in Counter(acks.values()).items():
        if count > 1:
            yield f"seq {seq} was given to {count} lines"
    last: dict[str, Line] = {}
    for line in lines:
        if line.number not in acks:
            continue
        before = last.get(line.person)
        if before and acks[before.number] >= acks[line.number]:
            yield f"{line.person}'s line {line.number} has its place before their line {before.number}"
        last[line.person] = line


def _of(
    nick: str, got: Sequence[Heard], lines: Sequence[Line], authors: Mapping[str, str], acks: Mapping[int, int]
) -> Iterator[str]:
    """Check one member: each line once, under the acknowledged seq, in ascending order, as it was said, by who said it."""
    counts = Counter(message.line for message in got)
    yield from (f"{nick} lost line {line.number}" for line in lines if not counts[line.number])
    yield from (f"{nick} received line {number} {count} times" for number, count in counts.items() if count > 1)
    said = {line.number: line for line in lines}
    for before, after in pairwise(got):
        if after.seq <= before.seq:
            yield f"{nick} received seq {after.seq} after seq {before.seq}"
    for message in got:
        line = said.get(message.line)
        if line is None:
            yield f"{nick} received line {message.line}, which nobody said"
        elif (message.body, message.author) != (line.body, authors[line.person]):
            yield f"{nick} received line {message.line} with another text or author"
        elif message.seq != acks.get(message.line, message.seq):
            yield f"{nick} received line {message.line} as seq {message.seq}, acknowledged was {acks[message.line]}"


def shortened(found: Sequence[str]) -> list[str]:
    """Return the first complaints, and how many more there are."""
    more = len(found) - SHOWN
    return [*found[:SHOWN], *([f"and {more} more"] if more > 0 else [])]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share (0 to 1) of sorted values lies; 0 without values."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0
