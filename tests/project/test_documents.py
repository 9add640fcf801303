"""The documents point at what exists: links, headings, paths, commands, folders."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from project.environment import BASE_DIR

DOCUMENTS = sorted(
    [*BASE_DIR.glob("*.md"), *BASE_DIR.glob("docs/**/*.md"), *BASE_DIR.glob("changelog.d/*.md")],
)
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
_PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/?)`")
_NEW_FILE = re.compile(r"`([^`]+)` \(new\)")
_COMMAND = re.compile(r"(?:`|^\$ )make ([a-z0-9-]+)", re.MULTILINE)
_TARGET = re.compile(r"^([a-z0-9-]+):.*## ", re.MULTILINE)
_FOLDER_OF_THE_MAP = re.compile(r"^\| `([\w.]+)/` \|", re.MULTILINE)


def document_id(document: Path) -> str:
    return str(document.relative_to(BASE_DIR))


def links_of(document: Path) -> set[tuple[str, str]]:
    return set(_LINK.findall(_FENCE.sub("", document.read_text())))


def headings_of(document: Path) -> set[str]:
    lines = _FENCE.sub("", document.read_text()).splitlines()
    texts = [line.lstrip("#").strip().lower() for line in lines if line.startswith("#")]
    return {re.sub(r"[^\w -]", "", text).replace(" ", "-") for text in texts}


def paths_of(document: Path) -> set[str]:
    """Return what looks like a file or folder of the repository, but for run-time files and those that a tutorial makes."""
    text = _FENCE.sub("", document.read_text())
    named = {path for path in _PATH.findall(text) if "/" in path}
    return {path for path in named if not path.startswith(("var/", "application/"))} - set(_NEW_FILE.findall(text))


def exists(path: str) -> bool:
    """A path counts from the root, or, as in `models/locks.py`, from inside some app."""
    return (BASE_DIR / path).exists() or any(BASE_DIR.glob(f"*/{path}"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=document_id)
def test_links_lead_somewhere(document):
    for path, heading in links_of(document):
        target = document.parent / path if path else document
        assert target.exists(), f"{path} does not exist"
        assert not heading or heading in headings_of(target), f"{path} has no heading {heading}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=document_id)
def test_named_files_and_folders_exist(document):
    assert [path for path in sorted(paths_of(document)) if not exists(path)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=document_id)
def test_commands_are_targets_of_make(document):
    targets = set(_TARGET.findall((BASE_DIR / "Makefile").read_text()))
    assert set(_COMMAND.findall(document.read_text())) <= targets


def test_the_map_shows_every_package_and_only_folders_that_exist():
    folders = set(_FOLDER_OF_THE_MAP.findall((BASE_DIR / "README.md").read_text()))
    packages = {found.parent.name for found in BASE_DIR.glob("*/__init__.py")}
    assert packages <= folders
    assert [folder for folder in sorted(folders) if not (BASE_DIR / folder).is_dir()] == []


def test_every_decision_is_in_the_index_and_every_page_is_in_the_overview():
    decisions = {path.name for path in BASE_DIR.glob("docs/adr/0*.md")}
    pages = {f"docs/architecture/{path.name}" for path in BASE_DIR.glob("docs/architecture/*.md")}
    assert {path for path, _ in links_of(BASE_DIR / "docs/adr/README.md")} == decisions
    assert pages <= {path for path, _ in links_of(BASE_DIR / "ARCHITECTURE.md")}


def test_every_news_fragment_has_a_type_that_a_release_knows():
    known = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["tool"]["towncrier"]["type"]
    fragments = {path.name for path in BASE_DIR.glob("changelog.d/*.md")} - {"README.md"}
    types = {kind["directory"] for kind in known}
    assert [name for name in sorted(fragments) if name.split(".")[1:-1] not in [[kind] for kind in types]] == []
