"""Did anybody hear what was not for them, of what is not numbered? Pure: a history in, violations out.

That a whisper is lost is no violation. What people are shown as when all is calm is looked at while it runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.torture.history import History, Removal, View, Violation
from tests.torture.whispers import Whisper

FRESH_SECONDS = 30.0
"""What was typed so long ago cannot be on its way any more: nothing stays frozen, held back or half open for longer."""
SPOKEN_OFTEN = 50


def of_whispers(history: History) -> Iterator[Violation]:
    """Check every whisper that anybody heard."""
    for view in history.outsiders:
        yield from (Violation("not a member", f"{view.client} heard {one.type}") for one in view.whispers)
    check = _WhisperCheck(history)
    for view in history.views:
        for whisper in view.whispers:
            yield from check.of_one(view, whisper)
    heard = any(one.type == "typing.started" for view in history.views for one in view.whispers)
    if len(history.typings) >= SPOKEN_OFTEN and not heard:
        yield Violation("never heard", f"nobody ever heard that somebody types, of {len(history.typings)} times")


class _WhisperCheck:
    """Holds what was asked for by whom, to find what was heard too late or should not have been."""

    def __init__(self, history: History) -> None:
        self._portraits = history.portraits
        self._typings: dict[tuple[str, str], list[float]] = defaultdict(list)
        for typing in history.typings:
            self._typings[typing.topic, typing.user].append(typing.asked_at)
        self._removals: dict[tuple[str, str], list[Removal]] = defaultdict(list)
        for removal in history.removals:
            for topic in removal.topics:
                self._removals[topic, removal.user].append(removal)

    def of_one(self, view: View, whisper: Whisper) -> Iterator[Violation]:
        """Check one whisper."""
        what = f"{view.client} on {view.topic}: {whisper.type} of {whisper.user} at {whisper.at:.3f}"
        if not whisper.invited:
            yield Violation("uninvited", what)
        if whisper.type == "typing.started":
            yield from self._of_typing(view, whisper, what)
        elif whisper.text:
            yield from self._of_portrait(view, whisper, what)

    def _of_typing(self, view: View, whisper: Whisper, what: str) -> Iterator[Violation]:
        asked = [at for at in self._typings[view.topic, whisper.user] if at <= whisper.at]
        if not asked:
            yield Violation("whispered by nobody", what)
        if whisper.user == view.user:
            yield Violation("heard oneself", what)
        for removal in self._removals[view.topic, view.user]:
            away = removal.done_at < whisper.at < removal.back_asked_at
            if away and not any(removal.done_at - FRESH_SECONDS <= at <= removal.done_at for at in asked):
                yield Violation("after a removal returned", what)

    def _of_portrait(self, view: View, whisper: Whisper, what: str) -> Iterator[Violation]:
        portrait = self._portraits.get(whisper.text)
        if portrait is None or portrait.user != whisper.user:
            yield Violation("whispered by nobody", what)
            return
        for concerned in (view.user, whisper.user):
            for removal in self._removals[view.topic, concerned]:
                if removal.done_at < portrait.asked_at and whisper.at < removal.back_asked_at:
                    yield Violation("after a removal returned", f"{what}, removed: {concerned}")
