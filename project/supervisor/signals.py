"""How the supervisor is told to stop: the first signal unwinds whatever it is doing, a second one means at once."""

from __future__ import annotations

import signal
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Raised in the main thread by the first stop signal; like KeyboardInterrupt, no `except Exception` catches it."""


class StopSignals:
    """Installed once, in the main thread."""

    def __init__(self) -> None:
        self._received = 0

    def install(self) -> None:
        """Handle the signals from now on, but those that we were told to ignore (by nohup, by a shell's `&`)."""
        for number in STOP_SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._receive)

    def in_a_hurry(self) -> bool:
        """Tell whether a second signal came."""
        return self._received > 1

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # a handler's signature
        self._received += 1
        if self._received == 1:
            raise Stopped
