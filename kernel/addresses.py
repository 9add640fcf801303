"""Which network a call comes from, for limits that count by it and for people who look at their devices. No request is read here."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network


def client_network(remote_address: str, forwarded_for: str, *, proxies: int) -> str:
    """Return an IPv4 address, or the /64 of an IPv6 address, or "unknown" (as on a unix socket without a proxy).

    `forwarded_for` is the value of X-Forwarded-For. Anybody can send one, so only as many entries are believed,
    from the right, as there are proxies of our own.
    """
    forwarded = [entry.strip() for entry in forwarded_for.split(",")]
    chain = [*filter(None, forwarded), remote_address]
    address = _parsed(chain[max(0, len(chain) - 1 - proxies)])
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False))
    return str(address or "unknown")


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def rough_network(network: str) -> str:
    """Return about where a network of `client_network` is, for people to recognise: its /24 or /48; empty when it is not known."""
    return _widened(network, 24, 48)


def network_family(network: str) -> str:
    """Return the wide network that a device seldom leaves when its address changes: the /16 or /32; empty when it is not known."""
    return _widened(network, 16, 32)


def _widened(network: str, bits4: int, bits6: int) -> str:
    address = _parsed(network.partition("/")[0])
    if address is None:
        return ""
    bits = bits6 if isinstance(address, IPv6Address) else bits4
    return str(ip_network((address, bits), strict=False))
