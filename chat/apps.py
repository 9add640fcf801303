"""The app's entry in Django: its name, and what is registered when it is ready."""

from importlib import import_module

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """See the package's docstring."""

    name = "chat"

    def ready(self) -> None:
        """Register events, the topic kind, commands and consumers, and what chat adds to access, staff roles and deletions."""
        for module in ("events", "topics", "commands", "consumers"):
            import_module(f"chat.{module}")
        from accounts.registries.deletions import DeletionPhase, DeletionStep, register_deletion_step
        from accounts.registries.staff_roles import register_staff_permissions
        from chat.actions.deletions import erase_read_markers
        from chat.actions.guests import unchecked_let_in
        from chat.constants import PERMISSION_RULES, ROOM_KIND, STAFF_PERMISSIONS
        from chat.policies import check_may_let_in, find_room_gate, lock_room_gate, see_room_gate
        from chat.queries.room_members import (
            PARTICIPATIONS,
            open_room_topics,
            private_room_topics,
            readable_room_topics,
        )
        from communities.access import (
            register_named_topics,
            register_participation_source,
            register_permissions,
            register_shared_topics,
            register_topic_source,
        )
        from communities.registries.gates import GateKind, register_gate_kind
        from communities.registries.guest_places import GuestPlace, register_guest_place

        register_permissions(PERMISSION_RULES)
        register_gate_kind(ROOM_KIND, GateKind(see_room_gate, find_room_gate, lock_room_gate))
        register_guest_place(ROOM_KIND, GuestPlace(check_may_let_in, unchecked_let_in))
        register_participation_source(ROOM_KIND, PARTICIPATIONS)
        register_topic_source(readable_room_topics)
        register_shared_topics(open_room_topics)
        register_named_topics(private_room_topics)
        register_staff_permissions(STAFF_PERMISSIONS)
        register_deletion_step(DeletionStep("chat.read_markers", DeletionPhase.CONTENT, erase_read_markers))
