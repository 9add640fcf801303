"""How often a password may be tried, by whom, and from where: a stranger makes nobody wait but their own network."""

from __future__ import annotations

import pytest

from accounts.actions.attempts import Client, begin_password_attempt
from accounts.actions.known_devices import extended_token
from kernel import challenges
from kernel.challenges import ChallengeRequired
from kernel.errors import RateLimited
from kernel.rate_limits import RateLimit
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db

STRANGER = Client(network="203.0.113.9")


def device_of(*users) -> str:
    return extended_token("", [user.id for user in users])


def attempts_until_wait(login: str, client: Client, most: int = 50) -> int:
    for number in range(most):
        try:
            begin_password_attempt(login=login, client=client)
        except RateLimited:
            return number
    return most


class Provider:
    name = "test"
    site_key = "site"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def verify(self, response: str) -> bool:
        self.asked.append(response)
        return response == "solved"


@pytest.fixture
def provider(monkeypatch):
    provider = Provider()
    monkeypatch.setattr(challenges, "_provider", provider)
    return provider


@pytest.mark.parametrize("login", ["ada", "ADA@example.org", "nobody"])
def test_the_sixth_failure_from_one_network_waits_thirty_seconds(login):
    make_user("ada")
    assert attempts_until_wait(login, STRANGER) == 5
    with pytest.raises(RateLimited) as caught:
        begin_password_attempt(login=login, client=STRANGER)
    assert (caught.value.data, round(caught.value.retry_after)) == ({"limit": "login.account"}, 30)


def test_a_stranger_makes_neither_other_networks_nor_other_accounts_wait():
    make_user("ada")
    make_user("bob")
    attempts_until_wait("ada", STRANGER)
    assert begin_password_attempt(login="ada", client=Client(network="198.51.100.1")).user.username == "ada"
    assert begin_password_attempt(login="bob", client=STRANGER).user.username == "bob"


def test_strangers_never_make_a_known_device_wait_even_in_their_own_network():
    user = make_user("ada")
    attempts_until_wait("ada", STRANGER)
    known = Client(network=STRANGER.network, device=device_of(user))
    assert attempts_until_wait("ada", known) == 5


def test_a_known_device_does_not_use_up_the_attempts_of_its_network(settings, limiter):
    settings.RATE_LIMITS = {"login.address": RateLimit("login.address", 1, 60)}
    known = Client(network=STRANGER.network, device=device_of(make_user("ada")))
    begin_password_attempt(login="ada", client=known)
    assert limiter.taken == {}
    begin_password_attempt(login="ada", client=STRANGER)
    with pytest.raises(RateLimited):
        begin_password_attempt(login="nobody", client=STRANGER)
    assert begin_password_attempt(login="ada", client=known).user.username == "ada"


def test_each_known_device_has_failures_of_its_own():
    user = make_user("ada")
    phone, laptop = (Client(network=STRANGER.network, device=device_of(user)) for _ in range(2))
    assert [attempts_until_wait("ada", phone), attempts_until_wait("ada", laptop)] == [5, 5]


@pytest.mark.parametrize("device", ["", "made up", "x" * 5_000])
def test_a_device_that_was_not_made_known_is_a_strangers(device):
    make_user("ada")
    attempts_until_wait("ada", STRANGER)
    with pytest.raises(RateLimited):
        begin_password_attempt(login="ada", client=Client(network=STRANGER.network, device=device))


def test_a_device_is_known_for_its_own_users_only():
    make_user("ada")
    thief = Client(network=STRANGER.network, device=device_of(make_user("mallory")))
    attempts_until_wait("ada", STRANGER)
    with pytest.raises(RateLimited):
        begin_password_attempt(login="ada", client=thief)


def test_success_forgets_the_failures_of_that_place_alone():
    make_user("ada")
    attempts_until_wait("ada", STRANGER)
    elsewhere = Client(network="198.51.100.1")
    for _ in range(20):
        begin_password_attempt(login="ada", client=elsewhere).succeed()
    with pytest.raises(RateLimited):
        begin_password_attempt(login="ada", client=STRANGER)


def test_in_a_crowd_of_strangers_the_first_attempt_of_a_network_still_passes():
    user = make_user("ada")
    for number in range(100):
        begin_password_attempt(login="ada", client=Client(network=f"10.0.0.{number}"))
    assert attempts_until_wait("ada", Client(network="10.0.1.1")) == 1
    assert attempts_until_wait("ada", Client(network="10.0.1.1", device=device_of(user))) == 5


def test_a_challenge_is_asked_after_three_failures_and_the_refusal_counts_nothing(provider):
    make_user("ada")
    for _ in range(3):
        begin_password_attempt(login="ada", client=STRANGER)
    for _ in range(20 - 3):
        with pytest.raises(ChallengeRequired) as caught:
            begin_password_attempt(login="ada", client=STRANGER)
    assert caught.value.data == {"provider": "test", "site_key": "site"}
    assert provider.asked == []


def test_a_solved_challenge_lets_the_attempt_pass_and_a_wrong_one_does_not(provider):
    make_user("ada")
    for _ in range(3):
        begin_password_attempt(login="ada", client=STRANGER)
    with pytest.raises(ChallengeRequired):
        begin_password_attempt(login="ada", client=Client(network=STRANGER.network, challenge="wrong"))
    solved = Client(network=STRANGER.network, challenge="solved")
    assert attempts_until_wait("ada", solved) == 2
    assert provider.asked == ["wrong", "solved", "solved"]


def test_without_a_provider_nobody_is_challenged():
    assert attempts_until_wait("nobody", STRANGER) == 5
