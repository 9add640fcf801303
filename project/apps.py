"""The project as a Django app: its checks and management commands, and the wiring of registries at start-up."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Loaded last, when every other app is ready."""

    name = "project"
