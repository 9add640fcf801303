"""The faults: each a coroutine with a name, bounded in time, undone at its end, and only ever for our own processes.

Importing this package puts all of them on the menu.
"""

from tests.torture.faults import deployments, network, postgres, processes, redis
from tests.torture.faults.deployments import CLOCK_STEPS, ROLLING_RESTART
from tests.torture.faults.menu import EVERYTHING, MENU, PARTS, Stage

__all__ = [
    "CLOCK_STEPS",
    "EVERYTHING",
    "MENU",
    "PARTS",
    "ROLLING_RESTART",
    "SHORT_MENU",
    "Stage",
    "deployments",
    "network",
    "postgres",
    "processes",
    "redis",
]

SHORT_MENU = (
    "gateway killed",
    "worker killed",
    "gateway frozen",
    "Redis restarted",
    "Redis emptied",
    "pub/sub clients killed",
    "output buffer limit hit",
    "backends terminated",
    "PostgreSQL killed",
    "connections reset",
    "connections half open",
    ROLLING_RESTART,
)
"""One of each kind, for every change."""
