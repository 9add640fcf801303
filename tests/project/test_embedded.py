"""The embedded services: made once, kept, recovered after a kill, and never in anyone else's way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from project.embedded import homes
from project.embedded.accounts import Account, account_for
from project.embedded.binaries import binaries_for_everyone, find_binaries, reachable_by_anyone
from project.embedded.errors import CannotStart
from project.embedded.homes import lasting_home
from project.embedded.postgres import why_initdb_failed
from project.embedded.processes import Child, Program
from project.embedded.services import start_postgres, start_redis, throwaway_services

pytestmark = pytest.mark.long

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the account of a process")


@pytest.fixture
def var(tmp_path_factory):
    """A `var` folder that every account can enter, as in a clone in an ordinary place."""
    folder = Path("/tmp") / f"portcullis-var-{os.getpid()}-{time.monotonic_ns()}"
    folder.mkdir(mode=0o755)
    yield folder / "var"
    elsewhere = (folder / "var" / "services").resolve()
    shutil.rmtree(folder)
    shutil.rmtree(elsewhere, ignore_errors=True)


def rows_of(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query).fetchall()


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def test_throwaway_services_answer_and_leave_nothing_behind():
    with throwaway_services() as addresses:
        [(folder, fsync, encoding)] = rows_of(
            addresses["DATABASE_URL"],
            "select current_setting('data_directory'), current_setting('fsync'), current_setting('server_encoding')",
        )
        assert redis.Redis.from_url(addresses["REDIS_URL"]).ping() is True
        assert (fsync, encoding) == ("off", "UTF8")
        assert Path(folder).exists()
    assert not Path(folder).parent.parent.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(addresses["DATABASE_URL"])


def test_two_pairs_of_services_do_not_meet():
    with throwaway_services() as one, throwaway_services() as other:
        execute(one["DATABASE_URL"], "create table only_here ()")
        redis.Redis.from_url(one["REDIS_URL"]).set("only", "here")
        assert rows_of(other["DATABASE_URL"], "select to_regclass('only_here')") == [(None,)]
        assert redis.Redis.from_url(other["REDIS_URL"]).get("only") is None


def test_services_listen_on_loopback_only_and_want_a_password():
    with throwaway_services() as addresses:
        assert rows_of(addresses["DATABASE_URL"], "show listen_addresses") == [("127.0.0.1",)]
        assert rows_of(addresses["DATABASE_URL"], "show unix_socket_directories") == [("",)]
        port = urlsplit(addresses["DATABASE_URL"]).port
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgres://portcullis:wrong@127.0.0.1:{port}/portcullis")
        client = redis.Redis.from_url(addresses["REDIS_URL"])
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=urlsplit(addresses["REDIS_URL"]).port, retry=Retry(NoBackoff(), 0)).ping()


def test_lasting_data_survives_a_clean_stop(var):
    first = start_postgres(lasting_home(var), lasting=True)
    execute(first.url, "create table kept as select 7 as answer")
    assert first.child.stop() is True
    second = start_postgres(lasting_home(var), lasting=True)
    try:
        assert rows_of(second.url, "select answer from kept") == [(7,)]
        assert rows_of(second.url, "show fsync") == [("on",)]
    finally:
        second.child.stop()


def test_lasting_data_survives_kill_9(var):
    first = start_postgres(lasting_home(var), lasting=True)
    execute(first.url, "create table kept as select 7 as answer")
    first.child.kill()
    assert (lasting_home(var).data / "postgres" / "postmaster.pid").exists()
    second = start_postgres(lasting_home(var), lasting=True)
    try:
        assert rows_of(second.url, "select answer from kept") == [(7,)]
    finally:
        second.child.stop()


def test_a_lock_file_that_names_a_stranger_is_forgotten_and_the_stranger_lives(var):
    first = start_postgres(lasting_home(var), lasting=True)
    first.child.kill()
    stranger = subprocess.Popen(["sleep", "60"])
    lock = lasting_home(var).data / "postgres" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
    second = start_postgres(lasting_home(var), lasting=True)
    try:
        assert rows_of(second.url, "select 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        second.child.stop()
        stranger.kill()
        stranger.wait()


def test_a_server_that_a_killed_run_left_on_our_data_is_stopped_first(var, monkeypatch):
    monkeypatch.setattr("project.embedded.postgres.ORPHAN_SECONDS", (0.1, 15.0, 5.0))
    home = lasting_home(var)
    orphan = start_postgres(home, lasting=True)
    second = start_postgres(home, lasting=True)
    try:
        assert orphan.child.wait(60) is True
        assert rows_of(second.url, "select 1") == [(1,)]
    finally:
        second.child.stop()


def test_services_die_with_a_parent_that_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import time\n"
        "from project.embedded.services import throwaway_services\n"
        "with throwaway_services() as addresses:\n"
        "    print(addresses['DATABASE_URL'], addresses['REDIS_URL'], flush=True)\n"
        "    time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        database_url, redis_url = parent.stdout.readline().split()
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (answers_postgres(database_url) or answers_redis(redis_url)):
        time.sleep(0.05)
    assert not answers_postgres(database_url)
    assert not answers_redis(redis_url)


def answers_postgres(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def answers_redis(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0)).ping())
    except redis.RedisError:
        return False


def test_throwaway_homes_of_killed_runs_are_removed_and_held_ones_are_not(monkeypatch):
    monkeypatch.setattr(homes, "YOUNG_SECONDS", -1)
    with homes.passing_home() as held:
        abandoned = held.data.parent.with_name(f"{homes.PASSING_PREFIX}abandoned-{os.getpid()}")
        abandoned.mkdir()
        (abandoned / "lock").touch()
        with homes.passing_home():
            assert not abandoned.exists()
            assert held.data.exists()


@as_root
def test_root_lends_services_an_account_without_rights(var):
    service = start_redis(lasting_home(var))
    try:
        status = Path(f"/proc/{service.child.pid}/status").read_text()
        assert account_for(var / "absent") == Account(65534, 65534)
        assert "\nUid:\t65534\t65534\t65534\t65534\n" in status
        assert "\nGroups:\t \n" in status or "\nGroups:\t\n" in status
    finally:
        service.child.stop()


@as_root
def test_a_folder_that_only_root_can_enter_keeps_its_data_elsewhere_and_links_to_it(var):
    var.parent.chmod(0o700)
    home = lasting_home(var)
    first = start_postgres(home, lasting=True)
    execute(first.url, "create table kept as select 7 as answer")
    first.child.stop()
    assert (var / "services").is_symlink()
    assert reachable_by_anyone(home.data / "any")
    assert lasting_home(var).data == home.data
    second = start_postgres(lasting_home(var), lasting=True)
    try:
        assert rows_of(second.url, "select answer from kept") == [(7,)]
    finally:
        second.child.stop()


@as_root
def test_programs_in_a_folder_that_only_root_can_enter_are_copied(var, monkeypatch):
    monkeypatch.setattr("project.embedded.binaries._anyone_can_run", lambda binaries: False)
    home = lasting_home(var)
    copies = binaries_for_everyone(home.data)
    assert copies.postgres.is_relative_to(home.data)
    assert copies != find_binaries()
    service = start_postgres(home, lasting=True)
    try:
        assert rows_of(service.url, "select 1") == [(1,)]
    finally:
        service.child.stop()


@as_root
def test_root_serves_the_data_of_a_normal_user_as_that_user(tmp_path):
    data = tmp_path / "postgres"
    data.mkdir()
    os.chown(data, 1234, 1235)
    assert account_for(data) == Account(1234, 1235)


@pytest.mark.parametrize(
    "output",
    [
        'initdb: error: could not write to file "x": No space left on device\ninitdb: removing contents',
        'FATAL:  could not extend file "base/1/2691": wrote only 4096 of 8192 bytes\nHINT:  Check free disk space.',
    ],
)
def test_a_full_disk_is_one_sentence(output):
    assert why_initdb_failed(output, Path("/here")) == "The disk is full: PostgreSQL needs about 100 MB in /here."


def test_another_failure_of_initdb_names_its_reason():
    output = "some noise\ninitdb: error: could not look up effective user ID 12345: user does not exist\n"
    assert why_initdb_failed(output, Path("/here")) == (
        "PostgreSQL's data could not be made in /here: "
        "initdb: error: could not look up effective user ID 12345: user does not exist"
    )


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match=r"^Cannot make the folder .*file/var \(Not a directory\)"):
        lasting_home(tmp_path / "file" / "var")


def test_a_server_that_does_not_start_is_one_sentence_with_its_last_words(var):
    home = lasting_home(var)
    start_postgres(home, lasting=True).child.stop()
    (home.data / "postgres" / "PG_VERSION").write_text("7\n")
    with pytest.raises(CannotStart, match=r"^PostgreSQL did not start \(.*\); the whole story is in .*postgres.log$"):
        start_postgres(home, lasting=True)


def test_a_child_that_ignores_its_stop_signal_is_killed(tmp_path):
    program = Program("stubborn", ["sh", "-c", "trap '' TERM; echo up; sleep 60"], tmp_path / "log", stop_seconds=0.3)
    child = Child(program)
    child.start()
    while child.last_words() != "up":
        time.sleep(0.01)
    assert child.stop() is False
    assert child.exit_code == -signal.SIGKILL
