"""The app's entry in Django: its name, and what is registered when it is ready."""

from importlib import import_module

from django.apps import AppConfig


class CommunitiesConfig(AppConfig):
    """See the package's docstring."""

    name = "communities"

    def ready(self) -> None:
        """Register the topic kind, the events, the permissions, what staff may do here, and what becomes of deleted users."""
        import_module("communities.events")
        import_module("communities.topics")
        from accounts.registries.deletions import (
            DeletionPhase,
            DeletionStep,
            register_deletion_check,
            register_deletion_step,
        )
        from accounts.registries.facts import register_account_fact_watcher
        from accounts.registries.staff_roles import register_staff_permissions
        from communities.access import (
            COMMUNITY_KIND,
            register_permissions,
            register_shared_topics,
            register_topic_source,
        )
        from communities.actions.account_facts import watch_account_facts
        from communities.actions.applications import erase_applications
        from communities.actions.deletions import check_owned_communities, end_memberships
        from communities.actions.onboarding import erase_onboarding
        from communities.constants import PERMISSION_RULES, STAFF_PERMISSIONS
        from communities.gates.account_sources import register_account_facts
        from communities.gates.own_sources import register_own_facts
        from communities.policies import find_community_gate, lock_community_gate, see_community_gate
        from communities.registries.gates import GateKind, register_gate_kind
        from communities.topics import community_topics, readable_community_topics

        register_permissions(PERMISSION_RULES)
        register_topic_source(readable_community_topics)
        register_shared_topics(community_topics)
        register_account_facts()
        register_own_facts()
        register_account_fact_watcher(watch_account_facts)
        register_gate_kind(COMMUNITY_KIND, GateKind(see_community_gate, find_community_gate, lock_community_gate))
        register_staff_permissions(STAFF_PERMISSIONS)
        register_deletion_check(check_owned_communities)
        register_deletion_step(DeletionStep("communities.applications", DeletionPhase.CONTENT, erase_applications))
        register_deletion_step(DeletionStep("communities.onboarding", DeletionPhase.CONTENT, erase_onboarding))
        register_deletion_step(DeletionStep("communities.memberships", DeletionPhase.ACCESS, end_memberships))
