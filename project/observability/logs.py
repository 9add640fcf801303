"""How log lines look: JSON in production, readable in development; known secrets are dropped before anything is written."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

_SECRET_NAME = re.compile(
    r"password|secret|token|ticket|authorization|cookie|api_?key|refresh|access$|^body$", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"  # a JSON Web Token
    r"|ptc_[0-9A-Za-z]{12}_\w+"  # an API key
    r"|(?<=Bearer )[\w.~+/-]+=*"
    r"|(?<=://)[^\s/@]*:[^\s/@]*(?=@)"  # user:password of an address
    r"|(?<=ticket=)[\w-]+"
)
REDACTED = "[redacted]"


def drop_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the values of secret names, and secret-looking parts of every text, by `[redacted]`."""
    for name in event:
        event[name] = REDACTED if _SECRET_NAME.search(name) else _without_secrets(event[name])
    return event


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET_TEXT.sub(REDACTED, value)
    if isinstance(value, dict):
        return {
            key: REDACTED if _SECRET_NAME.search(str(key)) else _without_secrets(inner) for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_without_secrets(inner) for inner in value]
    return value


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def configure_structlog() -> None:
    """Send structlog's lines through the standard logging of `logging_settings`; called once, by settings."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def logging_settings(*, level: str, as_json: bool) -> dict[str, Any]:
    """Return Django's LOGGING: one line per record on standard error, from structlog and the standard library alike."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter, "as_json": as_json}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Replaced by our own access line, or by the exception that django_structlog logs with its trace.
            "django.request": {"level": "CRITICAL"},
            "django.server": {"level": "WARNING", "handlers": [], "propagate": True},
            "uvicorn.access": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
            "procrastinate": {"level": "WARNING"},
            # They would write numbers, addresses and the texts of messages.
            "twilio": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
            "botocore": {"level": "WARNING"},
        },
    }


def formatter(*, as_json: bool) -> logging.Formatter:
    """Return the formatter of every line; built by the logging configuration."""
    # Plain traces: the pretty ones would print local variables, and with them secrets.
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    renderer: Processor = structlog.processors.JSONRenderer() if as_json else console
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            drop_secrets,
            renderer,
        ],
    )
