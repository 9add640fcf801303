"""uvicorn's server, except that connections come in a few at a time. What it serves is named by `project.serve`."""

from __future__ import annotations

import asyncio
import socket

import uvicorn

from gateway.accepting import Acceptor


class PacedServer(uvicorn.Server):
    """Listens on given sockets through an `Acceptor` each."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, and take in connections of the sockets; more slowly while the gateway delivers."""
        await super().startup([])
        from gateway.process import ensure_started  # the application has set Django up

        delivers, backlog = (await ensure_started()).delivers, self.config.backlog
        self.servers = [
            Acceptor(listener, self._protocol, backlog=backlog, others_served=delivers)  # type: ignore[misc]  # does what is asked
            for listener in sockets or []
        ]

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn itself does
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
