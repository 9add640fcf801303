"""What views read from a request: query parameters, pages, and the address that limits are counted by."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from accounts.api.requests import actor_of, client_network_of, page_request_of, query_of
from accounts.authentication import client_of
from kernel.actor import ANONYMOUS
from kernel.errors import InvalidInput
from kernel.pagination import PageRequest


def request_with(query: str = "", **meta: str) -> Request:
    request = APIRequestFactory().get("/", **meta)
    request.GET = QueryDict(query)
    return Request(request)


def test_known_parameters_come_back_without_those_of_paging():
    query = query_of(request_with("role=owner&search=a%20b&limit=5&cursor=x"), allowed={"role", "search", "sort"})
    assert query == {"role": "owner", "search": "a b"}


@pytest.mark.parametrize(
    ("query", "field"),
    [("colour=red", "colour"), ("role=a&role=b", "role"), ("limit=1&limit=2", "limit"), ("role=a%00b", "role")],
)
def test_an_unknown_repeated_or_unsafe_parameter_is_named(query, field):
    with pytest.raises(InvalidInput) as caught:
        query_of(request_with(query), allowed={"role"})
    assert caught.value.data == {"field": field}


def test_a_page_has_a_limit_and_a_cursor():
    assert page_request_of(request_with()) == PageRequest(limit=50, cursor=None)
    assert page_request_of(request_with("limit=100&cursor=abc")) == PageRequest(limit=100, cursor="abc")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "", "ten", "\u0663", "9" * 5000, "%00"])
def test_a_limit_is_a_number_from_1_to_100(limit):
    with pytest.raises(InvalidInput) as caught:
        page_request_of(request_with(f"limit={limit}"))
    assert caught.value.data == {"field": "limit"}


def test_a_request_without_a_token_is_nobodys():
    assert actor_of(request_with()) == ANONYMOUS


def test_limits_are_counted_by_what_our_proxies_saw(settings):
    request = request_with(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.66, 203.0.113.9")
    assert client_network_of(request) == "10.0.0.1"
    settings.TRUSTED_PROXY_COUNT = 1
    assert client_network_of(request) == "203.0.113.9"


def test_a_client_names_itself():
    client = client_of(request_with(REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Phone/1\0"))
    assert (client.network, client.user_agent) == ("192.0.2.7", "Phone/1")
