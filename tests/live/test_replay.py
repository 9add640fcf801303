"""People of real chat logs on real sockets of two processes behind one port: every member receives every line, once, in order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat.processing.irc import parse_log
from tests.replay.__main__ import main
from tests.replay.verdict import Heard, Line, complaints, shortened
from tests.servers import ServerGroup, server_group

ROOT = Path(__file__).resolve().parents[2]
LOGS = sorted(Path(os.environ.get("IRC_LOGS", ROOT.parent / "shared/data/irc")).glob("*.raw.txt"))
GOOD = "nothing lost, doubled or out of order"


@pytest.fixture(scope="module")
def one_port(database: str, server_name: str) -> Iterator[ServerGroup]:
    """Run two gateway processes behind one port."""
    with server_group(database, server=server_name, one_port=True) as group:
        yield group


def replay(group: ServerGroup, log: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would, in the environment of the server."""
    command = [sys.executable, "-m", "tests.replay", str(log), "--url", group.gateways[0].url, *options]
    environment = {**group.environment, "DJANGO_SETTINGS_MODULE": "project.settings", "COLUMNS": "100"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def cell(table: str, name: str) -> str:
    """Return what the table says."""
    return re.search(rf"{re.escape(name)} +│ +(.+?) +│", table)[1]


@pytest.mark.long
def test_real_logs_are_replayed_without_a_loss(one_port, tmp_path):
    """Under uvicorn each log from beginning to end, under daphne the beginning of one."""
    if not LOGS and not os.environ.get("CI"):
        pytest.skip("no logs of real chat in ../shared/data/irc")
    beginning = tmp_path / "beginning.txt"
    beginning.write_bytes(b"".join(LOGS[0].read_bytes().splitlines(keepends=True)[:300]))
    for log in LOGS if one_port.server == "uvicorn" else [beginning]:
        played = replay(one_port, log, "--room", log.stem)
        assert (played.returncode, played.stderr) == (0, ""), played.stdout
        assert cell(played.stdout, "Verdict") == GOOD
        assert cell(played.stdout, "Sockets") == str(len(parse_log(log.read_bytes()).people))
        assert cell(played.stdout, "Gateway processes") == "2"
        print(played.stdout)  # noqa: T201  # shown with -s: the figures of this machine


@pytest.fixture
def small_log(tmp_path: Path) -> Path:
    """Return a log of three people, one of whom says nothing, with a line that is none."""
    lines = ["=== cleo [~c@example.org] has joined #pier", "\x00", "[10:00] <ann> Ahoy <b>"]
    lines += [f"[10:01] <{'ben' if number % 3 else 'ann'}> {number} 海" for number in range(9)]
    log = tmp_path / "small.txt"
    log.write_text("\n".join(lines))
    return log


@pytest.mark.long
def test_limits_make_the_replay_wait_and_lose_nothing_and_are_named(database, small_log):
    limits = {"RATE_MESSAGE_CREATE": "2/1", "RATE_SOCKET_FRAME": "3/1"}
    with server_group(database, processes=1, worker=False, **limits) as group:
        played = replay(group, small_log, "--room", "limited")
    assert played.returncode == 0, played.stdout + played.stderr
    assert cell(played.stdout, "Verdict") == GOOD
    assert cell(played.stdout, "Lines") == "10 (1 odd ones skipped)"
    assert cell(played.stdout, "Sockets") == "3"
    advice = " ".join(played.stdout.split())
    assert "start it with RATE_MESSAGE_CREATE=1000000/60 RATE_SOCKET_FRAME=1000000/60." in advice


def complaint(monkeypatch, capsys, *arguments: str) -> tuple[int, str]:
    """Run the command in this process and return its exit code and what it complains of."""
    monkeypatch.setattr(sys, "argv", ["replay", *arguments])
    code = main()
    return code, capsys.readouterr().err


def test_a_missing_file_is_one_sentence(monkeypatch, capsys):
    code, sentence = complaint(monkeypatch, capsys, "no-such-file.txt")
    assert (code, sentence) == (2, "no-such-file.txt cannot be read: No such file or directory.\n")


def test_a_file_without_chat_is_one_sentence(monkeypatch, capsys, tmp_path):
    (tmp_path / "prose.txt").write_text("Dear diary,\n")
    code, sentence = complaint(monkeypatch, capsys, str(tmp_path / "prose.txt"))
    assert (code, sentence.count("\n")) == (2, 1)
    assert sentence.endswith("has no message in it that can be read as IRC.\n")


def test_a_server_that_does_not_answer_is_one_sentence(monkeypatch, capsys, small_log):
    code, sentence = complaint(monkeypatch, capsys, str(small_log), "--url", "http://127.0.0.1:9/")
    assert (code, sentence.count("\n")) == (2, 1)
    assert sentence.startswith("No server answers at http://127.0.0.1:9 (")


# The verdict --------------------------------------------------------------------------------------------------------

LINES = [Line(1, "ann", "one"), Line(2, "ben", "two"), Line(3, "ann", "three")]
AUTHORS = {"ann": "A", "ben": "B"}
ACKS = {1: 10, 2: 11, 3: 12}
ALL = [Heard(10, 1, "A", "one"), Heard(11, 2, "B", "two"), Heard(12, 3, "A", "three")]


@pytest.mark.parametrize(
    ("heard", "sentence"),
    [
        (ALL[:1] + ALL[2:], "cleo lost line 2"),
        (ALL[:2], "cleo lost line 3"),
        ([*ALL, Heard(13, 3, "A", "three")], "cleo received line 3 2 times"),
        ([ALL[1], ALL[0], ALL[2]], "cleo received seq 10 after seq 11"),
        ([*ALL[:2], Heard(12, 3, "A", "tree")], "cleo received line 3 with another text or author"),
        ([*ALL[:2], Heard(12, 3, "B", "three")], "cleo received line 3 with another text or author"),
        ([*ALL[:2], Heard(14, 3, "A", "three")], "cleo received line 3 as seq 14, acknowledged was 12"),
        ([*ALL, Heard(13, 9, "A", "nine")], "cleo received line 9, which nobody said"),
    ],
)
def test_whatever_goes_wrong_for_a_member_is_found(heard, sentence):
    assert complaints(LINES, AUTHORS, ACKS, {"ann": ALL, "cleo": ALL}) == []
    assert sentence in complaints(LINES, AUTHORS, ACKS, {"ann": ALL, "cleo": heard})


@pytest.mark.parametrize(
    ("acks", "sentence"),
    [
        ({1: 10, 2: 11}, "line 3 was never acknowledged"),
        ({1: 12, 2: 11, 3: 10}, "ann's line 3 has its place before their line 1"),
        ({1: 10, 2: 10, 3: 12}, "seq 10 was given to 2 lines"),
    ],
)
def test_whatever_goes_wrong_for_the_room_is_found(acks, sentence):
    assert sentence in complaints(LINES, AUTHORS, acks, {})


def test_only_the_first_complaints_are_shown():
    assert shortened([str(number) for number in range(25)])[-2:] == ["19", "and 5 more"]
