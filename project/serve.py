"""Runs one gateway process: `python -m project.serve`. The servers' options are here, the same for development and production."""

from __future__ import annotations

import argparse
import gc
import os
import socket
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

# The gateway answers a frame over its own limit with a problem; above this, the server closes the socket unread (1009).
LARGEST_MESSAGE_BYTES = 2 * 1024 * 1024
KEEP_ALIVE_SECONDS = 75  # longer than a reverse proxy keeps an idle connection, so that it never reuses a closing one
BACKLOG = 2048
SWITCH_SECONDS = 0.0005
"""How long the event loop waits for a thread that computes, each time it wakes; Python's own 5 ms are longer than all that it then does."""
COLLECTOR_THRESHOLDS = (20_000, 20, 50)  # a gateway makes about a hundred lasting objects per socket


def main() -> None:
    """Serve on an inherited or a new listening socket until SIGTERM or SIGINT."""
    options = _parse()
    gc.disable()  # nearly all that is imported stays: looking for what goes takes a sixth of the start
    from project.checks import refuse_unsafe_production

    refuse_unsafe_production()
    sys.setswitchinterval(SWITCH_SECONDS)
    inherited, new = options.fd, (options.host, options.port)
    listener = socket.socket(fileno=inherited) if inherited else socket.create_server(new, backlog=BACKLOG)
    serve = serve_with_daphne if options.server == "daphne" else serve_with_uvicorn
    serve(listener, options.notify)


def serve_with_uvicorn(listener: socket.socket, notify: int | None) -> None:
    """Serve with uvicorn. Its pings are off, the protocol has a heartbeat; deflate is off, a frame is encoded once for all."""
    import uvicorn

    from project.paced_server import PacedServer

    class Server(PacedServer):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            tell_ready(notify)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            for server in self.servers:
                server.close()
            await stop_gateway()  # before uvicorn closes the sockets with 1012, without a word
            await super().shutdown(sockets)

    from django.conf import settings

    from gateway.uvicorn_protocol import DirectWriteProtocol
    from project.http_protocol import BoundedHeadProtocol

    config = uvicorn.Config(
        "project.asgi:application",
        loop="uvloop",
        http=BoundedHeadProtocol,
        ws=DirectWriteProtocol,
        ws_max_size=LARGEST_MESSAGE_BYTES,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.GATEWAY_DRAIN_SECONDS,
    )
    Server(config).run(sockets=[listener])


def serve_with_daphne(listener: socket.socket, notify: int | None) -> None:
    """Serve with daphne. It is the first installed app, so its reactor is installed before anything else uses Twisted."""
    from project.asgi import application
    from project.daphne_flow import FlowControlServer

    server = FlowControlServer(
        application,
        goodbye=stop_gateway,
        endpoints=[f"fd:fileno={listener.fileno()}"],
        websocket_timeout=-1,
        websocket_max_message_size=LARGEST_MESSAGE_BYTES,
        websocket_max_frame_size=LARGEST_MESSAGE_BYTES,
        verbosity=0,
        server_name="",
        ready_callable=lambda: tell_ready(notify),
    )
    server.run()


async def stop_gateway() -> None:
    """Let the sockets' commands end and send the clients away with a code that brings them back."""
    from gateway.process import current
    from project.health import start_draining

    start_draining()
    gateway = current()
    if gateway is not None:
        await gateway.stop()


def tell_ready(notify: int | None) -> None:
    """Tell who started us, over a pipe, that connections are served."""
    spare_what_lives_on()
    if notify:
        os.write(notify, b"1")
        os.close(notify)


def spare_what_lives_on() -> None:
    """Keep the cyclic collector from looking at the program itself again and again, and let it look at the rest less often.

    Each full collection stopped every socket for 150 ms, nearly all of it for modules, classes and models, which never go.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)
    gc.enable()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m project.serve", description="Run one gateway process.")
    parser.add_argument("--server", choices=("uvicorn", "daphne"), default="uvicorn")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--fd", type=int, help="listen on this inherited socket instead")
    parser.add_argument("--notify", type=int, help="write to this inherited pipe when ready")
    return parser.parse_args()


if __name__ == "__main__":
    main()
