"""Which operating system account the services run as. PostgreSQL refuses root, so root lends them an account without rights."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from project.embedded.errors import CannotStart

UNPRIVILEGED = "nobody"  # initdb insists on an entry in the password file; this one exists everywhere


@dataclass(frozen=True)
class Account:
    """The user and group that a service runs as."""

    uid: int
    gid: int


def account_for(data: Path) -> Account | None:
    """Return the account for services whose data is in `data`: None is "whoever we are", and for root the owner of the data or nobody."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        return Account(owner.st_uid, owner.st_gid)
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise CannotStart(
            f"PostgreSQL does not run as root and this machine has no user {UNPRIVILEGED!r}: start as a normal user."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def give_to(account: Account | None, path: Path) -> None:
    """Make `account` the owner of one file or folder; nothing to do when the services run as ourselves."""
    if account is not None:
        os.chown(path, account.uid, account.gid)
