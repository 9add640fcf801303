"""ejabberd: an XMPP server in Erlang, with multi-user chat and the message archive in its own database. Users are anonymous."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from bench.load import Plan, Step, body
from bench.peers.debian import closure, unpacked
from bench.servers import Absent, Services, free_port

CONFIGURATION = """
    hosts: [localhost]
    loglevel: 2
    auth_method: [anonymous]
    anonymous_protocol: sasl_anon
    allow_multiple_connections: true
    max_fsm_queue: 1000000
    listen:
      - port: {port}
        ip: "127.0.0.1"
        module: ejabberd_c2s
        backlog: 4096
    modules:
      mod_mam:
        default: always
        db_type: mnesia
      mod_muc:
        max_users: 100000
        history_size: 0
        min_message_interval: 0
        min_presence_interval: 0
        default_room_options:
          mam: true
          max_users: 100000
          presence_broadcast: []
"""
STREAM = (
    b"<?xml version='1.0'?><stream:stream to='localhost' version='1.0' "
    b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
)
BIND = b"<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
JOIN = (
    b"<presence to='{room}@conference.localhost/n{i}'>"
    b"<x xmlns='http://jabber.org/protocol/muc'><history maxchars='0'/></x></presence>"
)
SEND = b"<message type='groupchat' to='{room}@conference.localhost' id='{nonce}'><body>%s</body></message>"


class Ejabberd:
    """A running ejabberd."""

    name = "ejabberd MUC with archive"

    def __init__(self, services: Services) -> None:
        packages = unpacked("ejabberd", *closure("ejabberd"))
        (package,) = packages.glob("ejabberd_*.deb")
        self.version = f"ejabberd {package.name.split('_')[1]}"
        self._port = free_port()
        self._rounds = 0
        folder = services.home.logs / "ejabberd"
        folder.mkdir()
        (folder / "ejabberd.yml").write_text(dedent(CONFIGURATION.format(port=self._port)))
        command, environment = _program(packages, folder)
        self.pids = [services.start_listening("ejabberd", command, self._port, environment).pid]

    def plan(self, sockets: int, members: int) -> Plan:
        """See `Contestant`."""
        self._rounds += 1
        return Plan(
            port=self._port,
            sockets=sockets,
            members=members,
            message=SEND % body().encode(),
            websocket=False,
            steps=[
                Step(STREAM, b"</stream:features>"),
                Step(b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>", b"<success"),
                Step(STREAM, b"</stream:features>"),
                Step(BIND, b"</iq>"),
                Step(JOIN, b"code='110'"),
            ],
            rooms=[f"r{self._rounds}x{number}" for number in range(sockets // members)],
        )


def _program(packages: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return how Erlang is started where it was unpacked: on one core, without its network of nodes."""
    root = packages / "usr/lib/erlang"
    runtimes = sorted(root.glob("erts-*/bin"))
    libraries = sorted(packages.glob("usr/lib/*/ejabberd-*"))
    if not runtimes or not libraries:
        raise Absent("the packages of ejabberd are not laid out as expected")
    environment = {
        "ROOTDIR": str(root),
        "BINDIR": str(runtimes[-1]),
        "EMU": "beam",
        "PROGNAME": "erl",
        "ERL_LIBS": str(libraries[-1].parent),
        "EJABBERD_CONFIG_PATH": str(folder / "ejabberd.yml"),
        "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"),
        "HOME": str(folder),
    }
    boot = _boot_file(root)
    flags = ["+K", "true", "+P", "250000", "+S", "1:1", "-noinput", "-boot", str(boot)]
    return [
        str(runtimes[-1] / "erlexec"),
        *flags,
        "-mnesia",
        "dir",
        f'"{folder}/mnesia"',
        "-s",
        "ejabberd",
    ], environment


def _boot_file(root: Path) -> Path:
    found = sorted(root.rglob("start_clean.boot"))
    if not found:
        raise Absent("Erlang has no boot file")
    return found[0].with_suffix("")
