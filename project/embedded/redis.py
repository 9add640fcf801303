"""The embedded Redis: describing its process and telling when it answers. It keeps nothing on disk: Redis holds only what may be lost."""

from __future__ import annotations

import os
import secrets

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from project.embedded.accounts import give_to
from project.embedded.binaries import Binaries
from project.embedded.homes import Home, make_folder
from project.embedded.processes import Program


def new_password() -> str:
    """Return a password for one run of the server."""
    return secrets.token_hex(16)


def redis_program(home: Home, binaries: Binaries, port: int, password: str) -> Program:
    """Describe the server. Its configuration goes through standard input, where no process list shows the password."""
    folder = home.data / "redis"
    make_folder(folder, 0o700)
    give_to(home.account, folder)
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        "databases 64",  # one for each process of a parallel test run
        'save ""',
        "appendonly no",
        f'dir "{folder}"',
    ]
    return Program(
        name="Redis",
        argv=[str(binaries.redis_server), "-"],
        log=home.logs / "redis.log",
        environment={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
        folder=folder,
        account=home.account,
        stdin="\n".join(lines).encode(),
        stop_seconds=5.0,
    )


def redis_url(port: int, password: str) -> str:
    """Return the REDIS_URL of the embedded server."""
    return f"redis://:{password}@127.0.0.1:{port}/0"


def answers(url: str) -> bool:
    """Tell whether the server behind `url` answers a ping."""
    client = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2, retry=Retry(NoBackoff(), 0))
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False
    finally:
        client.close()
