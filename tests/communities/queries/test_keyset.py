"""Pages by key: every row once and in order, whatever comes and goes; no cursor that another list gave out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communities.models import Community
from communities.queries.keyset import SortKey, cut_page, parse_time
from kernel.errors import InvalidInput
from kernel.pagination import PageRequest, encode_cursor
from tests.factories.communities import make_community

pytestmark = pytest.mark.django_db

SORTS = {"name": SortKey("name"), "created_at": SortKey("created_at", parse_time)}
START = datetime(2026, 3, 1, tzinfo=UTC)


def pages(sort: str, limit: int) -> list[list[Community]]:
    """Return every page of all communities."""
    found, cursor = [], None
    while True:
        rows, cursor = cut_page(
            Community.objects.all(), sort=sort, sorts=SORTS, page=PageRequest(limit=limit, cursor=cursor)
        )
        found.append(rows)
        if cursor is None:
            return found


@given(
    names=st.lists(st.sampled_from(["a", "B", "b", "é", "ß", '"', "%_"]), max_size=9),
    limit=st.integers(1, 4),
    sort=st.sampled_from(["name", "-name", "created_at", "-created_at"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_together_are_the_whole_list_in_order(names, limit, sort):
    Community.objects.all().delete()
    for number, name in enumerate(names):
        community = make_community(name=name)
        Community.objects.filter(pk=community.pk).update(created_at=START + timedelta(microseconds=number // 3))
    sign = "-" if sort.startswith("-") else ""

    found = pages(sort, limit)

    assert [row for page in found for row in page] == list(Community.objects.order_by(sort, f"{sign}pk"))
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)


def test_rows_that_come_and_go_between_two_pages_shift_nothing():
    first, second, third = (make_community(name=name) for name in ("a", "b", "c"))
    rows, cursor = cut_page(Community.objects.all(), sort="name", sorts=SORTS, page=PageRequest(limit=2))
    assert rows == [first, second]

    second.delete()
    make_community(name="aa")
    rest, _ = cut_page(Community.objects.all(), sort="name", sorts=SORTS, page=PageRequest(cursor=cursor))

    assert rest == [third]


@pytest.mark.parametrize("sort", ["slug", "", "-", "--name", "name,created_at"])
def test_a_sort_that_the_list_does_not_have_is_refused(sort):
    with pytest.raises(InvalidInput) as refused:
        cut_page(Community.objects.all(), sort=sort, sorts=SORTS, page=PageRequest())

    assert refused.value.data == {"field": "sort"}


@pytest.mark.parametrize(
    ("sort", "position"),
    [
        ("name", ["created_at", "x", "01900000-0000-7000-8000-000000000000"]),
        ("name", ["-name", "x", "01900000-0000-7000-8000-000000000000"]),
        ("name", ["name", "nu\0l", "01900000-0000-7000-8000-000000000000"]),
        ("name", ["name", "x", "no id"]),
        ("name", ["name", "x"]),
        ("name", {"sort": "name"}),
        ("created_at", ["created_at", "soon", "01900000-0000-7000-8000-000000000000"]),
        ("created_at", ["created_at", "2026-03-01T00:00:00", "01900000-0000-7000-8000-000000000000"]),
        ("created_at", ["created_at", "0001-01-01T00:00:00+23:59", "01900000-0000-7000-8000-000000000000"]),
    ],
)
def test_a_cursor_that_this_list_did_not_give_out_is_refused(sort, position):
    with pytest.raises(InvalidInput) as refused:
        cut_page(Community.objects.all(), sort=sort, sorts=SORTS, page=PageRequest(cursor=encode_cursor(position)))

    assert refused.value.data == {"field": "cursor"}
