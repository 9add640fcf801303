"""What is public is decided by what it is not: every special range is refused, and every way to write an IPv4 address as another."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from kernel.public_addresses import is_public, may_be_reached

PUBLIC = ("1.1.1.1", "8.8.8.8", "93.184.216.34", "223.255.255.254", "2606:4700:4700::1111", "2a00:1450:4001::200e")
OTHERS = (
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
    *("192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808"),
    *("64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "5f00::1", "fc00::1"),
    *("fd12:3456::1", "fe80::1", "fec0::1", "ff02::1"),
)


def test_the_public_internet_is_public_and_nothing_else_is() -> None:
    assert [text for text in PUBLIC if not is_public(ip_address(text))] == []
    assert [text for text in OTHERS if is_public(ip_address(text))] == []


@given(st.ip_addresses(v=4))
def test_no_way_to_write_an_address_of_ipv4_within_ipv6_is_public(address: IPv4Address) -> None:
    number = int(address)
    for written in (number, 0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert not is_public(IPv6Address(written))


def test_what_the_operator_names_is_reached_and_nothing_beside_it() -> None:
    named = (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))
    assert may_be_reached(ip_address("127.0.0.1"), named)
    assert may_be_reached(ip_address("fd00::1"), named)
    for text in ("10.0.0.1", "::1", "::ffff:127.0.0.1", "fc00::1"):
        assert not may_be_reached(ip_address(text), named)
