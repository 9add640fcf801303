"""`python -m project.supervisor`: what `make run` calls once `.venv` is there."""

from __future__ import annotations

import os
import sys

from project.embedded.errors import CannotStart
from project.supervisor.options import read_options
from project.supervisor.run import run
from project.supervisor.signals import Stopped

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")


def main() -> int:
    """Run until stopped; what prevents it is told in one sentence."""
    try:
        run(read_options(os.environ))
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"The system does not let it run ({error.strerror}: {error.filename}).\n")
        return 1
    except Stopped:
        pass  # before anything had started
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
