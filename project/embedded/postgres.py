"""The embedded PostgreSQL: making its cluster, describing its process, and telling when it takes connections."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from project.embedded.accounts import Account, give_to
from project.embedded.binaries import Binaries
from project.embedded.errors import CannotStart
from project.embedded.homes import Home
from project.embedded.processes import Program

NAME = "portcullis"  # of the role and of the database
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}  # nothing of the caller's PGDATA, PGPORT ...
LASTING_OPTIONS = {"max_connections": "200", "jit": "off"}
THROWAWAY_OPTIONS = LASTING_OPTIONS | {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "4GB",
}
ORPHAN_SECONDS = (3.0, 15.0, 5.0)  # to end by itself, after a fast shutdown, after an immediate one


def make_cluster(home: Home, binaries: Binaries) -> None:
    """Make the data folder and the password unless they exist. A half-made cluster never takes the folder's final name."""
    data = home.data / "postgres"
    if data.exists():
        return
    unfinished = home.data / "postgres.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(mode=0o700)
        give_to(home.account, unfinished)
        password = _write_password(home)
    except OSError as error:
        raise CannotStart(f"Cannot write PostgreSQL's data in {home.data} ({error.strerror}).") from None
    _run_initdb(home, binaries, unfinished, password)
    unfinished.rename(data)


def postgres_program(home: Home, binaries: Binaries, port: int, options: dict[str, str]) -> Program:
    """Describe the server: loopback only, no socket file (its path could be too long), fast shutdown on SIGINT."""
    settings = {"port": str(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": "", **options}
    flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
    return Program(
        name="PostgreSQL",
        argv=[str(binaries.postgres), "-D", str(home.data / "postgres"), *flags],
        log=home.logs / "postgres.log",
        environment=ENVIRONMENT,
        folder=home.data,
        account=home.account,
        stop_signal=signal.SIGINT,
        stop_seconds=20.0,
    )


def postgres_url(home: Home, port: int) -> str:
    """Return the DATABASE_URL of the embedded server. Other users of the machine can reach the port, hence the password."""
    return f"postgres://{NAME}:{_password_file(home).read_text().strip()}@127.0.0.1:{port}/{NAME}"


def takes_connections(url: str) -> bool:
    """Tell whether the server answers, and make our database on the first time that it does."""
    try:
        with psycopg.connect(url.rpartition("/")[0] + "/postgres", connect_timeout=2, autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [NAME]).fetchone()
            if found is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(NAME)))
    except psycopg.OperationalError:
        return False
    return True


def recover_from_unclean_end(home: Home) -> None:
    """Deal with what a killed run left: stop its server if that still runs on our data, forget a stale lock file."""
    lock = home.data / "postgres" / "postmaster.pid"
    try:
        pid = int(lock.read_text().split()[0])
    except (OSError, IndexError, ValueError):
        return
    for stop_signal, seconds in zip((None, signal.SIGINT, signal.SIGQUIT), ORPHAN_SECONDS, strict=True):
        if not _is_our_server(pid, home):
            break
        if stop_signal is not None:
            os.kill(pid, stop_signal)
        _wait_for_end(pid, home, seconds)
    lock.unlink(missing_ok=True)


def _write_password(home: Home) -> Path:
    file = _password_file(home)
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_hex(16))
    give_to(home.account, file)
    return file


def _password_file(home: Home) -> Path:
    return home.data / "postgres.password"


def _run_initdb(home: Home, binaries: Binaries, data: Path, password: Path) -> None:
    """Run initdb with rules that are the same on every machine; `scram_iterations=1` since the password is random, not human."""
    options = [f"--username={NAME}", "--auth=scram-sha-256", f"--pwfile={password}", "-c", "scram_iterations=1"]
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    account: Account | None = home.account
    result = subprocess.run(
        [binaries.initdb, "--pgdata", data, *options, *locale, "--no-sync", "--no-instructions"],
        check=False,
        capture_output=True,
        text=True,
        cwd=home.data,
        env=ENVIRONMENT,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if result.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise CannotStart(why_initdb_failed(result.stderr, home.data))


def why_initdb_failed(output: str, folder: Path) -> str:
    """Turn what initdb wrote into one sentence."""
    if any(sign in output for sign in ("No space left on device", "Disk quota exceeded", "Check free disk space")):
        return f"The disk is full: PostgreSQL needs about 100 MB in {folder}."
    errors = [line for line in output.splitlines() if "error:" in line or "FATAL:" in line]
    reason = errors[0].strip() if errors else "initdb gave no reason"
    return f"PostgreSQL's data could not be made in {folder}: {reason}"


def _is_our_server(pid: int, home: Home) -> bool:
    """Tell whether the process is a PostgreSQL server on our data: a number alone may have passed to a stranger."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return arguments[0].endswith(b"/postgres") and os.fsencode(home.data / "postgres") in arguments


def _wait_for_end(pid: int, home: Home, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _is_our_server(pid, home) and time.monotonic() < deadline:
        time.sleep(0.05)
