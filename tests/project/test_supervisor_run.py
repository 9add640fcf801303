"""`make run` as a whole, in a folder of its own beside whatever else runs on this machine: start, use, break, stop, start again."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
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
    """A folder for data and logs; root's services keep theirs in another one that they can enter, which goes as well."""
    folder = tmp_path / "var"
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


def test_it_starts_seeds_survives_broken_children_stops_cleanly_and_keeps_its_data(var):
    process, lines = start_and_wait(var, PROCESSES="2")
    try:
        address = address_in(lines)
        wait_until(lambda: is_ready(address))
        assert any("ingrid  (owner)" in line for line in lines)
        children = children_of(process)
        gateways = [pid for pid, arguments in children.items() if "project.serve" in arguments]
        assert len(gateways) == 2
        assert len(children) == 5

        bearer = sign_in(address)
        [community] = httpx.get(f"{address}/api/v1/communities", headers=bearer, timeout=60).json()["items"]
        assert community["slug"] == "lantern-quay"

        for pid in children:  # every kind of child, each brought back
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(children_of(process)) == 5 and not children.keys() & children_of(process).keys())
        wait_until(lambda: is_ready(address))

        last = list(children_of(process))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert "Stopped." in process.stdout.read()
        assert not any(alive(pid) for pid in last)
    finally:
        process.kill()
        process.wait()

    again, lines = start_and_wait(var)
    try:
        bearer = sign_in(address_in(lines))
        mine = httpx.get(f"{address_in(lines)}/api/v1/communities", headers=bearer, timeout=60)
        assert [item["id"] for item in mine.json()["items"]] == [community["id"]]
    finally:
        again.terminate()
        assert again.wait(60) == 0


def test_after_kill_9_nothing_lingers_and_the_next_start_works(var):
    process, _ = start_and_wait(var)
    children = list(children_of(process))
    assert len(children) == 4
    process.kill()
    process.wait()
    wait_until(lambda: not any(alive(pid) for pid in children))
    again, _ = start_and_wait(var, SERVER="daphne")
    again.terminate()
    assert again.wait(60) == 0


def test_a_second_one_in_the_same_folder_is_refused_and_the_first_lives_on(var):
    process, lines = start_and_wait(var)
    try:
        code, said = run_to_the_end(var)
        assert (code, said) == (
            1,
            f"Portcullis already runs from this folder (process {process.pid}): stop that one first.",
        )
        assert httpx.get(f"{address_in(lines)}/livez", timeout=60).status_code == 200
    finally:
        process.terminate()
        assert process.wait(60) == 0


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
