"""The routes of applications, from request to answer."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from communities.constants import APPLICATIONS_TOPIC, ApplicationStatus, CommunityVisibility
from communities.models import Application, ApplicationForm
from eventlog.topics import authorise_follow, topic_for
from kernel.decision import AccessRefused
from kernel.errors import NotFound
from tests.factories.accounts import actor_for, bearer, make_user
from tests.factories.communities import Rank, acting, make_application, make_community, make_form, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limiter")]


@pytest.fixture
def community():
    return make_community(visibility=CommunityVisibility.LISTED)


@pytest.fixture
def owner(community):
    return make_member(community, rank=Rank.OWNER)


def client_of(user) -> APIClient:
    return APIClient(headers=bearer(user))


def at(community, rest: str) -> str:
    return f"/api/v1/communities/{community.pk}/{rest}"


def test_a_form_is_made_answered_reviewed_and_the_applicant_let_in(community, owner):
    client, applicant = client_of(owner.user), client_of(make_user("anna"))
    questions = [
        {"kind": "text", "label": "Why?", "required": True},
        {"kind": "choice", "label": "Which?", "choices": ["tea", "coffee"]},
    ]

    made = client.put(at(community, "application-form"), {"introduction": "Hello.", "questions": questions})
    assert made.status_code == 200
    form = applicant.get(at(community, "application-form")).json()
    assert form == made.json()
    assert [question["id"] for question in form["questions"]] == ["1", "2"]

    applied = applicant.post(at(community, "applications"), {"form": 1, "answers": {"1": "Boats.", "2": "tea"}})
    assert applied.status_code == 201
    mine = applicant.get("/api/v1/me/applications").json()
    assert mine == {"items": [applied.json()], "next": None}

    [queued] = client.get(at(community, "applications?status=pending")).json()["items"]
    which = at(community, f"applications/{queued['id']}")
    assert client.post(f"{which}/claim").json()["claimed_by"]["id"] == str(owner.user_id)
    assert client.delete(f"{which}/claim").json()["claimed_by"] is None
    assert client.put(f"{which}/vote", {"verdict": "approve", "note": "Nice."}).json()["verdict"] == "approve"
    seen = client.get(which).json()
    assert [answer["answer"] for answer in seen["answers"]] == ["Boats.", "tea"]
    assert [vote["note"] for vote in seen["votes"]] == ["Nice."]

    assert client.post(f"{which}/decision", {"verdict": "approve"}).json()["status"] == "approved"
    assert applicant.get(at(community, "members")).status_code == 200
    assert client.get(at(community, "applications?status=pending")).json()["items"] == []


def test_an_application_is_withdrawn(community):
    user = make_user()
    application = make_application(community, user)

    answer = client_of(user).post(f"/api/v1/me/applications/{application.pk}/withdraw")

    assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")


def test_several_are_refused_at_once(community, owner):
    wanted = [str(make_application(community, make_user()).pk) for _ in range(2)]

    answer = client_of(owner.user).post(
        at(community, "applications/decisions"), {"applications": wanted, "verdict": "refuse", "reason": "Full."}
    )

    assert answer.json() == {"outcomes": [{"application": one, "refused": None} for one in wanted]}
    assert set(Application.objects.values_list("status", flat=True)) == {ApplicationStatus.REFUSED}


def test_a_closed_form_is_shown_as_closed_and_the_versions_are_for_reviewers(community, owner):
    make_form(community)
    make_form(community)
    client, stranger = client_of(owner.user), client_of(make_user())

    assert client.delete(at(community, "application-form")).json()["closed_at"] is not None
    assert stranger.get(at(community, "application-form")).json()["closed_at"] is not None
    refused = stranger.post(at(community, "applications"), {"form": 2, "answers": {"1": "Me."}})
    assert (refused.status_code, refused.json()["code"]) == (409, "application.closed")
    listed = client.get(at(community, "application-forms")).json()["items"]
    assert [form["number"] for form in listed] == [2, 1]
    assert stranger.get(at(community, "application-forms")).status_code == 404


def test_where_there_is_no_form_there_is_nothing(community):
    assert client_of(make_user()).get(at(community, "application-form")).status_code == 404


@pytest.mark.parametrize(
    ("questions", "named"),
    [
        ([], "questions"),
        ("Why?", "questions"),
        ([{"kind": "essay", "label": "Why?"}], "questions.0.kind"),
        ([{"kind": "text"}], "questions.0.label"),
        ([{"kind": "text", "label": "W\u202ehy?"}], "questions.0.label"),
        ([{"kind": "choice", "label": "Which?", "choices": ["a", 2]}], "questions.0.choices.1"),
    ],
)
def test_a_bad_form_is_refused_and_named(community, owner, questions, named):
    answer = client_of(owner.user).put(at(community, "application-form"), {"questions": questions})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [named])
    assert not ApplicationForm.objects.exists()


@pytest.mark.parametrize("answer", [7, None, [], {}, "a" * 2001])
def test_an_answer_is_a_text_or_yes_or_no(community, answer):
    make_form(community)

    refused = client_of(make_user()).post(at(community, "applications"), {"form": 1, "answers": {"1": answer}})

    assert refused.status_code == 400
    assert not Application.objects.exists()


def test_the_queue_is_filtered_by_status_and_paged(community, owner):
    made = [str(make_application(community, make_user()).pk) for _ in range(3)]
    make_application(community, make_user(), status=ApplicationStatus.REFUSED)
    client = client_of(owner.user)

    first = client.get(at(community, "applications?status=pending&limit=2")).json()
    second = client.get(at(community, f"applications?status=pending&limit=2&cursor={first['next']}")).json()

    assert [item["id"] for item in first["items"] + second["items"]] == made
    assert len(client.get(at(community, "applications")).json()["items"]) == 4
    assert client.get(at(community, "applications?status=lost")).json()["field"] == "status"


def test_reviewers_follow_the_applications_and_nobody_else_does(community):
    topic = topic_for(APPLICATIONS_TOPIC, community.pk)
    authorise_follow(acting(make_member(community, rank=Rank.MODERATOR)), topic)

    with pytest.raises(AccessRefused):
        authorise_follow(acting(make_member(community)), topic)
    with pytest.raises(NotFound):
        authorise_follow(actor_for(make_application(community, make_user()).user), topic)
