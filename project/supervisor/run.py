"""The life of `make run`: what starts in which order, and what is said about it."""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress

from project.checks import refuse_unsafe_production
from project.demo.people import DEMO_IS_HERE
from project.demo.people import logins as demo_logins
from project.embedded.errors import CannotStart
from project.embedded.homes import lasting_home
from project.embedded.processes import Child
from project.embedded.services import STARTERS
from project.embedded.sharing import publish_addresses, sole_owner
from project.environment import environment
from project.supervisor import metrics_folder, programs
from project.supervisor.banner import banner
from project.supervisor.family import Family
from project.supervisor.listeners import open_listeners, url_of
from project.supervisor.logs import rotate_large_logs
from project.supervisor.options import Options
from project.supervisor.preflight import check_database, check_redis
from project.supervisor.signals import Stopped, StopSignals

LOOK_SECONDS = 0.2
LOG_LOOK_SECONDS = 60.0
READY_SECONDS = 60.0
CHECKS = {"DATABASE_URL": check_database, "REDIS_URL": check_redis}


def run(options: Options) -> None:
    """Start everything, tell how to use it, and keep it running until a signal.

    Raises `CannotStart`, and ends the process where production settings are unsafe.
    """
    if environment.environment == "production":
        refuse_unsafe_production()
    signals = StopSignals()
    signals.install()
    family = Family(say, ended=lambda pid: metrics_folder.forget(programs.metrics(), pid))
    began = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(sole_owner(programs.VAR))
        metrics_folder.empty(programs.metrics())
        listeners = [
            stack.enter_context(one) for one in open_listeners(options.address, options.port, options.processes)
        ]
        try:
            addresses = start_services(family)
            logins = prepare_database(addresses)
            start_processes(family, options, listeners, addresses)
            took = time.monotonic() - began
            say(banner(url_of(listeners[0]), logins, took, has_outbox=environment.has_outbox()))
            watch(family)
        except Stopped:
            say("\nStopping ...")
        finally:
            family.stop(in_a_hurry=signals.in_a_hurry)
    say("Stopped.")


def start_services(family: Family) -> dict[str, str]:
    """Use the services that have an address, start the others; return all addresses."""
    addresses = {}
    home = lasting_home(programs.VAR)
    rotate_large_logs(programs.LOGS)
    for name, starter in STARTERS.items():
        field = name.lower()
        if field in environment.model_fields_set:
            addresses[name] = getattr(environment, field).get_secret_value()
            CHECKS[name](addresses[name])
            continue
        if environment.environment == "production":
            raise CannotStart(
                f"{name} is not set: the embedded services are not for production, give the address of your own."
            )
        service = starter(home)
        family.adopt(service.child)
        addresses[name] = service.url
    publish_addresses(programs.VAR, addresses)
    return addresses


def prepare_database(addresses: Mapping[str, str]) -> list[str]:
    """Migrate and, outside production, seed an empty database; return the logins of the demo, if it is there."""
    child = Child(programs.preparation(addresses, demo=environment.environment != "production"))
    child.start()
    try:
        while not child.wait(LOOK_SECONDS):  # in steps, to notice signals
            continue
    finally:
        child.stop()
    if child.exit_code:
        raise CannotStart(failure_of(child))
    demo_is_here = child.last_words(1) == DEMO_IS_HERE and environment.environment != "production"
    return demo_logins() if demo_is_here else []


def start_processes(
    family: Family, options: Options, listeners: Sequence[socket.socket], addresses: Mapping[str, str]
) -> None:
    """Start the worker and the gateways, and wait until every gateway serves."""
    ready, notify = os.pipe()  # kept open: a gateway that is restarted writes to it again, and nobody minds
    described = [
        programs.gateway(number, options, listener.fileno(), notify, addresses)
        for number, listener in enumerate(listeners, start=1)
    ]
    children = [Child(program) for program in (programs.worker(addresses), *described)]
    for child in children:
        child.start()
        family.adopt(child)
    wait_until_ready(children, ready, len(described))


def wait_until_ready(children: Sequence[Child], ready: int, gateways: int) -> None:
    """Return when each gateway has written its byte. Raises `CannotStart` when a child ends before that, or it takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    missing = gateways
    while missing:
        if select.select([ready], [], [], LOOK_SECONDS)[0]:
            missing -= len(os.read(ready, missing))
        for child in children:
            if child.exit_code is not None:
                raise CannotStart(failure_of(child))
        if time.monotonic() > deadline:
            raise CannotStart(f"The gateway was not ready after {READY_SECONDS:g} s; see {programs.LOGS}.")


def failure_of(child: Child) -> str:
    """Say in one sentence which child failed to start, with its own last line, which names the cause."""
    cause = child.last_words(1) or f"exit code {child.exit_code}"
    return f"{child.program.name.capitalize()} failed ({cause}); the whole story is in {child.program.log}"


def watch(family: Family) -> None:
    """Look after the children until a signal raises `Stopped`."""
    logs_looked_at = time.monotonic()
    while True:
        family.look_after()
        if time.monotonic() - logs_looked_at > LOG_LOOK_SECONDS:
            rotate_large_logs(programs.LOGS)
            logs_looked_at = time.monotonic()
        time.sleep(LOOK_SECONDS)


def say(text: str) -> None:
    """Write to the terminal; that it was closed meanwhile is no reason to fall."""
    with suppress(OSError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
