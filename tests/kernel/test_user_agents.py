"""Devices are called by names that their owners know them by."""

from __future__ import annotations

import pytest

from kernel.user_agents import device_name, without_versions

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {_WEBKIT} Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 16; Pixel 9) {_WEBKIT} Chrome/142.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.1 Safari/605.1.15", "Safari on Mac"),
        ("Harbour/2.1 (iPhone; iOS 18.1)", "Harbour on iPhone"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("Mozilla/5.0 (Windows NT 10.0)", "Windows"),
        ("Visit evil.example now!", "Visit evil"),
        ("<b>bold</b>", "Unknown device"),
        ("x" * 300, "x" * 40),
        ("", "Unknown device"),
        ("\ud800", "Unknown device"),
    ],
)
def test_a_device_is_called_by_its_app_and_its_kind(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name


def test_an_update_does_not_change_what_a_device_is() -> None:
    before, after = "Harbour/2.1 (iPhone; iOS 18_1)", "Harbour/2.10.3 (iPhone; iOS 19)"
    assert without_versions(before) == without_versions(after) != without_versions("Harbour/2.1 (iPad; iOS 18_1)")
