"""The routes of communities, below the prefix of the API version."""

from __future__ import annotations

from django.urls import URLPattern, path

from communities.access import COMMUNITY_KIND
from communities.api.application_views import (
    ApplicationClaimView,
    ApplicationDecisionsView,
    ApplicationDecisionView,
    ApplicationFormsView,
    ApplicationFormView,
    ApplicationsView,
    ApplicationView,
    ApplicationVoteView,
    MyApplicationsView,
    WithdrawalView,
)
from communities.api.entitlement_views import (
    EntitlementsView,
    EntitlementView,
    MyEntitlementsView,
    TrialOffersView,
    TrialOfferView,
    TrialView,
)
from communities.api.external_service_views import (
    ExternalAnswersRefreshView,
    ExternalServicesView,
    ExternalServiceView,
    ServiceSecretView,
)
from communities.api.gate_views import GateVocabularyView, gate_urls
from communities.api.invite_views import (
    InviteAcceptanceView,
    InvitePreviewView,
    InvitesView,
    InviteUsesView,
    InviteView,
)
from communities.api.level_views import MemberLevelView
from communities.api.onboarding_views import OnboardingAnswersView, OnboardingQuestionsView, OnboardingView
from communities.api.permission_views import PermissionsView
from communities.api.rules_views import (
    RulesAcceptancesView,
    RulesAcceptView,
    RulesVersionsView,
    RulesView,
)
from communities.api.views import (
    BanView,
    CommunitiesView,
    CommunityView,
    DiscoverView,
    GuestView,
    JoinView,
    LeaveView,
    MemberRoleView,
    MembersView,
    MemberView,
    OwnerView,
    RoleOrderView,
    RolesView,
    RoleView,
    TimeOutView,
)

_COMMUNITY = "communities/<uuid:community_id>"
_APPLICATION = f"{_COMMUNITY}/applications/<uuid:application_id>"
_SERVICES = f"{_COMMUNITY}/external-services"
_INVITES = "communities/<uuid:community_id>/invites"
_MEMBER = "communities/<uuid:community_id>/members/<uuid:user_id>"

urlpatterns: list[URLPattern] = [
    *gate_urls("communities/<uuid:community_id>", COMMUNITY_KIND, "community"),
    path("gates/requirements", GateVocabularyView.as_view(), name="gate-requirements"),
    path("permissions", PermissionsView.as_view(), name="permissions"),
    path("communities", CommunitiesView.as_view(), name="communities"),
    path("communities/discover", DiscoverView.as_view(), name="discover-communities"),
    path("communities/<uuid:community_id>", CommunityView.as_view(), name="community"),
    path("communities/<uuid:community_id>/join", JoinView.as_view(), name="join-community"),
    path("communities/<uuid:community_id>/leave", LeaveView.as_view(), name="leave-community"),
    path("communities/<uuid:community_id>/members", MembersView.as_view(), name="members"),
    path(_MEMBER, MemberView.as_view(), name="member"),
    path("communities/<uuid:community_id>/owner", OwnerView.as_view(), name="community-owner"),
    path("communities/<uuid:community_id>/roles", RolesView.as_view(), name="roles"),
    path("communities/<uuid:community_id>/roles/order", RoleOrderView.as_view(), name="role-order"),
    path("communities/<uuid:community_id>/roles/<uuid:role_id>", RoleView.as_view(), name="role"),
    path(f"{_MEMBER}/roles/<uuid:role_id>", MemberRoleView.as_view(), name="member-role"),
    path(f"{_MEMBER}/level", MemberLevelView.as_view(), name="member-level"),
    path(f"{_MEMBER}/ban", BanView.as_view(), name="member-ban"),
    path(f"{_MEMBER}/guest", GuestView.as_view(), name="member-guest"),
    path(f"{_MEMBER}/timeout", TimeOutView.as_view(), name="member-timeout"),
    path(_INVITES, InvitesView.as_view(), name="invites"),
    path(f"{_INVITES}/<uuid:invite_id>", InviteView.as_view(), name="invite"),
    path(f"{_INVITES}/<uuid:invite_id>/uses", InviteUsesView.as_view(), name="invite-uses"),
    path("invites/preview", InvitePreviewView.as_view(), name="preview-invite"),
    path(f"{_COMMUNITY}/application-form", ApplicationFormView.as_view(), name="application-form"),
    path(f"{_COMMUNITY}/application-forms", ApplicationFormsView.as_view(), name="application-forms"),
    path(f"{_COMMUNITY}/applications", ApplicationsView.as_view(), name="applications"),
    path(f"{_COMMUNITY}/applications/decisions", ApplicationDecisionsView.as_view(), name="application-decisions"),
    path(_APPLICATION, ApplicationView.as_view(), name="application"),
    path(f"{_APPLICATION}/claim", ApplicationClaimView.as_view(), name="application-claim"),
    path(f"{_APPLICATION}/vote", ApplicationVoteView.as_view(), name="application-vote"),
    path(f"{_APPLICATION}/decision", ApplicationDecisionView.as_view(), name="application-decision"),
    path("me/applications", MyApplicationsView.as_view(), name="my-applications"),
    path("me/applications/<uuid:application_id>/withdraw", WithdrawalView.as_view(), name="withdraw-application"),
    path(f"{_COMMUNITY}/entitlements", EntitlementsView.as_view(), name="entitlements"),
    path(f"{_COMMUNITY}/entitlements/<uuid:entitlement_id>", EntitlementView.as_view(), name="entitlement"),
    path(f"{_COMMUNITY}/trials", TrialOffersView.as_view(), name="trial-offers"),
    path(f"{_COMMUNITY}/trials/<uuid:offer_id>", TrialOfferView.as_view(), name="trial-offer"),
    path(f"{_COMMUNITY}/trials/<uuid:offer_id>/start", TrialView.as_view(), name="start-trial"),
    path("me/entitlements", MyEntitlementsView.as_view(), name="my-entitlements"),
    path(_SERVICES, ExternalServicesView.as_view(), name="external-services"),
    path(f"{_SERVICES}/<uuid:service_id>", ExternalServiceView.as_view(), name="external-service"),
    path(f"{_SERVICES}/<uuid:service_id>/rotate-secret", ServiceSecretView.as_view(), name="rotate-service-secret"),
    path(
        f"{_COMMUNITY}/external-answers/refresh",
        ExternalAnswersRefreshView.as_view(),
        name="refresh-external-answers",
    ),
    path(f"{_COMMUNITY}/rules", RulesView.as_view(), name="rules"),
    path(f"{_COMMUNITY}/rules/accept", RulesAcceptView.as_view(), name="accept-rules"),
    path(f"{_COMMUNITY}/rules/versions", RulesVersionsView.as_view(), name="rules-versions"),
    path(f"{_COMMUNITY}/rules/acceptances", RulesAcceptancesView.as_view(), name="rules-acceptances"),
    path(f"{_COMMUNITY}/onboarding", OnboardingView.as_view(), name="onboarding"),
    path(f"{_COMMUNITY}/onboarding/answers", OnboardingAnswersView.as_view(), name="onboarding-answers"),
    path(f"{_COMMUNITY}/onboarding/questions", OnboardingQuestionsView.as_view(), name="onboarding-questions"),
    path("invites/accept", InviteAcceptanceView.as_view(), name="accept-invite"),
]
