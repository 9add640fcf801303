"""Keys of repeated requests: who holds one, what is kept under it, and when it is free again. Requests themselves: tests/project/rest."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.actions.idempotent_requests import Answer, claim_key, keep_answer, prune_idempotent_requests
from accounts.errors import IdempotencyMismatch
from accounts.models import IdempotentRequest
from kernel.clock import now
from kernel.ids import UserId
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db

ANSWER = Answer(status=201, content_type="application/json", body=b'{"id":1}')


@pytest.fixture
def user_id() -> UserId:
    return UserId(make_user().id)


def test_the_first_claim_takes_the_key_and_the_next_gets_the_kept_answer(user_id: UserId) -> None:
    assert claim_key(user_id, key="k", fingerprint="f") is None
    keep_answer(user_id, key="k", answer=ANSWER)
    assert claim_key(user_id, key="k", fingerprint="f") == ANSWER
    assert IdempotentRequest.objects.count() == 1


def test_another_request_under_the_same_key_is_refused_and_changes_nothing(user_id: UserId) -> None:
    claim_key(user_id, key="k", fingerprint="f")
    keep_answer(user_id, key="k", answer=ANSWER)
    with pytest.raises(IdempotencyMismatch) as caught:
        claim_key(user_id, key="k", fingerprint="other")
    assert (caught.value.code, caught.value.http_status) == ("idempotency.mismatch", 422)
    assert claim_key(user_id, key="k", fingerprint="f") == ANSWER


def test_an_answer_is_kept_for_its_user_and_key_alone(user_id: UserId) -> None:
    for key in ("k", "l"):
        claim_key(user_id, key=key, fingerprint="f")
    claim_key(UserId(make_user().id), key="k", fingerprint="f")
    keep_answer(user_id, key="k", answer=ANSWER)
    assert list(IdempotentRequest.objects.filter(status=201).values_list("user_id", "key")) == [(user_id, "k")]


def test_a_key_is_free_again_after_a_day(user_id: UserId) -> None:
    claim_key(user_id, key="k", fingerprint="f")
    IdempotentRequest.objects.update(created_at=now() - timedelta(hours=24, seconds=1))
    assert claim_key(user_id, key="k", fingerprint="other") is None


def test_pruning_counts_what_it_deletes_and_leaves_the_young(user_id: UserId) -> None:
    for key in ("a", "b", "c"):
        claim_key(user_id, key=key, fingerprint="f")
    IdempotentRequest.objects.exclude(key="c").update(created_at=now() - timedelta(hours=25))
    assert prune_idempotent_requests() == 2
    assert IdempotentRequest.objects.get().key == "c"
