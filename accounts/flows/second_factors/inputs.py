"""The bodies of requests about second factors, by the names of allauth's specification. What a code is worth, actions decide."""

from __future__ import annotations

from allauth.headless.internal.restkit import inputs
from django import forms

from accounts.constants import PASSKEY_NAME_MAX_LENGTH, PASSKEYS_MAX, SECOND_FACTOR_CODE_MAX_LENGTH


class CodeInput(inputs.Input):
    """A code of an authenticator app, or a recovery code."""

    code = inputs.CharField(max_length=SECOND_FACTOR_CODE_MAX_LENGTH)


class TrustingCodeInput(CodeInput):
    """A code, and whether this device shall be spared the next ones for a while."""

    trust = inputs.BooleanField(required=False)


class CredentialInput(inputs.Input):
    """What a passkey has signed, as `PublicKeyCredential.toJSON()` gives it."""

    credential = forms.JSONField()


class TrustingCredentialInput(CredentialInput):
    """What a passkey has signed, and whether this device shall be spared the next time for a while."""

    trust = inputs.BooleanField(required=False)


class AddPasskeyInput(CredentialInput):
    """A new passkey; without a name it gets one."""

    name = inputs.CharField(required=False, max_length=PASSKEY_NAME_MAX_LENGTH)


class RenamePasskeyInput(inputs.Input):
    """Another name for a passkey."""

    id = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    name = inputs.CharField(max_length=PASSKEY_NAME_MAX_LENGTH)


class RemovePasskeysInput(inputs.Input):
    """The passkeys that shall go."""

    authenticators = forms.JSONField()

    def clean_authenticators(self) -> list[int]:
        """Return the ids. Raises `ValidationError` for anything but a short list of them."""
        ids = self.cleaned_data["authenticators"]
        is_list = isinstance(ids, list) and 0 < len(ids) <= PASSKEYS_MAX
        if not is_list or not all(type(one) is int and 0 < one < 2**63 for one in ids):
            raise forms.ValidationError("Give a list of ids.", code="invalid")
        return list(ids)
