"""What gates can be made of, told to who makes them: every requirement with its parameters, read from its class. Nothing is evaluated."""

from __future__ import annotations

from uuid import UUID

import msgspec
from msgspec import inspect

from communities.constants import MAX_GRACE_DAYS, ParameterKind
from communities.events import GateVocabulary, RequirementParameter, RequirementPayload
from communities.gates.requirement import Requirement
from communities.gates.requirements import REQUIREMENTS
from communities.gates.sources import OF_MEMBERSHIP, readable_facts
from communities.gates.trees import MAX_DEPTH, MAX_LEAVES


def gate_vocabulary() -> GateVocabulary:
    """Return what a tree may hold, and how deep and large it may be."""
    return GateVocabulary(
        requirements=tuple(_requirement(kind) for kind in REQUIREMENTS),
        max_depth=MAX_DEPTH,
        max_requirements=MAX_LEAVES,
        max_grace_days=MAX_GRACE_DAYS,
    )


def _requirement(kind: type[Requirement]) -> RequirementPayload:
    asked = kind.reads - OF_MEMBERSHIP
    return RequirementPayload(
        type=str(kind.__struct_config__.tag),
        about=kind.about,
        parameters=tuple(_parameter(field) for field in msgspec.structs.fields(kind)),
        is_known=len(readable_facts(asked)) == len(asked),
    )


def _parameter(field: msgspec.structs.FieldInfo) -> RequirementParameter:
    described = inspect.type_info(field.type)
    if isinstance(described, inspect.IntType):
        kind, least, most = ParameterKind.INTEGER, described.ge, described.le
        return RequirementParameter(name=field.name, kind=kind, minimum=least, maximum=most)
    if field.type is UUID:
        return RequirementParameter(name=field.name, kind=ParameterKind.ROLE)
    return RequirementParameter(name=field.name, kind=ParameterKind.TEXT)
