"""`make run` as a whole, in a folder of its own beside whatever else runs on this machine: start, use, break, stop, start again."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
UNSET = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PORT", "PROCESSES", "SERVER", "BIND")
START = """
import sys
from pathlib import Path
from project.supervisor import programs
programs.VAR = Path(sys.argv[1])
programs.LOGS = programs.VAR / "log"
from project.supervisor.__main__ import main
raise SystemExit(main())
"""
READY_SECONDS = 240  # of a machine that runs the rest of the suite at the same time
pytestmark = pytest.mark.long


@pytest.fixture
def var(tmp_path):
    """A new folder for data and logs."""
    yield from new_folder(tmp_path)


def new_folder(parent):
    """Yield a folder; root's services keep their data in another one that they can enter, which goes as well."""
    folder = parent / "var"
    yield folder
    services = folder / "services"
    if services.is_symlink():
        subprocess.run(["rm", "-rf", str(services.resolve())], check=True)


def start(var, **options):
    environment = {name: value for name, value in os.environ.items() if name not in UNSET}
    return subprocess.Popen(
        [sys.executable, "-c", START, str(var)],
        cwd=ROOT,
        env=environment | {"ENVIRONMENT": "test", "PORT": "0"} | options,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
        preexec_fn=_as_in_a_terminal,
    )


