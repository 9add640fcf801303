"""The real thing under test: server processes and a worker on a database of their own. What people do in it is in people.py."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 90
STOP_SECONDS = 30
OWN_PORTS = range(20_000, 32_000)
"""Below those that the kernel gives to outgoing connections."""
SMS_LIMITS = [
    "RATE_PHONE_VERIFICATION_NUMBER",
    *(f"RATE_SMS_{of}_{span}" for of in ("NUMBER", "NETWORK", "PREFIX") for span in ("HOUR", "DAY")),
    "RATE_SMS_COUNTRY_DAY",
    "RATE_SMS_TOTAL_DAY",
]
SERVER = os.environ.get("E2E_SERVER", "uvicorn")


@dataclass
class Process:
    """One child, its command and its log; it can be stopped and started again."""

    name: str
    command: list[str]
    environment: dict[str, str]
    child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        """Where it writes."""
        return ROOT / "var" / "e2e" / f"{self.name}.log"

    def start(self) -> None:
        """Start the child; its log goes on where it ended."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop the child; one that does not obey is killed."""
        if self.child is None:
            return
        self.child.send_signal(number)
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None


@dataclass
class Server(Process):
    """A gateway process that serves HTTP, the page and sockets."""

    port: int = 0
    tls: bool = False

    @property
    def address(self) -> str:
        """The origin that browsers open."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it answers."""
        super().start()
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.address}/livez", timeout=10, verify=False).is_success:  # its own certificate
                    return
            if self.child is not None and self.child.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()[-3000:]}")


def command_of(port: int, *, tls: bool = False, application: str = "project.asgi:application") -> list[str]:
    """Return how the server named by E2E_SERVER is started; with TLS it has a certificate that nobody vouches for."""
    key, certificate = certificate_files() if tls else ("", "")
    if SERVER == "daphne":
        endpoint = ["-e", f"ssl:{port}:interface=127.0.0.1:privateKey={key}:certKey={certificate}"]
        plain = ["-b", "127.0.0.1", "-p", str(port)]
        return [sys.executable, "-m", "daphne", *(endpoint if tls else plain), application]
    more = ["--ssl-keyfile", str(key), "--ssl-certfile", str(certificate)] if tls else []
    program = [sys.executable, "-m", "uvicorn", application, "--port", str(port)]
    return [*program, "--log-level", "warning", *more]


def certificate_files() -> tuple[Path, Path]:
    """Write a private key and a certificate for this machine, good for a day, and return where."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    began = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), began, began + timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = ROOT / "var" / "e2e"
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / "key.pem", folder / "certificate.pem"
    files[0].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files[1].write_bytes(certificate.public_bytes(Encoding.PEM))
    return files


def free_port() -> int:
    """Return a port that nobody has, and that no connection is given while its server is down for a moment."""
    for port in random.sample(OWN_PORTS, 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


class Stack:
    """Two servers and a worker on a new database, with limits that a test run does not reach."""

    def __init__(self) -> None:
        self._database = f"portcullis_e2e_{os.getpid()}"
        self._environment = os.environ | {
            "ENVIRONMENT": "development",
            "DATABASE_URL": with_database(os.environ["DATABASE_URL"], self._database),
            "RATE_SIGN_UP_ADDRESS": "100000/60",
            "RATE_LOGIN_ADDRESS": "100000/60",
            "RATE_AUTH_STEP_ADDRESS": "100000/60",
            "RATE_PASSWORD_RESET_ADDRESS": "100000/60",
            "RATE_PASSWORD_RESET_ACCOUNT": "100000/60",
            "RATE_EMAIL_VERIFICATION_ACCOUNT": "100000/60",
            "RATE_PANEL_WRITE": "100000/60",
            "RATE_REST_READ": "100000/60",
            "RATE_REST_WRITE": "100000/60",
            "RATE_REST_ANONYMOUS": "100000/60",
            **dict.fromkeys(SMS_LIMITS, "100000/60"),
            "RATE_SOCKET_CONNECT": "100000/60",
            "RATE_MESSAGE_CREATE": "1000/10",
        }
        self._environment.pop("DJANGO_SETTINGS_MODULE", None)
        self.servers = [self._server(number) for number in (1, 2)]
        self._others: list[Server] = []
        self._worker = Process("worker", [sys.executable, "manage.py", "run_worker"], self._environment)

    def start(self) -> None:
        """Make the database and start everything."""
        self._execute(f"CREATE DATABASE {self._database}")
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=self._environment, check=True)
        self._worker.start()
        for server in self.servers:
            server.start()

    def stop(self) -> None:
        """Stop everything and drop the database."""
        for process in (*self.servers, *self._others, self._worker):
            process.stop()
        self._execute(f"DROP DATABASE IF EXISTS {self._database} WITH (FORCE)")

    def start_with(
        self, *, tls: bool = False, application: str = "project.asgi:application", **settings: str
    ) -> Server:
        """Start one more server on the same database, with other settings; it is stopped with the rest."""
        port = free_port()
        command = command_of(port, tls=tls, application=application)
        server = Server(f"server-{port}", command, self._environment | settings, port=port, tls=tls)
        self._others.append(server)
        server.start()
        return server

    def verify_address(self, username: str, *, verified: bool = True) -> None:
        """Take the e-mail address of a user for verified, as when the mail had been read, or for one that is not."""
        statement = (
            "UPDATE account_emailaddress SET verified = %s WHERE user_id ="
            " (SELECT id FROM accounts_user WHERE username = %s)"
        )
        with psycopg.connect(self._environment["DATABASE_URL"], autocommit=True) as connection:
            assert connection.execute(statement, [verified, username]).rowcount == 1

    def age_sign_ins(self, username: str) -> None:
        """Let all sign-ins of a user have been an hour ago."""
        statement = (
            "UPDATE accounts_session SET created_at = created_at - interval '1 hour' WHERE user_id ="
            " (SELECT id FROM accounts_user WHERE username = %s)"
        )
        with psycopg.connect(self._environment["DATABASE_URL"], autocommit=True) as connection:
            assert connection.execute(statement, [username]).rowcount > 0

    def _server(self, number: int) -> Server:
        port = free_port()
        return Server(f"server-{number}", command_of(port), self._environment, port=port)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(statement.encode())


def with_database(address: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return urlunsplit(urlsplit(address)._replace(path=f"/{name}"))
