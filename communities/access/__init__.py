"""The one function that decides who may reach what, for every surface, and what revocation must close.

`evaluate` is pure over facts; `decide` and its forms load the facts, in at most two queries for one actor or for many.
"""

from communities.access.database import database_facts
from communities.access.deciding import decide, decide_all, decide_many, require
from communities.access.evaluation import evaluate
from communities.access.facts import Facts, FactSource, MembershipFacts, Participation, Question
from communities.access.participation import ParticipationLoader, register_participation_source
from communities.access.resources import Resource, community_resource, community_to_guest
from communities.access.revocation import TopicSource, register_topic_source, revocations

__all__ = [
    "FactSource",
    "Facts",
    "MembershipFacts",
    "Participation",
    "ParticipationLoader",
    "Question",
    "Resource",
    "TopicSource",
    "community_resource",
    "community_to_guest",
    "database_facts",
    "decide",
    "decide_all",
    "decide_many",
    "evaluate",
    "register_participation_source",
    "register_topic_source",
    "require",
    "revocations",
]
