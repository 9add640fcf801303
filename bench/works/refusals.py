"""Whether the time of a refusal tells a stranger whom we know: a rank test on CPU time, in one process with PostgreSQL and Redis."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from bench.ours import prepare_environment
from bench.refusals import CARELESS, Compared
from bench.results import Row, alone
from bench.servers import python, services
from bench.works.measuring import Findings, Pace

SUSPICIOUS = 4.9
"""Standard deviations. Equal distributions get this far once in a million tests; 100 pairs without any overlap are 12.2 apart."""

SETTINGS: Sequence[Mapping[str, str]] = (
    {"PASSWORD_RESET": "code"},
    {"PASSWORD_RESET": "link"},
    {"EMAIL_VERIFICATION": "mandatory"},
)


def measure(_pace: Pace) -> Findings:
    """Measure inside one process for each of some settings; all pairs, whatever the pace: fewer would tell nothing."""
    return Findings([row for settings in SETTINGS for row in _rows(settings)])


def _rows(settings: Mapping[str, str]) -> list[Row]:
    with services() as running, tempfile.NamedTemporaryFile() as answer:
        environment = prepare_environment(running, **settings)
        running.run("refusals", python("-m", "bench.refusals", answer.name), environment)
        found = msgspec.json.decode(Path(answer.name).read_bytes(), type=dict[str, Compared])
    return [_row(name, compared) for name, compared in found.items()]


def _row(name: str, compared: Compared) -> Row:
    more = msgspec.to_builtins(compared)
    if name == CARELESS:
        return alone(
            f"{name} is found out, standard deviations apart", "", abs(compared.apart), ">=", SUSPICIOUS, **more
        )
    return alone(f"{name}: standard deviations apart", "", abs(compared.apart), "<=", SUSPICIOUS, **more)
