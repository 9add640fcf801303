"""allauth's account adapter: allauth leads through the steps of signing in and up, and whatever is ours is done by our actions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse

from accounts.actions.email_addresses import tell_of_email_change
from accounts.actions.passwords import unchecked_set_password
from accounts.actions.phone_numbers import unchecked_set_phone_number
from accounts.actions.sessions import prove_password
from accounts.actions.sms import send_code_by_sms
from accounts.actions.users import unchecked_insert_user
from accounts.authentication import client_network_of, client_of
from accounts.constants import PASSWORD_MAX_LENGTH
from accounts.errors import AccountDisabled, AccountTaken, DisposableMail, InvalidCredentials
from accounts.flows.mails import send_flow_mail
from accounts.flows.phone_numbers import TypedPhoneField
from accounts.flows.sessions import begin_session, end_session, remember_proof
from accounts.models import User
from accounts.policies import may_come_back, require_open_sign_up, sign_up_refusal
from accounts.queries.deletions import is_reserved
from accounts.queries.phone_numbers import find_by_phone, verified_number_of
from accounts.registries.facts import changing_facts_of
from accounts.storage.disposable_mail import is_disposable
from accounts.storage.web_sessions import session_id_of
from kernel.ids import UserId

_SIGN_UP_ROUTES = ("signup", "signup_webauthn", "provider_signup")


class AccountAdapter(DefaultAccountAdapter):
    """What allauth asks and tells us while somebody signs up, in or out."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return what limits are counted by: the network of the client, past our own proxies and no other."""
        return client_network_of(request)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether anybody may sign up; who tries all the same is told why not. Raises `SignUpClosed`."""
        match = request.resolver_match
        if request.method == "POST" and match is not None and match.url_name in _SIGN_UP_ROUTES:
            require_open_sign_up()
        return sign_up_refusal() is None

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count nothing: the authentication backend does, for every way to it."""

    def pre_login(self, request: HttpRequest, user: User, **login: Any) -> HttpResponse | None:
        """Begin a login, whatever the proof. Raises `AccountDisabled`; who may come back learns how when all stages are passed."""
        if not may_come_back(user):
            clear_login(request)
            raise AccountDisabled
        remember_proof(request, user)
        return super().pre_login(request, user, **login) if user.is_active else None

    def get_login_stages(self) -> list[str]:
        """Return the steps of a login, in order."""
        ours = {"allauth.mfa.stages.AuthenticateStage": "accounts.flows.second_factors.stages.SecondFactorStage"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in a user who has passed all stages: Django's session under a new key, and an `accounts.Session` to it."""
        begin_session(request, user)
        super().login(request, user)

    def logout(self, request: HttpRequest) -> None:
        """Sign out: the tokens and sockets of the session end with it."""
        end_session(request)
        super().logout(request)

    def reauthenticate(self, user: User, password: str) -> bool:
        """Tell whether the password is the signed-in user's; each attempt counts as one to sign in, and can raise as that does."""
        try:
            proven = prove_password(login=user.email, password=password, client=client_of(self.request))
        except InvalidCredentials:
            return False
        return proven.pk == user.pk

    def clean_email(self, email: str) -> str:
        """Return an address that may be an account's, at sign-up and when it is changed."""
        if is_disposable(email):
            raise ValidationError(DisposableMail.message, code="email_disposable")
        return super().clean_email(email)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Return a name that may be an account's. One that is kept free counts as taken, whatever becomes of the rest of the form."""
        name = str(super().clean_username(username, shallow=shallow))
        if not shallow and is_reserved(name):
            raise self.validation_error("username_taken")
        return name

    def clean_password(self, password: str, user: User | None = None) -> str:
        """Return a password that may be chosen. The length comes first: other validators compare texts at a cost that grows with it."""
        if len(password) > PASSWORD_MAX_LENGTH:
            raise ValidationError(f"Use at most {PASSWORD_MAX_LENGTH} characters.", code="password_too_long")
        return super().clean_password(password, user)

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:  # noqa: ARG002
        """Make the user of a sign-up form; allauth adds the address. Raises `InvalidInput` or `AccountTaken`."""
        data = form.cleaned_data
        return unchecked_insert_user(
            email=data["email"],
            username=data["username"],
            password=data["password"],
            display_name=data["display_name"],
        )

    def set_password(self, user: User, password: str) -> None:
        """Change a password, proved or reset: every other session of the user ends."""
        request = self.request
        keep = session_id_of(request.session) if request.user == user else None
        user.password = unchecked_set_password(UserId(user.pk), password, keep=keep)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Mark an address as verified; a new one takes the place of the old one. Raises `AccountTaken` when somebody signed up with it."""
        try:
            with transaction.atomic():
                with changing_facts_of(UserId(email_address.user_id)):
                    confirmed = super().confirm_email(request, email_address)
                tell_of_email_change(UserId(email_address.user_id))
        except IntegrityError as error:
            raise AccountTaken(field="email") from error
        return confirmed

    def phone_form_field(self, **options: Any) -> TypedPhoneField:
        """Return the form field that reads a number as people write it."""
        return TypedPhoneField(**options)

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        """Return the user's number, which is a verified one: others are not kept."""
        number = verified_number_of(UserId(user.pk))
        return None if number is None else (number, True)

    def get_user_by_phone(self, phone: str) -> User | None:
        """Return who has proved to own the number."""
        return find_by_phone(phone)

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        """Keep a verified number; one that is not stays in the session until it is."""
        if verified:
            self.set_phone_verified(user, phone)

    def set_phone_verified(self, user: User, phone: str) -> None:
        """Make the number the user's, who has typed the code that was sent to it, and tell them by mail. Raises `PhoneTaken`."""
        unchecked_set_phone_number(UserId(user.pk), number=phone)
        self.send_notification_mail("account/email/phone_changed", user, {"phone": phone})

    def send_verification_code_sms(self, user: User, phone: str, code: str, **_: Any) -> None:  # noqa: ARG002  # allauth passes it
        """Have the code sent once the transaction commits. Raises `SmsLimited` and the like."""
        lifetime = timedelta(seconds=app_settings.PHONE_VERIFICATION_TIMEOUT)
        send_code_by_sms(to=phone, code=code, network=client_network_of(self.request), lifetime=lifetime)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Have a mail of allauth's sent once the transaction commits."""
        send_flow_mail(self.request, template_prefix, to=email, context=context)


def display_name_of(user: User) -> str:
    """Return what allauth shows of a user: what other people see."""
    return user.display_name
