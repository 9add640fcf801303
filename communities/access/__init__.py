"""The one function that decides who may reach what, for every surface, and what revocation must close.

`evaluate` is pure over facts; `decide` and its forms load the facts, in at most two queries for one actor or for many.
"""

from communities.access.changes import Readable, closed_since, readable_topics
from communities.access.database import (
    MEMBERSHIP_COLUMNS,
    ROLES_OF_MEMBERSHIP,
    FactsOfBefore,
    database_facts,
    load_memberships,
    load_memberships_of,
    membership_facts_of,
)
from communities.access.deciding import decide, decide_all, decide_many, require
from communities.access.evaluation import evaluate
from communities.access.facts import Facts, FactSource, MembershipFacts, Participation, Question
from communities.access.grants import community_permissions, is_only_reading
from communities.access.participation import ParticipationLoader, register_participation_source
from communities.access.permissions import (
    grantable_permissions,
    permission_rules,
    register_permissions,
    starting_permissions,
)
from communities.access.resources import Resource, community_resource, community_to_guest
from communities.access.revocation import TopicSource, register_topic_source, revocations

__all__ = [
    "MEMBERSHIP_COLUMNS",
    "ROLES_OF_MEMBERSHIP",
    "FactSource",
    "Facts",
    "FactsOfBefore",
    "MembershipFacts",
    "Participation",
    "ParticipationLoader",
    "Question",
    "Readable",
    "Resource",
    "TopicSource",
    "closed_since",
    "community_permissions",
    "community_resource",
    "community_to_guest",
    "database_facts",
    "decide",
    "decide_all",
    "decide_many",
    "evaluate",
    "grantable_permissions",
    "is_only_reading",
    "load_memberships",
    "load_memberships_of",
    "membership_facts_of",
    "permission_rules",
    "readable_topics",
    "register_participation_source",
    "register_permissions",
    "register_topic_source",
    "require",
    "revocations",
    "starting_permissions",
]
