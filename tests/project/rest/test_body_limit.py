"""Bodies over the limit are refused while they arrive, announced length or not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from project.rest.body_limit import Receive, Scope, Send, limit_bodies


async def run(chunks: list[bytes], *, announced: int | None = None, kind: str = "http") -> tuple[list[Any], list[Any]]:
    """Send a request of these chunks; return what the client got and what the application read."""
    sent: list[Any] = []
    read: list[Any] = []
    messages = [
        {"type": "http.request", "body": chunk, "more_body": index < len(chunks) - 1}
        for index, chunk in enumerate(chunks)
    ]

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            read.append(message.get("body", message["type"]))
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    headers = [] if announced is None else [(b"content-length", str(announced).encode())]
    await limit_bodies(application, max_bytes=10)({"type": kind, "headers": headers}, receive, send)
    return sent, read


async def test_a_body_up_to_the_limit_passes() -> None:
    sent, read = await run([b"12345", b"67890"], announced=10)
    assert (sent[0]["status"], read) == (200, [b"12345", b"67890"])


async def test_an_announced_body_over_the_limit_is_given_to_nobody() -> None:
    sent, read = await run([b"12345678901"], announced=11)
    assert (sent[0]["status"], read) == (413, [])
    assert json.loads(sent[1]["body"])["code"] == "request.too_large"


@pytest.mark.parametrize("announced", [None, 5])
async def test_a_body_that_grows_over_the_limit_ends_there(announced: int | None) -> None:
    sent, read = await run([b"123456", b"123456", b"never read"], announced=announced)
    assert read == [b"123456", "http.disconnect"]
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (sent[0]["status"], json.loads(sent[1]["body"])["max_bytes"]) == (413, 10)


async def test_sockets_pass_untouched() -> None:
    sent, _ = await run([b"x" * 100], announced=100, kind="websocket")
    assert sent[0]["status"] == 200


@pytest.mark.parametrize(
    ("announced", "headers", "taken"),
    [(80, [], 2), (81, [], 0), (80, [(b"expect", b"100-continue")], 0)],
    ids=["on its way", "far too long", "not sent yet"],
)
async def test_what_is_on_its_way_is_taken_before_the_refusal(
    announced: int, headers: list[tuple[bytes, bytes]], taken: int
) -> None:
    happened: list[str] = []

    async def receive() -> dict[str, Any]:
        happened.append("taken")
        return {"type": "http.request", "body": b"x", "more_body": len(happened) < 2}

    async def send(message: Mapping[str, Any]) -> None:
        happened.append(message["type"])

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        happened.append("asked")

    scope = {"type": "http", "headers": [(b"content-length", str(announced).encode()), *headers]}
    await limit_bodies(application, max_bytes=10)(scope, receive, send)
    assert happened == [*["taken"] * taken, "http.response.start", "http.response.body"]
