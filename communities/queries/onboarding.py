"""The questions of a community that count now, and what a member chose."""

from __future__ import annotations

from communities.events import MyOnboarding
from communities.models import Membership, OnboardingAnswer, OnboardingVersion
from communities.payloads import asked_question, chosen_of, onboarding_questions_of
from kernel.ids import CommunityId, UserId


def newest_onboarding(community_id: CommunityId) -> OnboardingVersion | None:
    """Return the version that counts."""
    return OnboardingVersion.objects.filter(community_id=community_id).order_by("-number").first()


def find_answer(community_id: CommunityId, user_id: UserId) -> OnboardingAnswer | None:
    """Return what a member has chosen during their present membership, with the version of its questions. Two queries."""
    joined_at = (
        Membership.objects.filter(community_id=community_id, user_id=user_id)
        .values_list("joined_at", flat=True)
        .first()
    )
    answers = OnboardingAnswer.objects.select_related("version").filter(community_id=community_id, user_id=user_id)
    return None if joined_at is None else answers.filter(answered_at__gte=joined_at).first()


def get_my_onboarding(community_id: CommunityId, user_id: UserId) -> MyOnboarding:
    """Return what is asked, and what the user has chosen of which version. Three queries."""
    version, answer = newest_onboarding(community_id), find_answer(community_id, user_id)
    return MyOnboarding(
        number=0 if version is None else version.number,
        questions=()
        if version is None
        else tuple(asked_question(question) for question in onboarding_questions_of(version)),
        answered_number=0 if answer is None else answer.version.number,
        chosen=() if answer is None else chosen_of(answer),
    )
