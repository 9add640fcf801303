"""The command line of the torture: what runs, for how long, and what is printed and kept."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import secrets
import sys
from pathlib import Path

import django

from project.embedded.errors import CannotStart
from tests.torture.cluster import Cluster, cluster, connection_settings, keep_logs

VAR = Path(__file__).resolve().parents[2] / "var" / "torture"
CANNOT_RUN = 2
STOPPED = 130
SHORT = {"seconds": 90, "faults": 12, "gateways": 2, "members": 40, "devices": 60, "rate": 8.0, "longest": 3.0}


def main() -> int:
    """Torture, print the report, and return 0 when nothing that must not happen has happened, and the baseline was found to lose."""
    options = _parse()
    sys.stdout.write(f"Seed {options.seed}.\n")
    try:
        with cluster(options.gateways) as running:
            clean = _torture(running, options)
        return 0 if (options.no_baseline or _baseline_loses()) and clean else 1
    except CannotStart as reason:
        sys.stderr.write(f"{reason}\n")
        return CANNOT_RUN
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return STOPPED


def _torture(running: Cluster, options: argparse.Namespace) -> bool:
    """Play, report and keep; tell whether the run was clean."""
    os.environ.update(connection_settings(running.group), DJANGO_SETTINGS_MODULE="tests.server_settings")
    django.setup()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    gc.set_threshold(100_000, 50, 1_000)  # what is recorded only grows, and holds no cycles
    from tests.torture import report
    from tests.torture.staging import play

    running.group.mark_logs()
    result, history = play(running, options, report.tell)
    report.show(result)
    sys.stdout.write(f"{report.keep(result, VAR)}\n")
    if not result.verdict.violations:
        return True
    report.keep_history(history, VAR)
    keep_logs(running, VAR)
    sys.stdout.write(f"What every client saw and the processes' logs are in {VAR}.\n")
    return False


def _baseline_loses() -> bool:
    """Tell whether the same check finds losses on both layers of the baseline."""
    from tests.torture.baseline import losses_of_baseline

    losses = losses_of_baseline()
    for layer, verdict in losses.items():
        lost = verdict.expected - verdict.delivered
        sys.stdout.write(f"Channels tutorial, {layer} layer: {lost:,} of {verdict.expected:,} deliveries lost.\n")
    if all(verdict.expected > verdict.delivered for verdict in losses.values()):
        return True
    sys.stdout.write("Nothing was lost where something must be: this run proves nothing.\n")
    return False


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.torture",
        description="Real processes, faults by a seeded schedule, and what every client saw held against the log.",
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="the same schedule again")
    parser.add_argument("--short", action="store_true", help="one fault of each important kind, in two minutes")
    parser.add_argument("--only", action="append", metavar="NAME", help="this fault alone; may be given several times")
    parser.add_argument("--no-baseline", action="store_true", help="do not check that the baseline is found to lose")
    parser.add_argument("--seconds", type=float, default=1_800, help="no new fault after so long")
    parser.add_argument("--faults", type=int, default=60, help="how many")
    parser.add_argument(
        "--longest", type=float, default=20.0, help="seconds that anything stays frozen or away at most"
    )
    parser.add_argument("--gateways", type=int, default=3)
    parser.add_argument("--members", type=int, default=160)
    parser.add_argument("--devices", type=int, default=200, help="sockets; some members have two")
    parser.add_argument("--rate", type=float, default=26.0, help="messages per second of all together")
    options = parser.parse_args()
    if options.short:
        vars(options).update(SHORT)
    return options


if __name__ == "__main__":
    raise SystemExit(main())
