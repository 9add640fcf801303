"""Fixtures of the browser tests: one stack and one browser per run, a page per person."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.e2e.people import PATIENCE_MS, Account, Place, context_for, expect_live, found, sign_up
from tests.e2e.stack import Server, Stack

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BREAKS_ARE_SAID_SO = ("net::ERR_", "WebSocket connection to", "status of 4", "status of 5")

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Return the running servers."""
    running = Stack()
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def server(stack: Stack) -> Server:
    """Return the first server."""
    return stack.servers[0]


@pytest.fixture(scope="session")
def other_server(stack: Stack) -> Server:
    """Return the second server: another process on the same database and Redis."""
    return stack.servers[1]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium; a machine without it fails, it does not skip."""
    expect.set_options(timeout=PATIENCE_MS)
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("Chromium is missing: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def account(server: Server) -> Callable[[str], Account]:
    """Return a function that makes an account with this name."""
    return lambda name: sign_up(server.address, name)


@pytest.fixture
def place(account: Callable[[str], Account]) -> Place:
    """Return a new community with a room, founded by Olive."""
    return found(account("Olive"))


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[OpenPage]:
    """Return a function that opens a page for somebody; afterwards, any mistake that a page has made fails the test."""
    mistakes: list[str] = []
    contexts = []

    def open_for(who: Account | None = None, path: str = "/", *, at: Server = server, **options: Any) -> Page:
        context = context_for(browser, who, at.address, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("console", lambda message: mistakes.extend(mistake_in(message)))
        page.goto(at.address + path)
        expect(page.locator("[data-screen=loading]")).to_have_count(0)
        if who is not None:
            expect_live(page)
        return page

    yield open_for
    for context in contexts:
        context.close()
    assert mistakes == []


def mistake_in(message: ConsoleMessage) -> list[str]:
    """Return what a page complains of, but for refused and broken requests, which are part of some tests."""
    if message.type not in ("error", "warning") or any(known in message.text for known in BREAKS_ARE_SAID_SO):
        return []
    return [message.text]
