"""The parts of `make run`: options, listening sockets, preflight, the family of children. The whole of it is in test_supervisor_run."""

from __future__ import annotations

import signal
import socket
import sys
import time

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from project.embedded.errors import CannotStart
from project.embedded.processes import Child, Program
from project.embedded.sharing import AlreadyRunning, publish_addresses, published_addresses, sole_owner
from project.supervisor import metrics_folder
from project.supervisor.banner import banner
from project.supervisor.family import HEALTHY_SECONDS, Family
from project.supervisor.listeners import open_listeners, url_of
from project.supervisor.logs import LARGEST_BYTES, rotate_large_logs
from project.supervisor.options import Options, read_options
from project.supervisor.preflight import check_database, check_redis, place_of

# --- Options ---------------------------------------------------------------------------------------------------------


def test_without_words_there_is_one_uvicorn_process_on_loopback_port_8000():
    assert read_options({}) == Options(processes=1, port=8000, address="127.0.0.1", server="uvicorn")


def test_every_option_is_read_and_an_empty_one_is_none():
    given = {"PROCESSES": "3", "PORT": "8123", "BIND": "0.0.0.0", "SERVER": "daphne"}
    assert read_options(given) == Options(processes=3, port=8123, address="0.0.0.0", server="daphne")
    assert read_options(dict.fromkeys(given, "")) == Options()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "abc", "PORT is 'abc': give a number from 0 to 65535."),
        ("PORT", "65536", "PORT is '65536': give a number from 0 to 65535."),
        ("PORT", "-1", "PORT is '-1': give a number from 0 to 65535."),
        ("PORT", "٣", "PORT is '٣': give a number from 0 to 65535."),
        ("PROCESSES", "0", "PROCESSES is '0': give a number from 1 to 32."),
        ("PROCESSES", "1.5", "PROCESSES is '1.5': give a number from 1 to 32."),
        ("SERVER", "gunicorn", "SERVER is 'gunicorn': choose one of uvicorn, daphne."),
    ],
)
def test_a_wrong_option_is_one_sentence(name, value, sentence):
    with pytest.raises(CannotStart) as caught:
        read_options({name: value})
    assert str(caught.value) == sentence


# --- Listening sockets -----------------------------------------------------------------------------------------------


def test_every_process_has_a_listening_socket_of_its_own_on_one_port():
    listeners = open_listeners("127.0.0.1", 0, 3)
    ports = {listener.getsockname()[1] for listener in listeners}
    assert len(listeners) == 3
    assert len(ports) == 1
    for listener in listeners:
        listener.close()


def test_new_connections_spread_over_the_sockets():
    listeners = open_listeners("127.0.0.1", 0, 2)
    clients = [socket.create_connection(listeners[0].getsockname()) for _ in range(200)]
    accepted = []
    for listener in listeners:
        listener.setblocking(False)
        count = 0
        while True:
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                break
            count += 1
        accepted.append(count)
    for one in (*clients, *listeners):
        one.close()
    assert sum(accepted) == 200
    assert min(accepted) > 50


def test_a_port_in_use_is_one_sentence_even_if_its_user_would_share_it():
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotStart) as caught:
            open_listeners("127.0.0.1", port, 2)
    assert str(caught.value) == (
        f"Port {port} is in use: stop what uses it, or choose another, as in `make run PORT={port + 1}`."
    )


def test_an_address_that_is_not_of_this_machine_is_one_sentence():
    with pytest.raises(CannotStart, match=r"^BIND is 'nowhere.invalid': that is no address of this machine.$"):
        open_listeners("nowhere.invalid", 0, 1)
    with pytest.raises(CannotStart, match=r"^Cannot listen on 192.0.2.1 port 0: "):
        open_listeners("192.0.2.1", 0, 1)


def test_the_address_for_a_browser_is_one_that_a_browser_can_open():
    [everywhere] = open_listeners("0.0.0.0", 0, 1)
    assert url_of(everywhere) == f"http://127.0.0.1:{everywhere.getsockname()[1]}/"
    everywhere.close()


