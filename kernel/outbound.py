"""Requests to addresses that users have given: HTTPS to the public internet alone, bounded in time and size. What is asked is not known.

A name is looked up once, and the connection goes to the very address that was looked at, so nobody can answer twice differently.
There are no redirects, no proxies from the environment and no certificates that are not checked.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address

import httpx
import msgspec

from kernel.public_addresses import Address, Network, may_be_reached

_NAME = re.compile(rb"[a-z0-9._-]{1,253}")


class OutboundRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a request may cost and where it may go: `seconds` from the look-up of the name to the last byte, `answer_bytes` of a body.

    `allowed` are networks that are reached though they are not public, `ca_file` names certificates that are trusted beside the usual ones.
    """

    seconds: float
    answer_bytes: int
    allowed: tuple[Network, ...] = ()
    ca_file: str = ""


class OutboundReply(msgspec.Struct, frozen=True):
    """What came back; a redirect is an answer like any other."""

    status: int
    body: bytes


class CannotReach(Exception):
    """There was no answer; `reason` is one of a few words, the same for an address that is refused as for a name that nobody has."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WrongUrl(ValueError):
    """This is no address of a service; the message says why."""


def checked_url(url: str, rules: OutboundRules) -> str:
    """Return the URL as it will be asked. Raises `WrongUrl` for what is not HTTPS with a name, or names a machine that is not public."""
    return str(_parse(url, rules))


async def post(url: str, *, body: bytes, headers: Mapping[str, str], rules: OutboundRules) -> OutboundReply:
    """Send one POST. Raises `WrongUrl`, or `CannotReach` when there is no answer in time, or one that is too long."""
    parsed = _parse(url, rules)
    try:
        async with asyncio.timeout(rules.seconds):
            address = await _look_up(parsed, rules)
            return await _send(parsed, address, body, headers, rules)
    except TimeoutError:
        raise CannotReach("timeout") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CannotReach(_word_for(error)) from error


def _parse(url: str, rules: OutboundRules) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise WrongUrl("This is not a URL.") from error
    if parsed.scheme != "https" or not parsed.host:
        raise WrongUrl("Use an address that begins with https://.")
    if parsed.userinfo or parsed.fragment:
        raise WrongUrl("Use an address without a user name and without #.")
    literal = _literal(parsed.host)
    if literal is None and not _NAME.fullmatch(parsed.raw_host):
        raise WrongUrl("Use an address with a name.")
    if literal is not None and not may_be_reached(literal, rules.allowed):
        raise WrongUrl("Use an address on the public internet.")
    return parsed


async def _look_up(url: httpx.URL, rules: OutboundRules) -> Address:
    """Return the address to connect to. One that may not be reached among several gives the name away: it leads nowhere then."""
    port = url.port or 443
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            url.raw_host.decode("ascii"), port, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        raise CannotReach("unreachable") from error
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses or not all(may_be_reached(address, rules.allowed) for address in addresses):
        raise CannotReach("unreachable")
    return addresses[0]


async def _send(
    url: httpx.URL, address: Address, body: bytes, headers: Mapping[str, str], rules: OutboundRules
) -> OutboundReply:
    sent = {"Accept-Encoding": "identity", **headers, "Host": url.netloc.decode("ascii")}
    name = {"sni_hostname": url.raw_host.decode("ascii")}
    async with (
        httpx.AsyncClient(verify=_trust(rules.ca_file), trust_env=False, timeout=rules.seconds) as client,
        client.stream("POST", url.copy_with(host=str(address)), content=body, headers=sent, extensions=name) as reply,
    ):
        return OutboundReply(reply.status_code, await _read(reply, rules.answer_bytes))


async def _read(reply: httpx.Response, most: int) -> bytes:
    content = b""
    async for chunk in reply.aiter_raw():
        content += chunk
        if len(content) > most:
            raise CannotReach("too_long")
    return content


@lru_cache(maxsize=4)
def _trust(ca_file: str) -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _word_for(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "certificate"
        cause = cause.__cause__ or cause.__context__
    return "no_connection" if isinstance(error, httpx.ConnectError) else "broken_answer"
