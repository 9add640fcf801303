"""What all second factors share: who has one, taking away, keys that change, and staff without one."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from accounts.actions.proofs import prove_by_code
from accounts.actions.second_factors import remove_factors, reseal_secrets
from accounts.actions.trusted_devices import distrust_all_devices, distrust_device, prune_trusted_devices, trust_device
from accounts.constants import StaffPermission, StaffRole
from accounts.models import Delivery, TrustedDevice
from accounts.policies import has_staff_permission
from accounts.queries.second_factors import has_second_factor
from accounts.queries.trusted_devices import list_trusted_devices
from eventlog.topics import topic_for
from kernel.actor import SYSTEM
from kernel.errors import Forbidden, NotFound
from kernel.ids import uuid7
from tests.event_log import types_of
from tests.factories.accounts import CLIENT, actor_for, make_staff, make_user
from tests.factories.second_factors import code_of, factors, give_totp, recovery_codes
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db


def test_who_has_a_second_factor_is_asked_for_many_in_one_statement(django_assert_num_queries):
    having, without, only_codes = make_user(), make_user(), make_user()
    give_totp(having)
    give_totp(only_codes)
    Authenticator.objects.filter(user=only_codes, type="totp").delete()
    with django_assert_num_queries(1):
        assert has_second_factor([having.id, without.id, only_codes.id]) == {having.id}


def test_a_factor_of_somebody_else_is_not_removed():
    eve, user = make_user("eve"), make_user("ada")
    give_totp(eve)
    factor = give_totp(user)
    for ids in ([factor.pk], [factor.pk, Authenticator.objects.get(user=eve, type="totp").pk]):
        with unchanged(Authenticator, Delivery), pytest.raises(NotFound):
            remove_factors(actor_for(eve), factor_ids=ids)


def test_recovery_codes_are_not_removed_by_themselves():
    user = make_user()
    give_totp(user)
    codes = Authenticator.objects.get(user=user, type="recovery_codes")
    with unchanged(Authenticator, Delivery), pytest.raises(NotFound):
        remove_factors(actor_for(user), factor_ids=[codes.pk])


OLD, NEW = "an old key of the installation", "a new key of the installation"


def test_after_a_change_of_keys_secrets_are_read_with_the_old_one_until_they_are_sealed_again(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    user = make_user()
    give_totp(user)
    codes = recovery_codes(user)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert recovery_codes(user) == codes
    assert reseal_secrets(SYSTEM) == 2
    settings.ENCRYPTION_KEYS = [NEW]
    assert recovery_codes(user) == codes
    assert prove_by_code(user, code=code_of(), client=CLIENT).type == "totp"


def test_a_missing_key_is_said_and_changes_nothing(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    give_totp(make_user())
    settings.ENCRYPTION_KEYS = [NEW]
    with unchanged(Authenticator), pytest.raises(CommandError, match="ENCRYPTION_KEY"):
        call_command("reseal_secrets")


def test_nobody_but_the_system_seals_again():
    user = make_user(is_superuser=True, is_staff=True)
    with unchanged(Authenticator), pytest.raises(Forbidden):
        reseal_secrets(actor_for(user))


def test_staff_without_a_second_factor_have_no_rights_until_they_set_one_up(settings):
    settings.STAFF_SECOND_FACTOR = True
    admin, root = make_staff(StaffRole.ADMINISTRATOR), make_user(is_staff=True, is_superuser=True)
    for user in (admin, root):
        assert not has_staff_permission(actor_for(user), StaffPermission.END_SESSIONS)
        give_totp(user)
        assert has_staff_permission(actor_for(user), StaffPermission.END_SESSIONS)
        remove_factors(actor_for(user), factor_ids=[Authenticator.objects.get(user=user, type="totp").pk])
        assert factors(user) == []
        assert not has_staff_permission(actor_for(user), StaffPermission.END_SESSIONS)


def test_a_user_stops_trusting_one_device_or_all_of_their_own():
    user, eve = make_user("ada"), make_user("eve")
    for _ in range(3):
        trust_device(user, CLIENT)
    trust_device(eve, CLIENT)
    newest = list_trusted_devices(user)[0]
    for stranger in (eve, make_user()):
        with unchanged(TrustedDevice), pytest.raises(NotFound):
            distrust_device(actor_for(stranger), device_id=newest.id)
    with unchanged(TrustedDevice), pytest.raises(NotFound):
        distrust_device(actor_for(user), device_id=uuid7())
    distrust_device(actor_for(user), device_id=newest.id)
    assert len(list_trusted_devices(user)) == 2
    distrust_all_devices(actor_for(user))
    distrust_all_devices(actor_for(user))
    assert (list_trusted_devices(user), len(list_trusted_devices(eve))) == ([], 1)
    assert types_of(topic_for("user", user.id)) == ["trusted_device.added"] * 3 + ["trusted_device.removed"] * 2


def test_one_device_too_many_forgets_the_oldest():
    user = make_user()
    for _ in range(22):
        trust_device(user, CLIENT)
    kept = list_trusted_devices(user)
    assert len(kept) == 20
    assert kept == sorted(kept, key=lambda device: device.id, reverse=True)


def test_devices_past_their_time_are_forgotten(settings):
    user = make_user()
    trust_device(user, CLIENT)
    settings.TRUSTED_DEVICE_DAYS = -1
    trust_device(user, CLIENT)
    assert len(list_trusted_devices(user)) == 1
    assert prune_trusted_devices() == 1
    assert TrustedDevice.objects.count() == 1