def _as_in_a_terminal():
    """A run of the tests in the background of a script ignores Ctrl-C, and so would the children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start_and_wait(var, **options):
    """Start, and return the process with the lines of its banner."""
    process = start(var, **options)
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if line.startswith("  Stop "):
            return process, lines
    raise AssertionError("\n".join(lines))


def run_to_the_end(var, **options):
    """Start something that cannot start; return its exit code and what it said."""
    process = start(var, **options)
    said, _ = process.communicate(timeout=READY_SECONDS)
    return process.returncode, said.strip()


def address_in(lines):
    return next(re.search(r"http://\S+?(?=/$)", line)[0] for line in lines if line.startswith("  Open "))


def children_of(process):
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(process.pid)], capture_output=True, text=True)
    found = (line.strip().split(maxsplit=1) for line in listed.stdout.splitlines())
    return {int(pid): arguments for pid, arguments in found}


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, seconds=120.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def is_ready(address):
    try:
        return httpx.get(f"{address}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def sign_in(address):
    answer = httpx.post(
        f"{address}/api/v1/auth/login", json={"login": "ingrid", "password": "marigold-1931"}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access']}"}


@dataclass(frozen=True)
class FirstRun:
    """What was seen of a run that began in a new folder and was interrupted; tests go on with its data, which takes long to make."""

    var: Path
    banner: list[str]
    children: dict[int, str]
    communities: list[dict[str, object]]
    exit_code: int
    last_words: str
    left_alive: list[int]


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """Start in a new folder, sign in, break every kind of child, wait until each is back, and stop."""
    folders = new_folder(tmp_path_factory.mktemp("first-run"))
    var = next(folders)
    process, banner = start_and_wait(var, PROCESSES="2")
    try:
        address = address_in(banner)
        wait_until(lambda: is_ready(address))
        children = children_of(process)
        communities = communities_of_the_owner(address)
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        amount = len(children)
        wait_until(lambda: len(children_of(process)) == amount and not children.keys() & children_of(process).keys())
        wait_until(lambda: is_ready(address))
        last = list(children_of(process))
        process.send_signal(signal.SIGINT)
        exit_code = process.wait(60)
        left_alive = [pid for pid in last if alive(pid)]
    finally:
        process.kill()
        process.wait()
    yield FirstRun(var, banner, children, communities, exit_code, process.stdout.read(), left_alive)
    next(folders, None)


def communities_of_the_owner(address):
    return httpx.get(f"{address}/api/v1/communities", headers=sign_in(address), timeout=60).json()["items"]


@pytest.mark.xdist_group("first-run")
def test_it_starts_seeds_survives_broken_children_and_stops_cleanly(first_run):
    assert any("ingrid  (owner)" in line for line in first_run.banner)
    started = list(first_run.children.values())
    assert len(started) == 5
    assert sum("project.serve" in arguments for arguments in started) == 2
    assert [community["slug"] for community in first_run.communities] == ["lantern-quay"]
    assert (first_run.exit_code, first_run.left_alive) == (0, [])
    assert "Stopped." in first_run.last_words


@pytest.mark.xdist_group("first-run")
def test_the_next_start_keeps_the_data_and_one_more_in_the_same_folder_is_refused_and_harms_nobody(first_run):
    process, banner = start_and_wait(first_run.var)
    try:
        code, said = run_to_the_end(first_run.var)
        assert (code, said) == (
            1,
            f"Portcullis already runs from this folder (process {process.pid}): stop that one first.",
        )
        kept = communities_of_the_owner(address_in(banner))
        assert [item["id"] for item in kept] == [item["id"] for item in first_run.communities]
    finally:
        process.terminate()
        assert process.wait(60) == 0


@pytest.mark.xdist_group("first-run")
def test_after_kill_9_nothing_lingers_and_the_next_start_works(first_run):
    process, _ = start_and_wait(first_run.var)
    children = list(children_of(process))
    assert len(children) == 4
    process.kill()
    process.wait()
    wait_until(lambda: not any(alive(pid) for pid in children))
    again, _ = start_and_wait(first_run.var, SERVER="daphne")
    again.terminate()
    assert again.wait(60) == 0


def test_a_port_in_use_is_one_sentence_and_nothing_was_started(var):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = run_to_the_end(var, PORT=str(port))
    assert (code, said) == (
        1,
        f"Port {port} is in use: stop what uses it, or choose another, as in `make run PORT={port + 1}`.",
    )
    assert not (var / "services").exists()


def test_an_unreachable_database_is_one_sentence_and_nothing_was_started(var):
    code, said = run_to_the_end(var, DATABASE_URL="postgres://somebody:hush@127.0.0.1:1/name")
    assert code == 1
    assert said.startswith("PostgreSQL at 127.0.0.1:1 cannot be used (Connection refused): check DATABASE_URL")
    assert "hush" not in said
    assert "\n" not in said


def test_an_unreachable_redis_is_one_sentence_and_what_had_started_is_stopped(var):
    code, said = run_to_the_end(var, REDIS_URL="redis://:hush@127.0.0.1:1/0")
    assert code == 1
    assert said.startswith("Redis at 127.0.0.1:1 cannot be used")
    assert "hush" not in said
    assert "\n" not in said
    assert not (var / "services" / "postgres" / "postmaster.pid").exists()


def test_production_with_an_unset_secret_is_refused_before_anything_starts(var):
    code, said = run_to_the_end(var, ENVIRONMENT="production", SECRET_KEY="", DATABASE_URL="postgres://a@127.0.0.1:1/a")
    assert code != 0
    assert said.splitlines()[0].startswith("Not started: SECRET_KEY is ")
    assert not var.exists()


def test_production_does_not_get_embedded_services(var):
    code, said = run_to_the_end(
        var,
        ENVIRONMENT="production",
        SECRET_KEY="0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        ALLOWED_HOSTS="chat.example.org",
        HTTPS_ONLY="true",
        TRUSTED_PROXY_COUNT="1",
        MAIL_PROVIDER="smtp",
        MAIL_FROM="chat@example.org",
        SMTP_HOST="smtp.example.org",
        SMS_PROVIDER="none",
    )
    assert (code, said) == (
        1,
        "DATABASE_URL is not set: the embedded services are not for production, give the address of your own.",
    )


def test_a_wrong_number_of_processes_is_one_sentence(var):
    assert run_to_the_end(var, PROCESSES="none") == (1, "PROCESSES is 'none': give a number from 1 to 32.")
