"""A real OpenID Connect provider for tests: a process of its own on loopback, where anybody can be anybody."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

READY_SECONDS = 90.0


@dataclass
class OidcProvider:
    """The running provider. It keeps to the host name `localhost`."""

    url: str

    def knows(self, subject: str, **claims: Any) -> None:
        """Let the provider say this of somebody."""
        httpx.put(f"{self.url}/users/{subject}", json=claims, trust_env=False).raise_for_status()

    def answer(self, authorize_url: str, **form: str) -> str:
        """Fill in the provider's page as somebody (`sub`) or deny (`action`); return where the browser is sent."""
        response = httpx.post(authorize_url, data=form, trust_env=False)
        assert response.status_code == httpx.codes.FOUND, response.text
        return response.headers["Location"]

    def token_for(self, subject: str, *, client_id: str, secret: str, redirect_uri: str) -> dict[str, Any]:
        """Return the tokens that a mobile app of this client would hold."""
        query = {
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": "openid email profile",
        }
        address = str(httpx.URL(f"{self.url}/oauth2/authorize", params=query))
        code = httpx.URL(self.answer(address, sub=subject)).params["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        answer = httpx.post(f"{self.url}/oauth2/token", data=form, auth=(client_id, secret), trust_env=False)
        answer.raise_for_status()
        return dict(answer.json())


@contextmanager
def running_provider() -> Iterator[OidcProvider]:
    """Run a provider for the length of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        provider = OidcProvider(f"http://localhost:{port}")
        _wait_for(provider, process)
        yield provider
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(provider: OidcProvider, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{provider.url}/.well-known/openid-configuration", trust_env=False).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the OpenID Connect provider did not start")
