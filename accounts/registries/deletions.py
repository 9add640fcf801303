"""What every app does with the data of a deleted user, and what may stand in the way. The running of it is in `actions.deletions`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum

import msgspec

from kernel.ids import UserId


class DeletionPhase(IntEnum):
    """When a step runs: what gives access goes first, and what tells who it was goes last, when nothing needs it any more."""

    ACCESS = 1
    CONTENT = 2
    IDENTITY = 3


class DeletionStep(msgspec.Struct, frozen=True):
    """One thing to do with a deleted user's data.

    `run` does a bounded amount of it in the transaction of its caller and returns whether nothing is left; it is called again until
    then, and must do no harm when it is called once more. A failure is tried again later, with growing pauses. The `name` is
    recorded when the step is done: it must not change.
    """

    name: str
    phase: DeletionPhase
    run: Callable[[UserId], bool]


DeletionCheck = Callable[[UserId], None]
"""Raises a `DomainError` that says what to do before the account can be deleted. Called in the transaction that schedules it."""

_steps: dict[str, DeletionStep] = {}
_checks: list[DeletionCheck] = []


def register_deletion_step(step: DeletionStep) -> None:
    """Have a step run for every deleted user; called once per step, when its app is ready."""
    if step.name in _steps:
        raise RuntimeError(f"deletion step {step.name} is registered twice")
    _steps[step.name] = step


def register_deletion_check(check: DeletionCheck) -> None:
    """Have a check asked before a deletion is scheduled; called once, when its app is ready."""
    if check not in _checks:
        _checks.append(check)


def deletion_steps() -> Sequence[DeletionStep]:
    """Return all steps in the order in which they run: by phase, then by name."""
    return sorted(_steps.values(), key=lambda step: (step.phase, step.name))


def check_deletion(user_id: UserId) -> None:
    """Return when nothing stands in the way. Raises what the first check that refuses raises."""
    for check in _checks:
        check(user_id)
