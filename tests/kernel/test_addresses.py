"""Which network a call is counted by, and that nobody can choose another one."""

from __future__ import annotations

import pytest

from kernel.addresses import client_network, network_family, rough_network


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "network"),
    [
        (0, "192.0.2.7", "203.0.113.9", "192.0.2.7"),
        (0, "2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        (0, "::ffff:192.0.2.7", "", "192.0.2.7"),
        (0, "", "", "unknown"),
        (0, "", "203.0.113.9", "unknown"),
        (1, "", "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1", "not an address", "unknown"),
        (0, "2001:DB8::1%eth0", "", "2001:db8::/64"),
        (1, "192.0.2.7", "", "192.0.2.7"),
        (1, "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1", "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1", "198.51.100.66, 2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        (2, "10.0.0.1", "198.51.100.66, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "10.0.0.1", "203.0.113.9", "203.0.113.9"),
    ],
)
def test_calls_are_counted_by_the_last_address_that_our_proxies_saw(proxies, remote, forwarded, network):
    assert client_network(remote, forwarded, proxies=proxies) == network


@pytest.mark.parametrize(
    ("network", "rough", "family"),
    [
        ("192.0.2.17", "192.0.2.0/24", "192.0.0.0/16"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48", "2001:db8::/32"),
        ("unknown", "", ""),
        ("", "", ""),
    ],
)
def test_a_network_is_told_roughly(network: str, rough: str, family: str) -> None:
    assert (rough_network(network), network_family(network)) == (rough, family)
