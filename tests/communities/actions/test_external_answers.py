"""Members are asked about when a gate needs it, answers count for their time, and doubt closes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from chat.queries.resources import room_resource
from communities.access import community_resource, decide
from communities.actions import external_answers
from communities.actions.catching_up import catch_up_with_time
from communities.actions.external_answers import (
    JOB,
    ask_external_service,
    refresh_external_answers,
    resume_questions,
)
from communities.actions.external_services import rotate_service_secret, update_external_service
from communities.actions.memberships import add_member, remove_member
from communities.constants import GateMode, MembershipStatus, Permission
from communities.errors import GateLocksOut
from communities.events import AccessChanged
from communities.models import ExternalAnswer, ExternalService, Gate, GateVersion, Membership
from communities.transports.external_services import NoAnswer, ServiceAnswer
from eventlog.events import AccessRevoked
from eventlog.topics import topic_for
from kernel.actor import SYSTEM
from kernel.clock import now
from kernel.errors import NotFound, RateLimited
from kernel.ids import CommunityId, ExternalServiceId, UserId
from tests.event_log import events_of
from tests.factories.accounts import make_user
from tests.factories.chat import make_room
from tests.factories.communities import Rank, acting, make_community, make_external_service, make_member
from tests.factories.gates import gate
from tests.jobs import jobs_with
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db

ASKS = {"type": "external", "service": "club"}
YES, NO = ServiceAnswer(True, 1000), ServiceAnswer(False, 1000)
DOWN = NoAnswer("timeout")


class Service:
    """Stands in for the network: what it says of whom, and what it was asked."""

    def __init__(self) -> None:
        self.says: dict[UserId, ServiceAnswer | NoAnswer] = {}
        self.otherwise: ServiceAnswer | NoAnswer = YES
        self.asked: list[list[UserId]] = []
        self.called: list[object] = []

    def __call__(self, called, user_ids):
        self.called.append(called)
        self.asked.append(list(user_ids))
        return {user_id: self.says.get(user_id, self.otherwise) for user_id in user_ids}


@pytest.fixture
def network(monkeypatch):
    network = Service()
    monkeypatch.setattr(external_answers, "ask_service_about", network)
    return network


@pytest.fixture
def clock(time_machine):
    """A clock that stands still, and is moved to moments."""
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)
    return time_machine


@pytest.fixture
def service(clock, network):
    """A service that a live gate asks about a member of a community without an owner."""
    member = make_member(make_community())
    service = make_external_service(member.community)
    gate(member.community, ASKS)
    return service


@pytest.fixture
def member(service):
    return Membership.objects.get(community=service.community)


def run(service):
    ask_external_service(ExternalServiceId(service.pk))
    service.refresh_from_db()


def answer_of(member):
    return ExternalAnswer.objects.get(user=member.user)


def is_in(member):
    member.community.refresh_from_db()
    return decide(acting(member), Permission.VIEW_COMMUNITY, community_resource(member.community)).allowed


def told(kind, object_id):
    return [event for _, _, event in events_of(topic_for(kind, object_id))]


def waiting(service):
    return len(jobs_with(service_id=str(service.pk)))


def test_putting_a_gate_asks_about_everybody_who_is_a_member(service, member, network):
    outsider = make_member(service.community, status=MembershipStatus.REMOVED)
    assert jobs_with() == [*jobs_with(service_id=str(service.pk))]
    assert waiting(service) == 1
    assert not is_in(member)
    run(service)
    assert network.asked == [[member.user_id]]
    assert is_in(member)
    assert not ExternalAnswer.objects.filter(user=outsider.user).exists()


def test_an_answer_opens_tells_the_member_and_counts_for_its_time(service, member, clock):
    run(service)
    assert told("user", member.user_id)[-1] == AccessChanged(community=member.community_id)
    answer, at = answer_of(member), now()
    assert (answer.allowed, answer.expires_at, answer.ask_at) == (
        True,
        at + timedelta(seconds=1000),
        at + timedelta(seconds=800),
    )
    decision = decide(acting(member), Permission.VIEW_COMMUNITY, community_resource(service.community))
    assert decision.expires_at == answer.expires_at
    assert Membership.objects.get(pk=member.pk).access_changes_at == answer.expires_at
    clock.move_to(answer.expires_at, tick=False)
    assert not is_in(member)


def test_lifetimes_are_kept_within_the_bounds_of_the_service(service, member, network):
    for said, counted in ((5, 60), (100, 100), (10**9, 3600)):
        ExternalAnswer.objects.update(ask_at=now())
        network.otherwise = ServiceAnswer(True, said)
        run(service)
        assert answer_of(member).expires_at == now() + timedelta(seconds=counted)


def test_a_no_closes_sockets_in_the_transaction_that_writes_it(service, member, network, clock):
    room = make_room(member.community)
    run(service)
    epoch = Membership.objects.get(pk=member.pk).access_epoch
    clock.move_to(now() + timedelta(seconds=800), tick=False)
    network.otherwise = NO
    assert resume_questions() == 1
    run(service)
    for topic in (("room", room.pk), ("community", member.community_id)):
        assert told(*topic)[-1] == AccessRevoked(user=member.user_id)
    assert told("user", member.user_id)[-1] == AccessChanged(community=member.community_id)
    assert not decide(acting(member), Permission.VIEW_COMMUNITY, room_resource(room)).allowed
    assert Membership.objects.get(pk=member.pk).access_epoch == epoch + 1


def test_without_a_new_answer_the_old_one_counts_to_its_end_and_closes_sockets_then(service, member, network, clock):
    run(service)
    network.otherwise = DOWN
    end = answer_of(member).expires_at
    clock.move_to(end - timedelta(seconds=10), tick=False)
    run(service)
    assert is_in(member)
    assert (answer_of(member).allowed, answer_of(member).expires_at) == (True, end)
    assert AccessRevoked(user=member.user_id) not in told("community", member.community_id)[1:]
    clock.move_to(end, tick=False)
    catch_up_with_time()
    assert told("community", member.community_id)[-1] == AccessRevoked(user=member.user_id)
    assert not is_in(member)


def test_who_never_had_an_answer_stays_out_even_under_a_not(service, member, network):
    gate(service.community, {"type": "not", "of": ASKS})
    network.otherwise = DOWN
    run(service)
    assert not is_in(member)
    network.otherwise = NO
    ExternalAnswer.objects.update(ask_at=now())
    run(service)
    assert is_in(member)


def test_who_joins_is_asked_about_in_the_transaction_that_lets_them_in(service, network):
    run(service)
    user = make_user()
    ProcrastinateJob.objects.all().delete()
    add_member(SYSTEM, community_id=CommunityId(service.community_id), username=user.username)
    assert waiting(service) == 1
    run(service)
    assert network.asked[-1] == [user.pk]


def test_who_leaves_is_forgotten_and_asked_about_anew_when_they_come_back(service, member):
    run(service)
    place, user_id = CommunityId(service.community_id), UserId(member.user_id)
    remove_member(SYSTEM, community_id=place, user_id=user_id)
    assert not ExternalAnswer.objects.exists()
    add_member(SYSTEM, community_id=place, username=member.user.username)
    assert not is_in(member)
    assert answer_of(member).ask_at == now()


def test_an_answer_about_somebody_who_left_meanwhile_is_kept_nowhere(service, member, network, monkeypatch):
    def leave(called, user_ids):
        remove_member(SYSTEM, community_id=CommunityId(service.community_id), user_id=UserId(member.user_id))
        return dict.fromkeys(user_ids, YES)

    monkeypatch.setattr(external_answers, "ask_service_about", leave)
    run(service)
    assert not ExternalAnswer.objects.exists()


def test_an_answer_from_an_address_that_is_not_the_services_any_more_does_not_count(service, member, monkeypatch):
    def move(called, user_ids):
        update_external_service(
            SYSTEM,
            community_id=CommunityId(service.community_id),
            service_id=ExternalServiceId(service.pk),
            url="https://club.example/new",
        )
        return dict.fromkeys(user_ids, YES)

    monkeypatch.setattr(external_answers, "ask_service_about", move)
    run(service)
    assert (answer_of(member).allowed, answer_of(member).ask_at, service.busy_until) == (None, now(), None)


def test_a_service_that_is_gone_meanwhile_is_no_fault(service, monkeypatch):
    def vanish(called, user_ids):
        ExternalService.objects.all().delete()
        return dict.fromkeys(user_ids, YES)

    monkeypatch.setattr(external_answers, "ask_service_about", vanish)
    ask_external_service(ExternalServiceId(service.pk))
    ask_external_service(ExternalServiceId(service.pk))
    assert not ExternalAnswer.objects.exists()


def test_a_version_in_the_shadow_has_members_asked_about_so_that_it_can_be_put(clock, network):
    owner = make_member(make_community(), rank=Rank.OWNER)
    service = make_external_service(owner.community)
    with unchanged(Gate, GateVersion, ExternalAnswer), pytest.raises(GateLocksOut):
        gate(owner.community, ASKS, by=acting(owner))
    gate(owner.community, ASKS, by=acting(owner), mode=GateMode.SHADOW)
    run(service)
    gate(owner.community, ASKS, by=acting(owner))
    assert is_in(owner)


def test_members_of_a_big_community_are_asked_about_when_they_are_looked_at(clock, network, monkeypatch):
    monkeypatch.setattr("communities.actions.gates.MEMBERS_COMPARED_AT_ONCE", 0)
    member = make_member(make_community())
    service = make_external_service(member.community)
    gate(member.community, ASKS)
    assert waiting(service) == 0
    catch_up_with_time()
    assert waiting(service) == 1


def test_one_batch_at_a_time_and_the_rest_goes_on(service, network, settings):
    settings.EXTERNAL_SERVICE_BATCH = 2
    for _ in range(2):
        make_member(service.community)
    gate(service.community, ASKS)
    run(service)
    assert [len(asked) for asked in network.asked] == [2]
    assert jobs_with(service_id=str(service.pk))[-1] == (JOB, {"service_id": str(service.pk)})
    run(service)
    assert [len(asked) for asked in network.asked] == [2, 1]


def test_nobody_asks_a_service_that_somebody_asks(service, network, clock):
    ExternalService.objects.update(busy_until=now() + timedelta(seconds=70))
    run(service)
    assert network.asked == []
    assert resume_questions() == 0
    clock.move_to(now() + timedelta(seconds=70), tick=False)
    assert resume_questions() == 1
    run(service)
    assert len(network.asked) == 1


def test_answers_that_count_for_a_short_time_are_asked_for_before_they_end(service, member, network, clock):
    network.otherwise = ServiceAnswer(True, 80)
    run(service)
    end = answer_of(member).expires_at
    ProcrastinateJob.objects.all().delete()
    clock.move_to(now() + timedelta(seconds=3), tick=False)
    assert resume_questions() == 0
    clock.move_to(now() + timedelta(seconds=1), tick=False)
    assert resume_questions() == 1
    [job] = ProcrastinateJob.objects.all()
    assert job.scheduled_at == answer_of(member).ask_at == end - timedelta(seconds=16)


def test_a_second_job_asks_nothing_while_the_first_waits_for_the_service(service, network, monkeypatch):
    asked = []

    def ask(called, user_ids):
        asked.append(list(user_ids))
        run(service)
        return dict.fromkeys(user_ids, YES)

    monkeypatch.setattr(external_answers, "ask_service_about", ask)
    run(service)
    assert len(asked) == 1


def test_a_service_waits_for_its_turn_while_many_others_are_asked(service, network, clock):
    others = [make_external_service(make_community(), busy_until=now() + timedelta(seconds=9)) for _ in range(2)]
    ProcrastinateJob.objects.all().delete()
    run(service)
    assert (network.asked, service.busy_until, waiting(service)) == ([], None, 1)
    ExternalService.objects.filter(pk=others[0].pk).update(busy_until=None)
    run(service)
    assert len(network.asked) == 1


def test_a_question_without_an_answer_is_put_again_later_and_later_and_not_for_ever(service, member, network, clock):
    network.otherwise = DOWN
    pauses = []
    while (due := answer_of(member).ask_at) is not None:
        clock.move_to(due, tick=False)
        ExternalService.objects.update(failures=0, paused_until=None)
        run(service)
        if answer_of(member).ask_at is not None:
            pauses.append((answer_of(member).ask_at - now()).total_seconds())
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
    assert resume_questions() == 0
    assert answer_of(member).allowed is None


def test_a_service_that_does_not_answer_is_left_alone_and_then_asked_one_question(service, network, clock):
    for _ in range(3):
        make_member(service.community)
    gate(service.community, ASKS)
    network.otherwise = DOWN
    for failures in (1, 2, 3):
        ExternalAnswer.objects.update(ask_at=now())
        run(service)
        assert (service.failures, service.last_failure) == (failures, "timeout")
    assert service.paused_until == now() + timedelta(seconds=30)
    ExternalAnswer.objects.update(ask_at=now())
    run(service)
    assert [len(asked) for asked in network.asked] == [4, 4, 4]
    clock.move_to(service.paused_until, tick=False)
    run(service)
    assert [len(asked) for asked in network.asked] == [4, 4, 4, 1]
    assert service.paused_until == now() + timedelta(seconds=60)
    network.otherwise = YES
    clock.move_to(service.paused_until, tick=False)
    run(service)
    assert (service.failures, service.last_failure, service.paused_until) == (0, "", None)
    run(service)
    assert len(network.asked[-1]) == 3


def test_some_answers_are_enough_for_a_service_to_be_there(service, member, network):
    other = make_member(service.community)
    gate(service.community, ASKS)
    network.says[other.user_id] = DOWN
    run(service)
    assert service.failures == 0
    assert answer_of(other).ask_at == now() + timedelta(seconds=5)
    assert (is_in(member), is_in(other)) == (True, False)


def test_questions_are_signed_with_the_former_secret_for_a_day(service, network, clock):
    rotated = rotate_service_secret(
        SYSTEM, community_id=CommunityId(service.community_id), service_id=ExternalServiceId(service.pk)
    )
    run(service)
    assert network.called[-1].secrets == [rotated.secret, "secret"]
    clock.move_to(now() + timedelta(days=1), tick=False)
    run(service)
    assert network.called[-1].secrets == [rotated.secret]


def test_a_secret_that_cannot_be_opened_is_a_failure_like_others(service, network, member):
    ExternalService.objects.update(sealed_secret="sealed under a key that is lost")
    run(service)
    assert (network.asked, service.failures, service.last_failure) == ([], 1, "secret_lost")
    assert not is_in(member)


def test_a_new_secret_mends_one_that_is_lost(service, network):
    ExternalService.objects.update(sealed_secret="sealed under a key that is lost")
    rotated = rotate_service_secret(
        SYSTEM, community_id=CommunityId(service.community_id), service_id=ExternalServiceId(service.pk)
    )
    run(service)
    assert [called.secrets for called in network.called] == [[rotated.secret]]


def test_what_no_gate_asks_is_not_asked(service, member, network):
    gate(service.community, None)
    run(service)
    assert (network.asked, answer_of(member).ask_at) == ([], None)
    gate(service.community, ASKS)
    assert answer_of(member).ask_at == now()


def test_a_member_who_has_seen_to_it_is_asked_about_again(service, member, network, limiter):
    network.otherwise = NO
    run(service)
    ProcrastinateJob.objects.all().delete()
    refresh_external_answers(acting(member), community_id=CommunityId(service.community_id))
    assert waiting(service) == 1
    network.otherwise = YES
    run(service)
    assert is_in(member)
    assert limiter.taken["external_refresh.user", str(member.user_id)] == 1


def test_who_is_no_member_is_not_asked_about(service, limiter):
    stranger = make_member(make_community())
    with unchanged(ExternalAnswer), pytest.raises(NotFound):
        refresh_external_answers(acting(stranger), community_id=CommunityId(service.community_id))


def test_asking_again_has_a_limit(service, member, limiter):
    for _ in range(10):
        refresh_external_answers(acting(member), community_id=CommunityId(service.community_id))
    with unchanged(ExternalAnswer), pytest.raises(RateLimited):
        refresh_external_answers(acting(member), community_id=CommunityId(service.community_id))
