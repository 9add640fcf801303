"""The command line of the replay.

Users and sessions are made in the database, because sign-up is limited on purpose: run it with the server's own DATABASE_URL,
REDIS_URL and SECRET_KEY. Beside a `make run` of this clone without DATABASE_URL, its services are found.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path

import django
import httpx
import uvloop

from chat.processing.irc import IrcLog, parse_log
from project.embedded.errors import CannotStart
from project.embedded.sharing import published_addresses
from project.supervisor.preflight import check_database, check_redis

VAR = Path(__file__).resolve().parents[2] / "var"
CANNOT_RUN = 2
STOPPED = 130


class CannotReplay(Exception):
    """One sentence that says why there is nothing to judge."""


def main() -> int:
    """Replay, print the table, and return 0 when every member received every line, once and in order."""
    options = _parse()
    for name, address in published_addresses(VAR).items():
        os.environ.setdefault(name, address)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        log = _read(options.file)
        for url in options.urls:
            _reach(url)
        _check_services()
        return _replay(log, options)
    except (CannotReplay, CannotStart) as reason:
        sys.stderr.write(f"{reason}\n")
        return CANNOT_RUN
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return STOPPED


def _replay(log: IrcLog, options: argparse.Namespace) -> int:
    gc.disable()  # a collection walks everything that everybody has heard so far, and finds nothing
    django.setup()
    from django.db import Error

    from kernel.errors import DomainError
    from tests.replay.cast import Cast
    from tests.replay.report import show
    from tests.replay.run import Refused, Replay

    try:
        with Cast(log, room=options.room, community=options.community) as cast:
            replay = Replay(cast, options.urls, lines_per_second=options.speed)
            sys.stdout.write(
                f"{len(cast.members)} people say {len(cast.lines)} lines in room {options.room} of {cast.community.name}.\n"
            )
            result = uvloop.run(replay.run())
            return show(result)
    except (DomainError, Refused) as error:
        raise CannotReplay(getattr(error, "text", str(error))) from None
    except Error as error:
        raise CannotReplay(f"The database cannot be used ({str(error).splitlines()[0]}): check DATABASE_URL.") from None


def _read(file: Path) -> IrcLog:
    try:
        log = parse_log(file.read_bytes())
    except OSError as error:
        raise CannotReplay(f"{file} cannot be read: {error.strerror}.") from None
    if not log.said:
        raise CannotReplay(f"{file} has no message in it that can be read as IRC.")
    return log


def _reach(url: str) -> None:
    try:
        answer = httpx.get(f"{url}/livez", timeout=5, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CannotReplay(
            f"No server answers at {url} ({error}): start one with `make run`, or name it with --url."
        ) from None
    if not answer.is_success:
        raise CannotReplay(f"What answers at {url} is not Portcullis (status {answer.status_code} for /livez).")


def _check_services() -> None:
    """Raise `CannotStart` unless the server's PostgreSQL and Redis can be used from here too."""
    from project.environment import environment

    check_database(environment.database_url.get_secret_value())
    check_redis(environment.redis_url.get_secret_value())


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not number > 0:
        raise argparse.ArgumentTypeError("give a number of lines per second, or max")
    return number


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.replay",
        description="Replay an IRC log: one real socket per nick, every line sent as its author, and every member must "
        "receive every line, once and in order. Needs the server's DATABASE_URL, REDIS_URL and SECRET_KEY.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the log")
    parser.add_argument(
        "--url",
        action="append",
        dest="urls",
        type=lambda text: text.rstrip("/"),
        help="the server, http://127.0.0.1:8000 unless told; several spread the sockets over several servers",
    )
    parser.add_argument(
        "--speed", type=_speed, metavar="max|N", help="lines per second; max (the default) waits for acks alone"
    )
    parser.add_argument("--room", default="replay", metavar="NAME", help="the room; made when it is absent")
    parser.add_argument(
        "--community", metavar="SLUG", help="its community; the only one, or that of imports, unless told"
    )
    options = parser.parse_args()
    options.urls = options.urls or ["http://127.0.0.1:8000"]
    return options


if __name__ == "__main__":
    raise SystemExit(main())
