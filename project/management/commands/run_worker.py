"""`manage.py run_worker`: one worker process."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand

from project.worker import run_worker


class Command(BaseCommand):
    """Runs jobs and log consumers until it is told to stop."""

    help = "Run jobs and the consumers of the event log until SIGINT or SIGTERM."

    def handle(self, *_: Any, **__: Any) -> None:
        """Run until a signal."""
        asyncio.run(run_worker())
