"""Showing how far a long command is: a bar on a terminal, plain lines in a file or a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int], None]


@contextmanager
def progress_of(title: str, total: int, stream: TextIO) -> Iterator[Advance]:
    """Give out a function that is told how many more are done."""
    console = Console(file=stream)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(title, total=total)
            yield lambda amount: bar.advance(task, amount)
    else:
        yield _counting_lines(title, total, stream)


def _counting_lines(title: str, total: int, stream: TextIO) -> Advance:
    done = 0

    def advance(amount: int) -> None:
        nonlocal done
        done += amount
        stream.write(f"{title}: {done} of {total}\n")

    return advance
