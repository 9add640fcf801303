"""What the tests of mail share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.deliveries import DeliveryPostponed, Undeliverable
from kernel.mail import Mail
from project.mail.mailer import DjangoMailer

MAIL = Mail(to="ada@example.net", subject="Grüße", text="Your code is 246810.\n", html="<p>Your code is 246810.</p>")


@pytest.fixture(autouse=True)
def _sender(settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "Chat <chat@example.org>"


@pytest.fixture
def send() -> Callable[[], None]:
    """Return a function that sends the mail."""
    return lambda: DjangoMailer().send(MAIL, reference="0199")


@pytest.fixture
def failure_of_send(send) -> Callable[[], Undeliverable | DeliveryPostponed]:
    """Return a function that sends the mail and returns why it was not taken: a reason that names nobody."""

    def fail() -> Undeliverable | DeliveryPostponed:
        with pytest.raises((Undeliverable, DeliveryPostponed)) as caught:
            send()
        assert "ada" not in str(caught.value)
        return caught.value

    return fail
