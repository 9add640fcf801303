"""The set-up that runs on the system's Python: what it refuses, when it does nothing, and how it names what went wrong."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[2] / "project" / "bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path, monkeypatch):
    """The script as a module, working in a clone of its own."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, path in {
        "ROOT": tmp_path,
        "VENV": tmp_path / ".venv",
        "PYTHON": tmp_path / ".venv" / "bin" / "python",
        "LOG": tmp_path / "var" / "log" / "setup.log",
    }.items():
        monkeypatch.setattr(module, name, path)
    (tmp_path / "requirements").mkdir()
    for name in module.SETS:
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"# nothing for {name}\n")
    module.LOG.parent.mkdir(parents=True)
    return module


def clone_with_only_the_script(folder):
    (folder / "project").mkdir()
    shutil.copy(FILE, folder / "project" / "bootstrap.py")
    (folder / "requirements").mkdir()
    (folder / "requirements" / "base.txt").write_text("")
    return folder / "project" / "bootstrap.py"


def test_a_python_that_is_too_old_is_one_sentence(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 10, 12))
    monkeypatch.setattr(bootstrap.sys, "executable", "/usr/bin/python3")
    with pytest.raises(SystemExit) as caught:
        bootstrap.check_python()
    assert str(caught.value) == (
        "Portcullis needs Python 3.11 or newer and /usr/bin/python3 is 3.10: "
        "name a newer one, as in `make run PYTHON=python3.12`."
    )


def test_the_script_parses_on_the_pythons_that_it_refuses():
    ast.parse(FILE.read_text(), feature_version=(3, 7))


def test_a_clone_that_cannot_be_written_is_one_sentence(tmp_path):
    script = clone_with_only_the_script(tmp_path)
    (tmp_path / "var").touch()  # stands in for a read-only disk, which root would not notice by permissions
    result = subprocess.run([sys.executable, "-I", script, "base"], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == f"Cannot write in {tmp_path} (Not a directory): is the disk read-only, full or not yours?\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_read_only_disk_is_one_sentence(tmp_path):
    script = clone_with_only_the_script(tmp_path)
    command = f"mount --bind {tmp_path} {tmp_path} && mount -o remount,ro,bind {tmp_path} && {sys.executable} -I {script} base"
    result = subprocess.run(["unshare", "--mount", "sh", "-c", command], capture_output=True, text=True)
    if "unshare" in result.stderr or "mount:" in result.stderr:
        pytest.skip("this container may not mount")
    assert result.returncode == 1
    assert (
        result.stderr
        == f"Cannot write in {tmp_path} (Read-only file system): is the disk read-only, full or not yours?\n"
    )


def test_what_is_installed_is_not_installed_again_until_its_pins_change(bootstrap, monkeypatch):
    commands = []
    monkeypatch.setattr(bootstrap, "install", lambda wanted: commands.append(wanted))
    monkeypatch.setattr(bootstrap, "venv_works", lambda: True)
    bootstrap.VENV.mkdir()
    bootstrap.main("embedded")
    bootstrap.stamp_file("embedded").write_text(bootstrap.fingerprint("embedded"))
    bootstrap.main("embedded")
    assert commands == ["embedded"]
    (bootstrap.ROOT / "requirements" / "embedded.txt").write_text("new==1\n")
    bootstrap.main("embedded")
    assert commands == ["embedded", "embedded"]


@pytest.mark.long
def test_a_virtual_environment_is_made_and_made_again_when_its_python_is_gone(bootstrap):
    assert bootstrap.venv_works() is False
    bootstrap.make_venv()
    assert bootstrap.venv_works() is True
    bootstrap.PYTHON.unlink()
    bootstrap.PYTHON.symlink_to("/nowhere/python3")
    assert bootstrap.venv_works() is False


def test_without_venv_and_pip_the_one_command_that_mends_it_is_named(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "run_logged", lambda command: False)
    monkeypatch.setattr(bootstrap, "system_has_pip", lambda: False)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    bootstrap.LOG.write_text("ensurepip is not available")
    with pytest.raises(SystemExit) as caught:
        bootstrap.make_venv()
    assert str(caught.value) == (
        "This Python cannot make virtual environments: run `sudo apt-get install -y python3-venv`, "
        "then the same command again."
    )


def test_without_venv_the_systems_pip_is_borrowed(bootstrap, monkeypatch):
    commands = []
    monkeypatch.setattr(bootstrap, "run_logged", lambda command: commands.append(command) or "--without-pip" in command)
    monkeypatch.setattr(bootstrap, "system_has_pip", lambda: True)
    bootstrap.make_venv()
    assert [command[4:] for command in commands] == [[str(bootstrap.VENV)], ["--without-pip", str(bootstrap.VENV)]]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bootstrap.VENV], check=True)
    assert bootstrap.pip()[:5] == [sys.executable, "-I", "-m", "pip", "--python"]


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("WARNING: Retrying: 'NameResolutionError(...)'\nERROR: No matching distribution found", "is there a network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the file that was pinned"),
        ("ERROR: No matching distribution found for uvloop==0.23.0", "has no build for this Python and machine"),
        ("ERROR: something that nobody thought of", "something that nobody thought of"),
        ("", "pip gave no reason"),
    ],
)  # fmt: skip
def test_what_pip_complains_about_becomes_one_sentence(bootstrap, output, reason):
    sentence = bootstrap.why_pip_failed(output)
    assert sentence.startswith("The packages could not be installed: ")
    assert reason in sentence
    assert str(bootstrap.LOG) in sentence
    assert "\n" not in sentence


@pytest.mark.long
def test_a_failed_installation_ends_with_that_sentence_and_leaves_no_stamp(bootstrap, monkeypatch):
    bootstrap.make_venv()
    (bootstrap.ROOT / "requirements" / "base.txt").write_text("a-package-without-hashes==1\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(SystemExit, match=r"^The packages could not be installed: "):
        bootstrap.install("base")
    assert not bootstrap.stamp_file("base").exists()


def test_packages_are_not_led_astray_by_the_environment(bootstrap, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PIP_PROXY", "http://proxy.example.org")
    assert "/elsewhere" not in bootstrap.clean_environment().values()
    assert bootstrap.clean_environment()["PIP_PROXY"] == "http://proxy.example.org"
