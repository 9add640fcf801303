"""What the page's source may not hold, so that its strict content security policy and its promise about text stay true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"
MODULES = sorted(WEB.rglob("*.js"))
LONGEST_MODULE = 200
LONGEST_SOCKET_MODULE = 300  # one file, so that another front end can take it as it is


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(WEB)))
def test_a_module_parses_no_html_runs_no_text_and_says_what_it_is(module: Path) -> None:
    source = module.read_text()
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser", source)
        == []
    )
    assert re.findall(r"""["']style["']\s*[,:]|\bstyle:""", source) == []
    assert source.startswith("/**")
    limit = LONGEST_SOCKET_MODULE if module.name == "portcullis.js" else LONGEST_MODULE
    assert len(source.splitlines()) <= limit


def test_the_socket_module_stands_alone() -> None:
    source = (WEB / "js" / "portcullis.js").read_text()
    assert re.findall(r"^import|document\.|localStorage", source, re.MULTILINE) == []


def test_the_page_has_no_inline_script_or_style_and_loads_nothing_from_elsewhere() -> None:
    page = (WEB / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page) == []
    assert re.findall(r"""(?:src|href)=["'](?!/|#)""", page) == []
    for sheet in WEB.rglob("*.css"):
        assert re.findall(r"@import|url\(", sheet.read_text()) == []
