"""The door of the admin panel in a real browser: the one sign-in, and what it says to whom the panel is closed."""

from __future__ import annotations

import subprocess
import sys

from playwright.sync_api import Browser, expect

from tests.e2e.people import PASSWORD, sign_up
from tests.e2e.stack import ROOT, Server


def test_who_is_no_staff_signs_in_and_is_told_so(browser: Browser, server: Server) -> None:
    account = sign_up(server.address, "Visitor")
    page = browser.new_page()
    page.goto(f"{server.address}/admin/accounts/user/")
    expect(page.get_by_text("Sign in to the admin panel.")).to_be_visible()
    page.get_by_label("E-mail or username").fill(account.username)
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This account is not of the staff.")).to_be_visible()
    page.close()


def test_staff_come_in_to_the_page_that_they_asked_for(browser: Browser, server: Server) -> None:
    account = sign_up(server.address, "Steward")
    for arguments in (["sync"], ["grant", account.username, "support", "--reason", "new"]):
        command = [sys.executable, "manage.py", "staff_roles", *arguments]
        subprocess.run(command, cwd=ROOT, env=server.environment, check=True, timeout=120)
    page = browser.new_page()
    page.goto(f"{server.address}/admin/accounts/user/")
    page.get_by_label("E-mail or username").fill(account.username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Select user to view")).to_be_visible()
    page.close()
