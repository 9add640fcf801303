"""The one function that decides who may reach what, for every surface, and what revocation must close.

`evaluate` is pure over facts; `decide` and its forms load the facts, in at most two queries for one actor or for many.
"""

from communities.access.changes import Review, closed_since, readable_topics
from communities.access.comparing import Comparison, compare_gates
from communities.access.database import (
    MEMBERSHIP_COLUMNS,
    ROLES_OF_MEMBERSHIP,
    database_facts,
    load_member_facts,
    load_memberships,
    load_memberships_of,
    membership_facts_of,
)
from communities.access.deciding import decide, decide_all, decide_many, require
from communities.access.evaluation import evaluate, judge_gates
from communities.access.facts import Facts, FactSource, MembershipFacts, Participation, Question
from communities.access.gate_drafts import GateDraft, draft_version
from communities.access.grants import holds, is_only_reading, permissions_in
from communities.access.known import is_current, known_of, load_known, with_membership
from communities.access.moments import FactsOfBefore
from communities.access.overwrites import MemberOverwrite, Overwrite, Overwrites
from communities.access.participation import register_participation_source
from communities.access.permissions import (
    grantable_permissions,
    overwritable_permissions,
    permission_rules,
    register_permissions,
    starting_permissions,
)
from communities.access.remembered import remembered_facts
from communities.access.resources import (
    COMMUNITY_KIND,
    Resource,
    absent_resource,
    community_resource,
    community_to_guest,
)
from communities.access.revocation import (
    Readable,
    SharedTopicSource,
    TopicSource,
    heard_by,
    register_named_topics,
    register_shared_topics,
    register_topic_source,
    reviews,
    revocations,
    shared_topics,
)
from communities.access.standing import standing_of
from communities.access.transitions import catch_up, change_access, renew_access
from communities.gates.live import LiveGate, find_live_gates, live_gates

__all__ = [
    "COMMUNITY_KIND",
    "MEMBERSHIP_COLUMNS",
    "ROLES_OF_MEMBERSHIP",
    "Comparison",
    "FactSource",
    "Facts",
    "FactsOfBefore",
    "GateDraft",
    "LiveGate",
    "MemberOverwrite",
    "MembershipFacts",
    "Overwrite",
    "Overwrites",
    "Participation",
    "Question",
    "Readable",
    "Resource",
    "Review",
    "SharedTopicSource",
    "TopicSource",
    "absent_resource",
    "catch_up",
    "change_access",
    "closed_since",
    "community_resource",
    "community_to_guest",
    "compare_gates",
    "database_facts",
    "decide",
    "decide_all",
    "decide_many",
    "draft_version",
    "evaluate",
    "find_live_gates",
    "grantable_permissions",
    "heard_by",
    "holds",
    "is_current",
    "is_only_reading",
    "judge_gates",
    "known_of",
    "live_gates",
    "load_known",
    "load_member_facts",
    "load_memberships",
    "load_memberships_of",
    "membership_facts_of",
    "overwritable_permissions",
    "permission_rules",
    "permissions_in",
    "readable_topics",
    "register_named_topics",
    "register_participation_source",
    "register_permissions",
    "register_shared_topics",
    "register_topic_source",
    "remembered_facts",
    "renew_access",
    "require",
    "reviews",
    "revocations",
    "shared_topics",
    "standing_of",
    "starting_permissions",
    "with_membership",
]
