"""The app's entry in Django: its name, and what is registered when it is ready."""

from importlib import import_module

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """See the package's docstring."""

    name = "chat"

    def ready(self) -> None:
        """Register events, the topic kind, commands and consumers, and tell access who takes part in rooms, and what staff may do."""
        for module in ("events", "topics", "commands", "consumers"):
            import_module(f"chat.{module}")
        from accounts.registries.staff_roles import register_staff_permissions
        from chat.constants import ROOM_KIND, STAFF_PERMISSIONS
        from chat.queries.room_members import load_participations, readable_room_topics
        from communities.access import register_participation_source, register_topic_source

        register_participation_source(ROOM_KIND, load_participations)
        register_topic_source(readable_room_topics)
        register_staff_permissions(STAFF_PERMISSIONS)
