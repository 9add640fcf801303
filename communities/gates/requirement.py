"""What every requirement of a gate answers. The requirements themselves are in `requirements`, one file each."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET

from communities.gates.facts import Fact, GateFacts
from communities.gates.verdicts import FAILED, PASSED, UNKNOWN, Verdict
from kernel.decision import Remedy


class GateNode(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    """A part of a gate's tree; in JSON its `type` names the class."""

    @property
    def type(self) -> str:
        """The name that the tree has for this kind of node."""
        return str(self.__struct_config__.tag)


class Requirement(GateNode, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    """One typed condition about a user. Its fields are the parameters that the tree gives it.

    `about` says in one sentence about a member what has to be, for who makes gates. `reads` names the facts that it needs, `remedy` what a
    person can do to pass: None when only time can. Its route may contain `{community}`; without one it takes somebody else. `hidden`
    names the parameters that no explanation shows: they are for editors of the gate.
    """

    about: ClassVar[str]
    reads: ClassVar[frozenset[Fact[Any]]]
    hidden: ClassVar[frozenset[str]] = frozenset()
    remedy: ClassVar[Remedy | None]

    def judge(self, facts: GateFacts) -> Verdict:
        """Return whether the facts pass; what is unknown is never passed."""
        raise NotImplementedError

    def sentence(self) -> str:
        """Return what has to be, in one sentence that a person understands."""
        raise NotImplementedError


def counted(number: int, one: str) -> str:
    """Return a number of things in words that fit the number: "1 day", "2 days"."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def judge_flag(facts: GateFacts, fact: Fact[bool]) -> Verdict:
    """Return the verdict about something that is so or not."""
    value = facts.read(fact)
    if value is UNSET:
        return UNKNOWN
    return PASSED if value else FAILED


def judge_from(begins: datetime, at: datetime) -> Verdict:
    """Return the verdict about something that is so from a moment on."""
    return PASSED if at >= begins else Verdict(False, begins)
