"""Answers are compressed with what the client prefers, when it pays."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import brotli
import pytest
import zstandard
from django.http import FileResponse, HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from project.rest.compression import CompressionMiddleware, preferred_encoding

DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
    "br": brotli.decompress,
    "gzip": gzip.decompress,
}
TEXT = b'{"text":"' + b"a" * 1000 + b'"}'


def answer(response: HttpResponse, accept: str = "gzip, br, zstd") -> HttpResponse:
    request = RequestFactory().get("/", headers={"Accept-Encoding": accept})

    def get_response(_: HttpRequest) -> HttpResponse:
        return response

    return CompressionMiddleware(get_response)(request)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("gzip;q=0.8, br;q=0.5", "gzip"),
        ("GZIP ; q=0.8", "gzip"),
        ("gzip;q=0, br;q=0.1", "br"),
        ("*", "zstd"),
        ("*;q=0.5, zstd;q=0", "br"),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=nonsense", None),
        ("gzip;q=2", None),
        ("deflate", None),
        (",;,", None),
        ("", None),
    ],
)
def test_the_highest_quality_wins_and_ours_breaks_ties(header: str, expected: str | None) -> None:
    assert preferred_encoding(header) == expected


@pytest.mark.parametrize("encoding", ["zstd", "br", "gzip"])
def test_a_long_text_is_compressed_and_comes_back_whole(encoding: str) -> None:
    response = answer(HttpResponse(TEXT, content_type="application/json"), encoding)
    assert response["Content-Encoding"] == encoding
    assert int(response["Content-Length"]) == len(response.content) < len(TEXT)
    assert DECODERS[encoding](response.content) == TEXT
    assert response["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(b"{}" * 200, content_type="application/json"),
        HttpResponse(TEXT, content_type="image/png"),
        HttpResponse(TEXT, content_type="application/json", headers={"Content-Encoding": "gzip"}),
        HttpResponse(TEXT, content_type="application/json", status=206),
        HttpResponse(
            bytes(range(256)) + bytes(range(0, 256, 3)) + bytes(range(255, -1, -1)), content_type="text/plain"
        ),
    ],
    ids=["short", "image", "encoded", "partial", "incompressible"],
)
def test_other_answers_are_left_as_they_are(response: HttpResponse) -> None:
    before = response.content
    assert answer(response).content == before


def test_streams_are_left_as_they_are(tmp_path: Any) -> None:
    (tmp_path / "file.txt").write_bytes(TEXT)
    response: Any = FileResponse((tmp_path / "file.txt").open("rb"))
    assert b"".join(answer(response)) == TEXT


def test_a_short_text_varies_too_because_a_longer_one_would_be_compressed() -> None:
    assert answer(HttpResponse(b"{}", content_type="application/json"))["Vary"] == "Accept-Encoding"


def test_an_entity_tag_becomes_weak() -> None:
    response = HttpResponse(TEXT, content_type="text/plain", headers={"ETag": '"1"'})
    assert answer(response)["ETag"] == 'W/"1"'


@pytest.mark.urls("tests.project.rest.routes")
@pytest.mark.django_db
def test_rest_answers_are_compressed() -> None:
    response = Client(headers={"Accept-Encoding": "br"}).get("/api/v1/long-text?length=500")
    assert response["Content-Encoding"] == "br"
    assert len(brotli.decompress(response.content)) == 511
