"""What is forked is what its command line would have started: arguments, environment, output, session, sockets, end."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

import pytest

from project.embedded.processes import Program
from tests.forks import executed, forked
from tests.servers import environment_of

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux alone"),
    pytest.mark.xdist_group("forks"),
]

TELL = """
import gc, json, os, random, sys, threading
print(json.dumps({
    "name": __name__,
    "arguments": sys.argv,
    "colour": os.environ["COLOUR"],
    "folder": os.getcwd(),
    "leads a session": os.getsid(0) == os.getpid(),
    "collects": gc.isenabled(),
    "threads": threading.active_count(),
    "input": sys.stdin.read(),
}))
print(random.random(), file=sys.stderr)
sys.exit(7)
"""
SAY = """
import os, socket, sys, time
with socket.socket(fileno=int(sys.argv[1])) as one:
    one.send(b"here")
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def environment():
    return environment_of(COLOUR="green")


@pytest.fixture(scope="module")
def starters(environment, tmp_path_factory):
    """Return both ways to start a program."""
    log = tmp_path_factory.mktemp("forks") / "fork-server.log"
    with forked(environment, log) as fork, executed(environment, log) as execute:
        yield {"fork": fork, "execute": execute}


@pytest.fixture
def program(tmp_path, environment):
    """Return a function that describes a program."""

    def describe(code, *arguments, **options):
        script = tmp_path / "program.py"
        script.write_text(code)
        command = [sys.executable, str(script), *arguments]
        return Program("program", command, tmp_path / "log", environment, tmp_path, **options)

    return describe


def test_a_fork_finds_what_a_start_by_command_line_finds(starters, program):
    told = {}
    for way, starter in starters.items():
        child = starter(program(TELL, "--loud"))
        child.start()
        assert child.wait(60)
        assert child.exit_code == 7
        told[way], _ = child.program.log.read_text().splitlines()
        child.program.log.unlink()
    assert told["fork"] == told["execute"]
    assert json.loads(told["fork"])["colour"] == "green"


def test_forks_draw_other_random_numbers(starters, program):
    child = starters["fork"](program(TELL))
    for _ in range(2):
        child.start()
        assert child.wait(60)
    _, one, _, other = child.program.log.read_text().splitlines()
    assert one != other


def test_a_fork_inherits_a_socket_by_its_number_and_dies_at_once_when_it_is_killed(starters, program):
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            child = starters["fork"](program(SAY, str(theirs.fileno()), sockets=(theirs.fileno(),)))
            child.start()
        assert ours.recv(4) == b"here"
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait(60)
        assert child.exit_code == -signal.SIGKILL
        assert ours.recv(4) == b""


def test_forks_end_with_what_has_forked_them(environment, program, tmp_path):
    ours, theirs = socket.socketpair()
    with ours:
        with forked(environment, tmp_path / "fork-server.log") as fork, theirs:
            fork(program(SAY, str(theirs.fileno()), sockets=(theirs.fileno(),))).start()
            assert ours.recv(4) == b"here"
        assert ours.recv(4) == b""


def test_a_program_with_another_environment_is_refused(starters, program, tmp_path):
    described = program(TELL)
    other = Program("other", described.argv, described.log, {"COLOUR": "red"}, tmp_path)
    with pytest.raises(ValueError, match=r"^other has another environment than the fork server$"):
        starters["fork"](other).start()
    assert not described.log.exists()
