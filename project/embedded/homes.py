"""Where embedded services keep their data: below `var/` if their account can get there, else in a place that it can reach."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from project.embedded.accounts import Account, account_for
from project.embedded.binaries import reachable_by_anyone
from project.embedded.errors import CannotStart

LASTING = ("/var/lib", "/var/tmp", "/tmp")  # noqa: S108  # each use makes a new folder of its own in there
YOUNG_SECONDS = 60
PASSING_PREFIX = "portcullis-test-"
PASSING = (tempfile.gettempdir(), "/tmp", "/var/tmp")  # noqa: S108


@dataclass(frozen=True)
class Home:
    """A folder for the services' data, a folder for their logs, and the account that they run as."""

    data: Path
    logs: Path
    account: Account | None


def lasting_home(var: Path) -> Home:
    """Return the home whose data survives in `var/services`, a link to elsewhere when root's services could not enter `var/`."""
    data, logs = var / "services", var / "log"
    make_folder(var, 0o755)
    make_folder(logs, 0o755)
    account = account_for(data / "postgres")
    if data.is_symlink() and not data.exists():
        data.unlink()
    if not data.exists():
        _make_data_folder(data, account)
    return Home(data.resolve(), logs, account)


@contextmanager
def passing_home() -> Iterator[Home]:
    """Yield a home for throw-away services and remove it afterwards, as well as those whose makers were killed before they could."""
    account = account_for(Path(tempfile.gettempdir()) / "absent")
    root = _new_folder(PASSING if account else PASSING[:1], PASSING_PREFIX)
    try:
        with (root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _remove_abandoned_homes(root.parent)
            home = Home(root / "services", root / "log", account)
            make_folder(home.data, 0o755)
            make_folder(home.logs, 0o755)
            yield home
    finally:
        shutil.rmtree(root, ignore_errors=True)


def make_folder(folder: Path, mode: int) -> None:
    """Make a folder with exactly this mode, whatever the umask, unless it exists."""
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(mode)
    except OSError as error:
        raise CannotStart(
            f"Cannot make the folder {folder} ({error.strerror}): is the disk read-only, full or not yours?"
        ) from None


def _make_data_folder(data: Path, account: Account | None) -> None:
    if account is None or reachable_by_anyone(data):
        make_folder(data, 0o755)
    else:
        data.symlink_to(_new_folder(LASTING, "portcullis-"))


def _new_folder(places: Iterable[str], prefix: str) -> Path:
    """Make a new folder in the first of `places` where we may write and everyone may pass."""
    for place in map(Path, places):
        if not (place.is_dir() and reachable_by_anyone(place / "any")):
            continue
        try:
            folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        except OSError:
            continue
        folder.chmod(0o711)
        return folder
    raise CannotStart(
        f"None of the folders {', '.join(places)} can take the services' data: is the disk read-only or full?"
    )


def _remove_abandoned_homes(place: Path) -> None:
    """Remove our own throw-away homes that nobody holds the lock of; a young one may be about to take it."""
    for root in place.glob(f"{PASSING_PREFIX}*"):
        with suppress(OSError):
            found = root.stat()
            if found.st_uid != os.geteuid() or time.time() - found.st_mtime < YOUNG_SECONDS:
                continue
            with (root / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(root, ignore_errors=True)
