"""Registering commands: one handler each; a batch handler also carries out one command."""

from __future__ import annotations

from typing import ClassVar

import pytest

from kernel import commands
from kernel.actor import SYSTEM
from kernel.commands import Command, Done, handles, handles_batch, registered_commands
from kernel.errors import Conflict


class Count(Command, frozen=True):
    name: ClassVar[str] = "tests.count"
    number: int


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(commands, "_registry", {})


def test_a_batch_handler_carries_out_one_command_and_its_refusal_is_raised():
    @handles_batch(Count, answer=Done)
    def count(requests):
        return [Done() if body.number else Conflict("Nothing.") for _, body in requests]

    registered = registered_commands()["tests.count"]
    assert registered.batch_handler is count
    assert registered.handler(SYSTEM, Count(number=1)) == Done()
    with pytest.raises(Conflict, match="Nothing"):
        registered.handler(SYSTEM, Count(number=0))


def test_a_command_has_one_handler_and_without_a_batch_handler_is_not_batched():
    handles(Count, answer=Done)(lambda actor, body: Done())
    assert registered_commands()["tests.count"].batch_handler is None
    with pytest.raises(RuntimeError, match="two handlers"):
        handles_batch(Count, answer=Done)(lambda requests: [])
