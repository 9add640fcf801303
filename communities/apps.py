"""The app's entry in Django: its name, and what is registered when it is ready."""

from importlib import import_module

from django.apps import AppConfig


class CommunitiesConfig(AppConfig):
    """See the package's docstring."""

    name = "communities"

    def ready(self) -> None:
        """Register the topic kind, the events and what staff may do here."""
        import_module("communities.events")
        import_module("communities.topics")
        from accounts.registries.staff_roles import register_staff_permissions
        from communities.constants import STAFF_PERMISSIONS

        register_staff_permissions(STAFF_PERMISSIONS)
