"""Signed tokens: what is in them, and every forgery that is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

from accounts.actions.refresh_tokens import refresh_session
from accounts.actions.tokens import read_access_token, read_refresh_token
from accounts.errors import TokenExpired, TokenInvalid
from kernel.clock import now
from tests.factories.accounts import make_user, sign_in

pytestmark = pytest.mark.django_db

KEY = settings.SECRET_KEY
NEW_KEY = "another-secret-that-is-as-long-as-it-must-be-0123456789"


@pytest.fixture
def signed_in():
    return sign_in(make_user())


@pytest.fixture
def claims(signed_in):
    """The claims of a good access token, to forge from."""
    return jwt.decode(signed_in.access, options={"verify_signature": False})


def _part(value: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def _handmade(header: dict[str, str], claims: dict[str, object]) -> str:
    signed = _part(header) + b"." + _part(claims)
    signature = hmac.new(KEY.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def test_an_access_token_says_who_for_which_session_and_until_when(signed_in, claims):
    assert set(claims) == {"sub", "sid", "jti", "iat", "exp", "token_type", "iss", "aud"}
    assert (claims["iss"], claims["aud"]) == ("portcullis", "portcullis.api")
    assert claims["exp"] - claims["iat"] == 300
    read = read_access_token(signed_in.access)
    assert (read.user_id, read.session_id, read.jti) == (UUID(claims["sub"]), UUID(claims["sid"]), claims["jti"])
    assert read.expires_at.timestamp() == claims["exp"]


def test_a_refresh_token_lives_thirty_days(signed_in):
    claims = jwt.decode(signed_in.refresh, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == timedelta(days=30).total_seconds()
    assert claims["token_type"] == "refresh"


def test_an_expired_token_says_that_it_is_expired(signed_in):
    with time_machine.travel(now() + timedelta(seconds=301)), pytest.raises(TokenExpired) as caught:
        read_access_token(signed_in.access)
    assert caught.value.code == "auth.token_expired"


def test_a_token_of_the_other_kind_is_refused(signed_in):
    with pytest.raises(TokenInvalid) as caught:
        read_access_token(signed_in.refresh)
    assert caught.value.code == "auth.token_invalid"
    with pytest.raises(TokenInvalid):
        read_refresh_token(signed_in.access)


def test_an_unsigned_token_is_refused(claims):
    for forged in (
        jwt.encode(claims, None, algorithm="none"),
        _handmade({"alg": "none", "typ": "JWT"}, claims),
        _handmade({"alg": "None", "typ": "JWT"}, claims),
        _handmade({"typ": "JWT"}, claims),
    ):
        with pytest.raises(TokenInvalid):
            read_access_token(forged)


def test_our_own_handmade_token_is_good_so_that_the_refusals_are_about_the_header(claims):
    assert str(read_access_token(_handmade({"alg": "HS256", "typ": "JWT"}, claims)).user_id) == claims["sub"]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "PS256", "EdDSA", "HS384", "HS512", "hs256"])
def test_the_header_cannot_choose_another_algorithm(claims, algorithm):
    with pytest.raises(TokenInvalid):
        read_access_token(_handmade({"alg": algorithm, "typ": "JWT"}, claims))


def test_a_stronger_signature_with_our_own_key_is_refused_all_the_same(claims):
    with pytest.raises(TokenInvalid):
        read_access_token(jwt.encode(claims, KEY.ljust(64, "x"), algorithm="HS512"))


def test_a_foreign_signature_is_refused(claims):
    with pytest.raises(TokenInvalid):
        read_access_token(jwt.encode(claims, "x" * 64, algorithm="HS256"))


def test_a_changed_token_is_refused(signed_in, claims):
    header, _, signature = signed_in.access.split(".")
    stranger = _part(claims | {"sub": "0190a000-0000-7000-8000-000000000000"}).decode()
    with pytest.raises(TokenInvalid):
        read_access_token(f"{header}.{stranger}.{signature}")


@pytest.mark.parametrize("name", ["sub", "sid", "jti", "exp", "token_type", "iss", "aud"])
def test_a_signed_token_without_a_claim_is_refused(claims, name):
    del claims[name]
    with pytest.raises(TokenInvalid):
        read_access_token(jwt.encode(claims, KEY, algorithm="HS256"))


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "nobody"},
        {"sid": "none"},
        {"sid": 7},
        {"sid": None},
        {"sid": ["a"]},
        {"exp": "soon"},
        {"exp": 10**30},
        {"token_type": None},
        {"iss": "portcullis-staging"},
        {"iss": None},
        {"iss": ["portcullis"]},
        {"aud": "portcullis.mail"},
        {"aud": None},
        {"aud": []},
    ],
)
def test_a_signed_token_with_an_odd_claim_is_refused(claims, changes):
    with pytest.raises(TokenInvalid):
        read_access_token(_handmade({"alg": "HS256", "typ": "JWT"}, claims | changes))


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a.b.c", "\0", "\u00e4.\u00e4.\u00e4", "\ud800", "x" * 100_000, "e30.e30.", "W10.W10.W10"]
)
def test_what_is_no_token_at_all_is_refused(text):
    with pytest.raises(TokenInvalid):
        read_access_token(text)


def test_a_key_in_the_header_is_not_used(claims):
    mine = "k" * 64
    key = base64.urlsafe_b64encode(mine.encode()).rstrip(b"=").decode()
    for header in ({"jwk": {"kty": "oct", "k": key}}, {"kid": "../../dev/null"}, {"jku": "https://example.org/keys"}):
        with pytest.raises(TokenInvalid):
            read_access_token(jwt.encode(claims, mine, algorithm="HS256", headers=header))


def test_our_secret_is_no_public_key_that_another_algorithm_could_be_checked_with(claims):
    pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signed = jwt.encode(claims, pair, algorithm="RS256")
    with pytest.raises(TokenInvalid):
        read_access_token(signed)


def test_a_token_cut_anywhere_is_refused(signed_in):
    for length in range(0, len(signed_in.access), 7):
        with pytest.raises(TokenInvalid):
            read_access_token(signed_in.access[:length])


def test_a_huge_token_is_refused_though_it_is_signed(claims):
    with pytest.raises(TokenInvalid):
        read_access_token(jwt.encode(claims | {"more": "x" * 5000}, KEY, algorithm="HS256"))


@pytest.mark.parametrize(("ahead", "good"), [(4, True), (7, False)])
def test_a_server_whose_clock_is_ahead_by_up_to_five_seconds_is_believed(claims, ahead, good):
    begins = int(now().timestamp()) + ahead
    token = jwt.encode(claims | {"iat": begins, "exp": begins + 300}, KEY, algorithm="HS256")
    if good:
        assert read_access_token(token).expires_at.timestamp() == begins + 300
        return
    with pytest.raises(TokenInvalid):
        read_access_token(token)


def test_the_end_of_a_token_is_its_end_to_the_second(signed_in, claims):
    with time_machine.travel(datetime.fromtimestamp(claims["exp"] - 1, UTC), tick=False):
        read_access_token(signed_in.access)
    with time_machine.travel(datetime.fromtimestamp(claims["exp"], UTC), tick=False), pytest.raises(TokenExpired):
        read_access_token(signed_in.access)


def test_after_a_change_of_keys_new_tokens_are_signed_with_the_new_one_and_old_ones_are_good_until_they_expire(
    settings, signed_in, claims
):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, [KEY]
    assert read_access_token(signed_in.access).jti == claims["jti"]
    pair = refresh_session(refresh=signed_in.refresh)
    for token in (pair.access, pair.refresh):
        jwt.decode(token, NEW_KEY, algorithms=["HS256"], audience="portcullis.api")
    with time_machine.travel(now() + timedelta(seconds=301)), pytest.raises(TokenExpired):
        read_access_token(signed_in.access)


def test_a_key_that_is_taken_out_signs_everybody_out_who_did_not_come_by(settings, signed_in):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, []
    for read, token in ((read_access_token, signed_in.access), (read_refresh_token, signed_in.refresh)):
        with pytest.raises(TokenInvalid):
            read(token)


def test_of_several_older_keys_each_is_good(settings, signed_in):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, ["between" * 8, KEY]
    read_access_token(signed_in.access)
    with pytest.raises(TokenInvalid):
        read_access_token(signed_in.access + "x")
