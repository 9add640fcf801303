"""Who must know when something about an account changes that access may depend on: address, number, second factor, birth date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from kernel.ids import UserId

AccountFactWatcher = Callable[[UserId], AbstractContextManager[None]]
"""Entered before a fact changes and left after, both in the transaction that changes it and that holds the user's lock."""

_watchers: list[AccountFactWatcher] = []


def register_account_fact_watcher(watcher: AccountFactWatcher) -> None:
    """Have `watcher` look on at every change; called once, when its app is ready."""
    if watcher not in _watchers:
        _watchers.append(watcher)


@contextmanager
def changing_facts_of(user_id: UserId) -> Iterator[None]:
    """Change in the block what is known of an account. Inside of a transaction; topics are appended to after the block, not in it."""
    with ExitStack() as watched:
        for watcher in _watchers:
            watched.enter_context(watcher(user_id))
        yield
