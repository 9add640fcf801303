"""What can go wrong with accounts, in the words that a person sees. Codes are stable."""

from __future__ import annotations

from kernel.errors import Conflict, DomainError, Forbidden, InvalidInput, RateLimited, Unauthenticated


class TokenInvalid(Unauthenticated):
    """The token was not made by us for this purpose, or was changed."""

    code = "auth.token_invalid"
    message = "The token is not valid. Sign in again."


class TokenExpired(Unauthenticated):
    """The token is past its time: an access token can be refreshed, a refresh token cannot."""

    code = "auth.token_expired"
    message = "The token has expired. Refresh it or sign in again."


class TicketInvalid(Unauthenticated):
    """The socket ticket is unknown, used or expired; which one is not told."""

    code = "auth.ticket_invalid"
    message = "The ticket was used already or has expired. Ask for a new one."


class SessionEnded(Unauthenticated):
    """The session was revoked or has expired, or its user was deactivated."""

    code = "auth.session_ended"
    message = "This session has ended. Sign in again."


class RefreshReplayed(Unauthenticated):
    """A refresh token was used twice: one of the users may be a thief, so the session is over for both."""

    code = "auth.refresh_replayed"
    message = "This refresh token was used before, so the session has been ended for safety. Sign in again."


class KeyInvalid(Unauthenticated):
    """No such API key: malformed, unknown or with a wrong secret; which one is not told."""

    code = "auth.key_invalid"
    message = "The API key is not valid."


class KeyEnded(Unauthenticated):
    """The API key was revoked or has expired, or its user or the owner of its bot was deactivated; told to who has the right secret."""

    code = "auth.key_ended"
    message = "This API key has been revoked or has expired."


class KeyInAddress(InvalidInput):
    """An API key stands in the address, where logs and proxies keep it."""

    code = "auth.key_in_address"
    message = "Never put an API key into an address: revoke this one, and send the next in the Authorization header."


class InvalidCredentials(Unauthenticated):
    """The same answer for an unknown login, a wrong password and an account without a password."""

    code = "auth.invalid_credentials"
    message = "The login or the password is wrong."


class AccountDisabled(Forbidden):
    """The account was deactivated; told only to somebody who has proved to own it."""

    code = "account.disabled"
    message = "This account has been deactivated."


class LoginPending(Unauthenticated):
    """The login has begun and waits for another step.

    `flows` names what is pending; the client goes on below /_allauth/app/v1 with `session_token` in the header `X-Session-Token`.
    """


class SecondFactorRequired(LoginPending):
    """The password was right and a second factor is set up, or another step besides verification is left."""

    code = "auth.second_factor_required"
    message = "Confirm with your second factor."


class VerificationRequired(LoginPending):
    """An e-mail address or a phone number has to be verified first; a code was sent."""

    code = "auth.verification_required"
    message = "Enter the code that we have sent you."


class SignUpClosed(Forbidden):
    """People cannot sign up by themselves here."""


class InvitationRequired(SignUpClosed):
    """Only who was invited may sign up."""

    code = "sign_up.invite_required"
    message = "You need an invitation to sign up here."


class ApplicationRequired(SignUpClosed):
    """Only whose application was accepted may sign up."""

    code = "sign_up.application_required"
    message = "You have to apply before you can sign up here."


class CsrfFailed(Forbidden):
    """A request with the session's cookie that no page of ours has made: the token is absent or wrong, or the origin is."""

    code = "request.csrf_failed"
    message = "Send the value of the CSRF cookie in X-CSRFToken, from an origin that the site trusts."


class AccountTaken(Conflict):
    """Somebody has that e-mail address or username; `field` says which."""

    code = "account.taken"
    message = "An account with this name exists already."


class DisposableMail(InvalidInput):
    """The address is at a domain whose mailboxes are thrown away, and the site refuses those."""

    code = "account.email_disposable"
    message = "Use an address that you will keep: this domain gives mailboxes for a few minutes."


class SecondFactorRefused(Unauthenticated):
    """The same answer for a wrong, used or expired code and for a passkey that is no good; and at the same cost."""

    code = "auth.second_factor_refused"
    message = "This code is not right, or was used already. Take a new one."


class SecondFactorPresent(Conflict):
    """An authenticator app is there already: one per user, so that it is clear which one counts."""

    code = "second_factor.present"
    message = "An authenticator app is set up already. Remove it first to set up another one."


class SecondFactorAbsent(Conflict):
    """Recovery codes stand in for a second factor, and there is none."""

    code = "second_factor.absent"
    message = "Set up an authenticator app or a passkey first."


class TooManyPasskeys(Conflict):
    """The user has as many passkeys as can be kept."""

    code = "second_factor.too_many"
    message = "You have as many passkeys as can be kept. Remove one that you no longer use first."


class TooManyKeys(Conflict):
    """The user has as many living API keys as they may."""

    code = "api_key.too_many"


class KeyRotated(Conflict):
    """The API key has a successor already."""

    code = "api_key.rotated_already"
    message = "This API key was rotated before. Rotate the newer one."


class TooManyBots(Conflict):
    """The person owns as many bots as they may."""

    code = "bot.too_many"


class IdempotencyMismatch(DomainError):
    """An `Idempotency-Key` came back with another method, path or body."""

    code = "idempotency.mismatch"
    message = "This Idempotency-Key was used for another request. Take a new key for a new request."
    http_status = 422


class LastAdministrator(Conflict):
    """The act would leave the installation without an administrator."""

    code = "staff.last_administrator"
    message = "There must be an administrator: make somebody else one first."


class PhoneInvalid(InvalidInput):
    """What was given is no phone number with its country code."""

    code = "phone.invalid"
    message = "This is not a phone number with its country code, as in +44 7700 900123."


class PhoneTaken(Conflict):
    """Somebody else has proved to own the number; told only to who has, too."""

    code = "phone.taken"
    message = "This phone number belongs to another account."


class PhoneNotServed(InvalidInput):
    """We send no SMS to numbers of this kind: their country is not served, or they cost too much."""

    code = "phone.not_served"
    message = "We cannot send text messages to this number. Use another number or another way."


class SmsLimited(RateLimited):
    """Enough SMS for now, to this number or others like it; `retry_after` says when there may be one. Which limit it was is not told."""

    code = "sms.limited"
    message = "Too many text messages were sent. Wait until you ask for another one."


class ReauthenticationRequired(Forbidden):
    """The last proof of who acts is too old for this; `max_age` says how many seconds old it may be.

    `flows` says what would do, by allauth's names (`reauthenticate`, `mfa_reauthenticate` with `types`); it is empty when nothing but a
    new sign-in would.
    """

    code = "auth.reauthentication_required"
    message = "Confirm who you are to do this."


class DeletionScheduled(Forbidden):
    """The account will be deleted at `due_at`; told to who has proved to own it. With `cancellation` as bearer token they can keep it."""

    code = "account.deletion_scheduled"
    message = "This account is going to be deleted. Keep it, then sign in again."


class BirthDateSet(Conflict):
    """The user has told another birth date before."""

    code = "account.birth_date_set"
    message = "Your birth date is set already. If it is wrong, ask the people who run this service."


class HoldsStaffRole(Conflict):
    """One of the staff wants to leave, who has rights that must not sleep in a closed account."""

    code = "account.holds_staff_role"
    message = "You are of the staff here. Have an administrator revoke your roles first."


class AccountGone(Conflict):
    """The account was deleted, or its deletion has begun: nothing brings it back."""

    code = "account.gone"
    message = "This account has been deleted."