# --- Preflight -------------------------------------------------------------------------------------------------------


def test_an_unreachable_database_is_one_sentence_without_the_password():
    with pytest.raises(CannotStart) as caught:
        check_database("postgres://somebody:hush@127.0.0.1:1/name")
    assert str(caught.value) == (
        "PostgreSQL at 127.0.0.1:1 cannot be used (Connection refused): check DATABASE_URL, "
        "or unset it to run with the embedded PostgreSQL."
    )


def test_an_unreachable_redis_is_one_sentence_without_the_password():
    with pytest.raises(
        CannotStart, match=r"^Redis at 127.0.0.1:1 cannot be used \(.*refused\): check REDIS_URL"
    ) as caught:
        check_redis("redis://:hush@127.0.0.1:1/0")
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgres://u:p@db.example.org/name", "db.example.org:5432"),
        ("postgres://u:p@db.example.org:6000/name", "db.example.org:6000"),
        ("postgres://u:p@/name?host=/run/postgresql", "/run/postgresql"),
        ("unix:///run/redis.sock", "/run/redis.sock"),
    ],
)
def test_only_the_place_of_an_address_is_shown(url, place):
    assert place_of(url, 5432) == place


# --- The family ------------------------------------------------------------------------------------------------------


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def said():
    return []


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def family(said, clock):
    members = Family(said.append, clock)
    yield members
    members.stop(in_a_hurry=lambda: True)


def child_of(tmp_path, code, name="gateway 1", **options):
    child = Child(Program(name, [sys.executable, "-c", code], tmp_path / "child.log", **options))
    child.start()
    return child


def test_a_child_that_dies_is_reported_and_starts_again_after_a_pause_that_grows(tmp_path, family, said, clock):
    child = child_of(tmp_path, "raise SystemExit(3)")
    family.adopt(child)
    pauses = []
    for _ in range(6):
        assert child.wait(60)
        family.look_after()
        pauses.append(said[-1].split("again in ")[1].split(" s;")[0])
        clock.now += 5.0
        family.look_after()
    assert pauses == ["0.5", "1", "2", "4", "5", "5"]
    assert said[0] == f"gateway 1 ended (exit code 3) and starts again in 0.5 s; see {tmp_path / 'child.log'}"


def test_a_child_is_not_started_before_its_pause_is_over(tmp_path, family, clock):
    child = child_of(tmp_path, "raise SystemExit(3)")
    family.adopt(child)
    assert child.wait(60)
    family.look_after()
    dead = child.pid
    clock.now += 0.4
    family.look_after()
    assert child.pid == dead
    clock.now += 0.2
    family.look_after()
    assert child.pid != dead


def test_a_child_that_was_healthy_for_long_begins_with_the_short_pause_again(tmp_path, family, said, clock):
    child = child_of(tmp_path, "import time; time.sleep(60)")
    family.adopt(child)
    for _ in range(3):
        clock.now += HEALTHY_SECONDS + 1
        child.kill()
        family.look_after()
        assert "(killed by signal 9) and starts again in 0.5 s" in said[-1]
        clock.now += 1
        family.look_after()


def test_children_stop_youngest_first_and_those_of_one_kind_together(tmp_path):
    """The first gateway ends only when the second one has: both have been asked."""
    order = tmp_path / "order"
    order.touch()
    code = (
        "import signal, sys, time\n"
        "def stop(*_):\n"
        "    while sys.argv[2] not in open(sys.argv[3]).read(): time.sleep(0.01)\n"
        "    open(sys.argv[3], 'a').write(sys.argv[1] + ' '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, stop); print('up', flush=True)\n"
        "while True: time.sleep(1)\n"
    )
    family = Family([].append)
    for name, after in (("database", ""), ("worker", ""), ("gateway 1", "gateway2"), ("gateway 2", "")):
        command = [sys.executable, "-c", code, name.replace(" ", ""), after, str(order)]
        child = Child(Program(name, command, tmp_path / f"{name}.log", stop_seconds=60.0))
        child.start()
        while child.last_words() != "up":
            time.sleep(0.01)
        family.adopt(child)
    family.stop(in_a_hurry=lambda: False)
    assert order.read_text().split() == ["gateway2", "gateway1", "worker", "database"]


