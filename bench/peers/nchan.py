"""nginx with nchan: a C server that keeps messages in memory. Published over HTTP, received over WebSocket; nobody is authenticated."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent
from urllib.parse import unquote

from bench.load import Link, Plan, body, filled_length, upgrade
from bench.peers.debian import unpacked
from bench.servers import Services, free_port

MODULE = "usr/lib/nginx/modules/ngx_nchan_module.so"
CONFIGURATION = """
    load_module {module};
    daemon off;
    master_process off;
    worker_processes 1;
    worker_rlimit_nofile 65536;
    pid {folder}/pid;
    error_log {folder}/error.log crit;
    events {{ worker_connections 40000; }}
    http {{
        access_log off;
        client_body_temp_path {folder}/body;
        proxy_temp_path {folder}/proxy;
        fastcgi_temp_path {folder}/fastcgi;
        uwsgi_temp_path {folder}/uwsgi;
        scgi_temp_path {folder}/scgi;
        keepalive_requests 1000000000;
        keepalive_timeout 1d;
        nchan_shared_memory_size 512m;
        server {{
            listen 127.0.0.1:{port} backlog=4096;
            tcp_nodelay on;
            location ~ ^/sub/(.+)$ {{
                nchan_subscriber websocket;
                nchan_channel_id $1;
                nchan_subscriber_first_message newest;
            }}
            location ~ ^/pub/(.+)$ {{
                nchan_publisher;
                nchan_channel_id $1;
                nchan_message_buffer_length 1000;
                nchan_message_timeout 60s;
            }}
        }}
    }}
"""

# Debian's build makes this folder at start, which only root may, and 1.3.6 refuses the directive for another place as a
# duplicate. In our unpacked copy it becomes a folder of the same length below nginx's prefix.
FIXED_FOLDER, OWN_FOLDER = b"/var/lib/nginx/body", b"nchan-messages-temp"


class Nchan:
    """A running nginx."""

    name = "nginx nchan"

    def __init__(self, services: Services) -> None:
        packages = unpacked("nginx", "nginx", "libnginx-mod-nchan")
        _move_folder(packages / MODULE)
        self._port = free_port()
        self._rounds = 0
        self.version = _version(packages)
        self.pids = [
            services.start_listening("nchan", _command(packages, services.home.logs, self._port), self._port).pid
        ]

    def plan(self, sockets: int, members: int) -> Plan:
        """See `Contestant`."""
        self._rounds += 1
        rooms = [f"r{self._rounds}x{number:05}" for number in range(sockets // members)]
        text = body().encode()
        head = f"POST /pub/{{room}} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {filled_length(text)}\r\n\r\n"
        return Plan(
            port=self._port,
            sockets=sockets,
            members=members,
            message=head.encode() + text,
            steps=upgrade("/sub/{room}"),
            ack=b"HTTP/1.1 20",
            link=Link(self._port),
            rooms=rooms,
        )


def _move_folder(module: Path) -> None:
    code = module.read_bytes()
    if FIXED_FOLDER in code:
        module.write_bytes(code.replace(FIXED_FOLDER, OWN_FOLDER))


def _command(packages: Path, logs: Path, port: int) -> list[str]:
    folder = logs / "nchan"
    folder.mkdir()
    configuration = folder / "nginx.conf"
    text = CONFIGURATION.format(module=packages / MODULE, folder=folder, port=port)
    configuration.write_text(dedent(text))
    return [
        str(packages / "usr/sbin/nginx"),
        "-p",
        str(folder),
        "-e",
        str(folder / "error.log"),
        "-c",
        str(configuration),
    ]


def _version(packages: Path) -> str:
    told = subprocess.run([packages / "usr/sbin/nginx", "-v"], capture_output=True, text=True, check=True)
    (package,) = packages.glob("libnginx-mod-nchan_*")
    return f"{told.stderr.strip().rpartition(': ')[2]}, nchan {unquote(package.name).split('_')[1]}"
