"""How mails and SMS leave, and who counts them: the wiring between the interfaces in kernel and this installation's settings."""

from __future__ import annotations

from kernel.budgets import use_treasurer
from kernel.mail import use_mailer
from kernel.sms import use_sms_provider
from project.budgets import treasurer_from_settings
from project.environment import environment
from project.mail.mailer import DjangoMailer
from project.sms import sms_provider_of


def wire_messages() -> None:
    """Plug in the mailer, the SMS provider and the treasurer of the budgets."""
    use_mailer(DjangoMailer())
    use_sms_provider(sms_provider_of(environment))
    use_treasurer(treasurer_from_settings())