def test_a_child_that_does_not_stop_in_time_is_killed_and_reported(tmp_path, said):
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    child = child_of(tmp_path, code, stop_seconds=0.2)
    while child.last_words() != "up":
        time.sleep(0.01)
    family = Family(said.append)
    family.adopt(child)
    family.stop(in_a_hurry=lambda: False)
    assert child.exit_code == -signal.SIGKILL
    assert said == ["gateway 1 did not stop in time and was killed."]


COUNTING = """
import os
os.environ["PROMETHEUS_MULTIPROC_DIR"] = {folder!r}
from prometheus_client import Counter, Gauge
Counter("served", "Served.").inc(2)
Gauge("open", "Open.", multiprocess_mode="livesum").set(3)
"""


def test_what_a_child_counted_outlives_it_and_what_it_said_of_the_present_does_not(tmp_path, said, clock):
    folder = tmp_path / "metrics"
    metrics_folder.empty(folder)
    family = Family(said.append, clock, ended=lambda pid: metrics_folder.forget(folder, pid))
    child = child_of(tmp_path, COUNTING.format(folder=str(folder)))
    family.adopt(child)
    assert child.wait(60)
    assert samples_in(folder) == {"served_total": 2, "open": 3}
    family.look_after()
    assert samples_in(folder) == {"served_total": 2}
    metrics_folder.empty(folder)
    assert samples_in(folder) == {}


def samples_in(folder):
    collected = MultiProcessCollector(CollectorRegistry(), str(folder)).collect()
    return {sample.name: sample.value for metric in collected for sample in metric.samples}


# --- Sharing, logs, banner -------------------------------------------------------------------------------------------


def test_one_clone_has_one_owner_and_others_learn_the_addresses(tmp_path):
    with sole_owner(tmp_path):
        publish_addresses(tmp_path, {"REDIS_URL": "redis://there"})
        assert published_addresses(tmp_path) == {"REDIS_URL": "redis://there"}
        assert (tmp_path / "services.json").stat().st_mode & 0o777 == 0o600
        with pytest.raises(AlreadyRunning, match=r"^Portcullis already runs from this folder \(process \d+\)"):
            sole_owner(tmp_path).__enter__()
    assert published_addresses(tmp_path) == {}
    with sole_owner(tmp_path):
        pass


def test_a_large_log_is_set_aside_and_a_small_one_is_not(tmp_path):
    (tmp_path / "small.log").write_bytes(b"small")
    (tmp_path / "large.log").write_bytes(b"x" * (LARGEST_BYTES + 1))
    with (tmp_path / "large.log").open("ab") as writer:
        rotate_large_logs(tmp_path)
        writer.write(b"goes on")
    assert (tmp_path / "large.log").read_bytes() == b"goes on"
    assert (tmp_path / "large.log.1").stat().st_size == LARGEST_BYTES + 1
    assert not (tmp_path / "small.log.1").exists()


def test_the_banner_names_address_logins_logs_and_how_to_stop():
    assert banner(
        "http://127.0.0.1:8000/", ["ada  (owner)", "bob  (member)"], 1.234, has_outbox=False
    ).splitlines() == [
        "",
        "Portcullis runs (ready in 1.2 s).",
        "",
        "  Open        http://127.0.0.1:8000/",
        "  Sign in as  ada  (owner)",
        "              bob  (member)",
        "  API         http://127.0.0.1:8000/api/",
        "  Logs        var/log",
        "  Data        var/services",
        "  Stop        Ctrl-C",
    ]


def test_where_there_is_an_outbox_the_banner_names_its_address():
    lines = banner("http://127.0.0.1:8000/", [], 1.0, has_outbox=True).splitlines()
    assert "  Mail, SMS   http://127.0.0.1:8000/dev/outbox" in lines
