"""The app's entry in Django: its name, and the doorbell that every process gets."""

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    """See the package's docstring."""

    name = "gateway"

    def ready(self) -> None:
        """Hear of every commit of this process, whatever process it is."""
        from eventlog.doorbell import add_listener
        from gateway.doorbell import Doorbell
        from gateway.presence import events  # noqa: F401  # registers

        add_listener(Doorbell())
