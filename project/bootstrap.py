"""Makes `.venv` and installs what is pinned, before any dependency can be imported: standard library only, nothing of this project.

Run as a file (`python3 -I project/bootstrap.py embedded`). It parses on older Pythons, to be able to say that they are too old.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = ROOT / "var" / "log" / "setup.log"
SETS = ("base", "embedded", "development", "bench")  # each contains the ones before it
NO_NETWORK = "the package index cannot be reached; is there a network, or a proxy to set in pip's configuration?"
REASONS = (  # what pip writes -> what we say; the first that matches wins
    ("No space left on device", "the disk is full"),
    ("Read-only file system", "the disk is read-only"),
    ("THESE PACKAGES DO NOT MATCH THE HASHES", "a download is not the file that was pinned; nothing was installed"),
    ("NewConnectionError", NO_NETWORK),
    ("NameResolutionError", NO_NETWORK),
    ("Connection", NO_NETWORK),
    (
        "No matching distribution found",
        "a pinned package has no build for this Python and machine, or the package index lacks it",
    ),
)


def main(wanted: str) -> None:
    """Bring `.venv` up to date with one set of requirements; does nothing when it is."""
    check_python()
    check_writable()
    with (ROOT / "var" / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` may be started side by side
        if not venv_works():
            make_venv()
        if not is_installed(wanted):
            install(wanted)


def check_python() -> None:
    """Refuse a Python that is too old."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        stop(
            f"Portcullis needs Python 3.11 or newer and {sys.executable} is {found}: "
            "name a newer one, as in `make run PYTHON=python3.12`."
        )


def check_writable() -> None:
    """Refuse a clone in which nothing can be written."""
    try:
        LOG.parent.mkdir(parents=True, exist_ok=True)
        probe = ROOT / "var" / "setup.lock"
        probe.open("a").close()
    except OSError as error:
        stop(f"Cannot write in {ROOT} ({error.strerror}): is the disk read-only, full or not yours?")
    if not os.access(str(ROOT), os.W_OK):
        stop(f"Cannot write in {ROOT}: is the disk read-only or not yours?")


def venv_works() -> bool:
    """Tell whether `.venv` has a Python that runs and is new enough; the system's may have been upgraded since."""
    question = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    try:
        return (
            subprocess.run([str(PYTHON), "-I", "-c", question], check=False, stderr=subprocess.DEVNULL).returncode == 0
        )
    except OSError:
        return False


def make_venv() -> None:
    """Make `.venv`; on a Debian without python3-venv, borrow the system's pip, else name the command that mends it."""
    say("Making the virtual environment .venv")
    shutil.rmtree(str(VENV), ignore_errors=True)
    if run_logged([sys.executable, "-I", "-m", "venv", str(VENV)]):
        return
    shutil.rmtree(str(VENV), ignore_errors=True)
    if system_has_pip() and run_logged([sys.executable, "-I", "-m", "venv", "--without-pip", str(VENV)]):
        return
    shutil.rmtree(str(VENV), ignore_errors=True)
    output = LOG.read_text(errors="replace")
    for sign, reason in REASONS[:2]:
        if sign in output:
            stop(f"The virtual environment could not be made: {reason}.")
    sudo = "" if os.geteuid() == 0 else "sudo "
    stop(
        f"This Python cannot make virtual environments: run `{sudo}apt-get install -y python3-venv`, "
        "then the same command again."
    )


def system_has_pip() -> bool:
    """Tell whether the system's pip can install into another environment (pip 22.3 and newer)."""
    command = [sys.executable, "-I", "-m", "pip", "--python", sys.executable, "--version"]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def is_installed(wanted: str) -> bool:
    """Tell whether exactly these requirements were installed the last time."""
    stamp = stamp_file(wanted)
    return stamp.exists() and stamp.read_text() == fingerprint(wanted)


def install(wanted: str) -> None:
    """Install the pinned packages, hashes checked, no compiler and no resolver needed."""
    requirements = requirements_file(wanted)
    options = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--no-input"]
    command = [*pip(), "install", *options, "--requirement", str(requirements)]
    total = sum("==" in line for line in requirements.read_text().splitlines())
    if run_with_progress(command, total) != 0:
        stop(why_pip_failed(LOG.read_text(errors="replace")))
    for name in SETS[: SETS.index(wanted) + 1]:
        stamp_file(name).write_text(fingerprint(name))


def run_with_progress(command: "list[str]", total: int) -> int:
    """Run pip with its output in the log, show how far it is, and return its exit code."""
    if not sys.stdout.isatty():
        say(f"Installing {total} packages")
    done = 0
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, env=clean_environment()
    )
    with LOG.open("w") as log:
        for line in process.stdout or ():
            log.write(line)
            done += line.startswith(("Collecting ", "Processing "))
            progress("Installing" if line.startswith("Installing collected") else "Downloading", done, total)
    progress("", 0, 0)
    return process.wait()


def pip() -> "list[str]":
    """Return the command of a pip that installs into `.venv`."""
    if subprocess.run([str(PYTHON), "-I", "-c", "import pip"], check=False, stderr=subprocess.DEVNULL).returncode == 0:
        return [str(PYTHON), "-I", "-m", "pip"]
    return [sys.executable, "-I", "-m", "pip", "--python", str(PYTHON)]


def why_pip_failed(output: str) -> str:
    """Turn what pip wrote into one sentence."""
    for sign, reason in REASONS:
        if sign in output:
            return f"The packages could not be installed: {reason}. (All of pip's words are in {LOG}.)"
    errors = [line for line in output.splitlines() if line.startswith("ERROR: ")]
    reason = errors[0][len("ERROR: ") :] if errors else "pip gave no reason"
    return f"The packages could not be installed: {reason} (All of pip's words are in {LOG}.)"


def clean_environment() -> "dict[str, str]":
    """Return the environment without what would send packages elsewhere."""
    astray = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    return {name: value for name, value in os.environ.items() if name not in astray}


def requirements_file(name: str) -> Path:
    """Return the pinned requirements of a set."""
    return ROOT / "requirements" / f"{name}.txt"


def stamp_file(name: str) -> Path:
    """Return the file that remembers what was installed."""
    return VENV / f"installed-{name}"


def fingerprint(name: str) -> str:
    """Return what changes when the requirements of a set change."""
    return hashlib.sha256(requirements_file(name).read_bytes()).hexdigest()


def run_logged(command: "list[str]") -> bool:
    """Run a command with its output in the log; tell whether it succeeded."""
    with LOG.open("a") as log:
        return subprocess.run(command, check=False, stdout=log, stderr=subprocess.STDOUT).returncode == 0


def progress(what: str, done: int, total: int) -> None:
    """Show how far it is, on one line of a terminal."""
    if sys.stdout.isatty():
        text = f"{what} packages {done}/{total}" if total else ""
        sys.stdout.write(f"\r\033[K{text}")
        sys.stdout.flush()


def say(text: str) -> None:
    """Tell what is being done."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def stop(sentence: str) -> None:
    """End with one sentence and a non-zero exit code."""
    raise SystemExit(sentence)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        stop("Stopped.")
