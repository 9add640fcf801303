"""What people call a device, from what it calls itself. Good for a list that its owner looks at; nothing is decided by it."""

from __future__ import annotations

import re
from typing import Final

UNKNOWN_DEVICE: Final = "Unknown device"
_APP_NAME_MAX: Final = 40

# The order matters: most browsers also name those whose pages they want to be shown.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
_APP: Final = re.compile(r"[A-Za-z][\w+ -]*")
"""No dots: the name is shown in mails, where one would make an address of it."""


def device_name(user_agent: str) -> str:
    """Return a few words for a device, as in "Firefox on Linux" or "Harbour on iPhone"; an app is called by its first word."""
    app = _named(user_agent, _BROWSERS) if user_agent.startswith("Mozilla/") else _app(user_agent)
    system = _named(user_agent, _SYSTEMS)
    return f"{app} on {system}" if app and system else app or system or UNKNOWN_DEVICE


def without_versions(user_agent: str) -> str:
    """Return the user agent as it stays when the device is updated."""
    return re.sub(r"[\d._]+", "", user_agent)


def _named(user_agent: str, names: tuple[tuple[str, str], ...]) -> str:
    return next((name for sign, name in names if sign in user_agent), "")


def _app(user_agent: str) -> str:
    found = _APP.match(user_agent.partition("/")[0].strip())
    return found[0].strip()[:_APP_NAME_MAX] if found else ""
