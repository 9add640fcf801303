"""What property tests of gates draw from: trees over all requirements, and facts of which any may be unknown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from communities.gates import facts as known
from communities.gates.facts import Answer, Fact, GateFacts, Span
from communities.gates.requirements import (
    AccountAge,
    Application,
    Entitled,
    External,
    HasRole,
    Invited,
    Level,
    MemberFor,
    MinAge,
    TwoFactor,
    VerifiedEmail,
    VerifiedPhone,
)
from communities.gates.trees import AllOf, AnyOf, AtLeast, NotOf, Tree

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ROLES = [UUID(int=number) for number in range(3)]

moments = st.integers(-40, 40).map(lambda days: NOW + timedelta(days=days))
later = st.integers(0, 60 * 24).map(lambda hours: NOW + timedelta(hours=hours))
_words = st.sampled_from(["gold", "silver"])
_spans = st.builds(
    lambda start, days: Span(start, None if days is None else start + timedelta(days=days)),
    moments,
    st.none() | st.integers(1, 60),
)

_VALUES: dict[Fact, st.SearchStrategy] = {
    known.VERIFIED_EMAIL: st.booleans(),
    known.VERIFIED_PHONE: st.booleans(),
    known.SECOND_FACTOR: st.booleans(),
    known.BIRTH_DATE: st.none() | st.dates(date(2011, 11, 1), date(2012, 3, 10)),
    known.ACCOUNT_CREATED_AT: st.none() | moments,
    known.MEMBER_SINCE: st.none() | moments,
    known.ROLES: st.frozensets(st.sampled_from(ROLES)),
    known.CAME_BY_INVITE: st.booleans(),
    known.APPROVED_APPLICATION: st.booleans(),
    known.ENTITLEMENTS: st.dictionaries(_words, st.lists(_spans, max_size=3).map(tuple)),
    known.LEVEL: st.none() | st.integers(0, 5),
    known.EXTERNAL_ANSWERS: st.dictionaries(_words, st.builds(Answer, st.booleans(), moments)),
}

complete_facts = st.fixed_dictionaries(_VALUES)
some_facts = st.fixed_dictionaries({}, optional=_VALUES)

_days = st.integers(1, 60)
leaves = st.one_of(
    st.builds(AccountAge, days=_days),
    st.builds(Application),
    st.builds(Entitled, key=_words),
    st.builds(External, service=_words),
    st.builds(HasRole, role=st.sampled_from(ROLES)),
    st.builds(Invited),
    st.builds(Level, level=st.integers(1, 5)),
    st.builds(MemberFor, days=_days),
    st.builds(MinAge, years=st.just(18)),
    st.builds(TwoFactor),
    st.builds(VerifiedEmail),
    st.builds(VerifiedPhone),
)


def _over(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    branches = st.lists(inner, min_size=1, max_size=3).map(tuple)
    counted = branches.flatmap(lambda of: st.integers(1, len(of)).map(lambda k: AtLeast(k=k, of=of)))
    return st.one_of(st.builds(AllOf, of=branches), st.builds(AnyOf, of=branches), counted, st.builds(NotOf, of=inner))


_shallow = st.one_of(leaves, _over(leaves))
trees = st.one_of(_shallow, _over(_shallow))


def at(moment: datetime, values: dict) -> GateFacts:
    """The facts at a moment."""
    return GateFacts(moment, values)
