"""The project as a Django app: its checks and management commands, and the wiring of registries at start-up."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ProjectConfig(AppConfig):
    """Loaded last, when every other app is ready."""

    name = "project"

    def ready(self) -> None:
        """Register the checks, the OpenAPI extensions, the access log and metrics, and plug in what apps need of one another."""
        from kernel.challenges import use_challenges
        from kernel.jobs import use_queue
        from kernel.lockouts import use_lockouts
        from kernel.metrics import register_sampler
        from kernel.rate_limits import use_limiter
        from project import checks  # noqa: F401  # registers
        from project.challenges.wiring import provider_from_settings
        from project.hello import wire_hello
        from project.jobs import TransactionalQueue
        from project.key_access import wire_key_access
        from project.lockouts import lockouts_from_settings
        from project.messages import wire_messages
        from project.observability import requests  # noqa: F401  # registers
        from project.observability.metrics import sample_database_pool, watch_garbage_collector
        from project.presence import wire_presence
        from project.rate_limits import limiter_from_settings
        from project.rest import openapi  # noqa: F401  # registers

        use_limiter(limiter_from_settings())
        use_queue(TransactionalQueue())
        use_lockouts(lockouts_from_settings())
        use_challenges(provider_from_settings())
        wire_messages()
        wire_hello()
        wire_key_access()
        wire_presence()
        register_sampler(sample_database_pool)
        watch_garbage_collector()


class AdminPanelConfig(AdminConfig):
    """Django's admin with our own site: who comes in, and what is shown at all."""

    default_site = "project.admin_site.StaffSite"
