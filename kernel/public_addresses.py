"""Which addresses of the network are the public internet's. What is not may be a machine beside this one that trusts whoever reaches it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is given out between networks: loopback, link-local, unique local, mapped IPv4, NAT64 and multicast lie outside."""
# Within what looks public: special purposes by IANA's registries, and ranges that stand for an IPv4 address behind a translator.
_SPECIAL: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "3fff::/20",
        ),
    )
)


def is_public(address: Address) -> bool:
    """Return whether the address is a machine on the public internet, and stands for no other address."""
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not any(address in network for network in _SPECIAL)


def may_be_reached(address: Address, allowed: Sequence[Network]) -> bool:
    """Return whether it is public, or in a network that the operator has named."""
    return is_public(address) or any(address in network for network in allowed)
