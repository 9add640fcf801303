"""Every page works under its content security policy: a real browser reports nothing that it had to block."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.stack import Server


@pytest.mark.parametrize(
    ("path", "shows"),
    [("/", "Come in"), ("/api/", "Portcullis"), ("/admin/", "Sign in to the admin panel."), ("/nothing", "Not Found")],
)
def test_a_page_shows_itself_and_the_browser_blocks_nothing(
    browser: Browser, server: Server, path: str, shows: str
) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{server.address}{path}")
    expect(page.get_by_text(shows).or_(page.get_by_role("button", name=shows)).first).to_be_visible()
    if path == "/api/":
        page.locator(".opblock-summary").first.click()
        expect(page.locator(".opblock-body").first).to_be_visible()
    assert [text for text in said if "Content Security Policy" in text or "Permissions-Policy" in text] == []
    page.close()
