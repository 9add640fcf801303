"""Django's session rows: what a browser's cookie or a client that is still signing in refers to. Read and written by `accounts.storage`."""

from __future__ import annotations

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from accounts.models.sessions import Session


class WebSession(AbstractBaseSession):
    """A session of Django's under a hash of its key, so that whoever reads the table can use none of them.

    `session` is the device that is signed in with it; none while somebody is still proving who they are, and in the admin panel.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, null=True, related_name="web_sessions")
