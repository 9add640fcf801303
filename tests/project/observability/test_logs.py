"""Log lines: one per event, readable by machines in production, without secrets anywhere."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import structlog

from project.observability.logs import formatter

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    def formatted(*, as_json: bool = True) -> list[str]:
        return [formatter(as_json=as_json).format(record) for record in caplog.records]

    return formatted


def test_a_json_line_has_time_level_logger_and_fields(lines: Any) -> None:
    structlog.get_logger("chat").warning("message_refused", room="r1", count=2)
    line = json.loads(lines()[0])
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "message_refused", "level": "warning", "logger": "chat", "room": "r1", "count": 2}


def test_lines_of_the_standard_library_look_the_same(lines: Any) -> None:
    logging.getLogger("library").error("failed %d times", 3)
    assert json.loads(lines()[0])["event"] == "failed 3 times"


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "hush"},
        {"refresh_token": "hush"},
        {"Authorization": "Bearer hush"},
        {"headers": {"Cookie": "hush", "nested": [{"api_key": "hush"}]}},
        {"body": "hush"},
        {"ticket": "hush"},
        {"url": "postgres://me:hush@db/chat"},
        {"header": "Bearer hush"},
        {"path": "/ws/v1?ticket=hush"},
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_dropped_by_name_and_by_look(lines: Any, fields: dict[str, Any], as_json: bool) -> None:
    structlog.get_logger("chat").warning("event", **fields)
    (line,) = lines(as_json=as_json)
    assert "hush" not in line
    assert "[redacted]" in line


def test_tokens_in_messages_and_traces_are_dropped(lines: Any) -> None:
    try:
        int(f"bad token {TOKEN}")
    except ValueError:
        logging.getLogger("library").exception("could not read %s", TOKEN)
    (line,) = lines()
    assert TOKEN not in line
    assert "'bad token [redacted]'" in json.loads(line)["exception"]


def test_a_text_with_line_breaks_stays_one_json_line(lines: Any) -> None:
    structlog.get_logger("chat").warning("event", name="a\nlevel=critical")
    assert len(lines()[0].splitlines()) == 1
