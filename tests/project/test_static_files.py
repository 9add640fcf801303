"""The web client at / and the static files, served by the application itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def web(tmp_path: Path, settings: Any) -> Path:
    (tmp_path / "index.html").write_text("<h1>Portcullis</h1>")
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "app.js").write_text("0123456789")
    settings.WHITENOISE_ROOT = tmp_path
    return tmp_path


@pytest.mark.parametrize("path", ["/", "/js/app.js", "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css"])
def test_files_are_served(web: Path, path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 200
    assert int(response["Content-Length"]) == len(response.content) > 0
    assert not response.streaming


def test_a_file_that_did_not_change_is_not_sent_again(web: Path) -> None:
    first = Client().get("/js/app.js")
    again = Client().get("/js/app.js", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_part_of_a_file_can_be_asked_for(web: Path) -> None:
    response = Client().get("/js/app.js", headers={"Range": "bytes=2-4"})
    assert (response.status_code, response.content) == (206, b"234")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/../manage.py", "/js/../../manage.py", "/%2e%2e/manage.py", "/static/../manage.py"])
def test_nothing_outside_of_the_folders_is_served(web: Path, path: str) -> None:
    assert Client().get(path).status_code == 404
