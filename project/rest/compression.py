"""Compresses answers with the encoding that the client prefers: zstd, brotli or gzip. The socket is not compressed here."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from functools import partial

import brotli
import zstandard
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

# In our own order of preference, for clients that like several equally. Levels are those that cost about a millisecond per 100 KB.
_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=3).compress(body),
    "br": partial(brotli.compress, quality=4),
    "gzip": partial(gzip.compress, compresslevel=5, mtime=0),
}
_COMPRESSIBLE = re.compile(r"(text/|application/(.+\+)?(json|javascript|xml|yaml)|application/vnd\.oai|image/svg)")
_QUALITY = re.compile(r"q=(0(\.\d{0,3})?|1(\.0{0,3})?)")
_STATUSES_WITHOUT_A_WHOLE_BODY = (204, 206, 304)


class CompressionMiddleware:
    """Compresses whole answers that are long enough, compressible and not encoded yet."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the answer, compressed when that makes it shorter."""
        response = self.get_response(request)
        if not _is_compressible(response):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        encoding = preferred_encoding(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        if encoding is not None and len(response.content) >= settings.COMPRESSION_MIN_BYTES:
            _compress(response, encoding)
        return response


def preferred_encoding(accept_encoding: str) -> str | None:
    """Return the encoding with the highest q-value in an `Accept-Encoding` header (RFC 9110, 12.5.3); None means none."""
    qualities = dict(_parsed(item) for item in accept_encoding.lower().split(",") if item.strip())
    everything_else = qualities.get("*", 0.0)
    ranked = [(qualities.get(name, everything_else), name) for name in _ENCODERS]
    best_quality, best = max(ranked, key=lambda pair: pair[0])
    return best if best_quality > 0 and best_quality >= qualities.get("identity", 0.0) else None


def _parsed(item: str) -> tuple[str, float]:
    """Return (name, quality) of one item; a malformed quality counts as refused."""
    name, separator, parameter = (part.strip() for part in item.partition(";"))
    if not separator:
        return name, 1.0
    match = _QUALITY.fullmatch(parameter.replace(" ", ""))
    return name, float(match[1]) if match else 0.0


def _is_compressible(response: HttpResponse) -> bool:
    return (
        not response.streaming
        and response.status_code not in _STATUSES_WITHOUT_A_WHOLE_BODY
        and not response.has_header("Content-Encoding")
        and bool(_COMPRESSIBLE.match(response.get("Content-Type", "")))
    )


def _compress(response: HttpResponse, encoding: str) -> None:
    compressed = _ENCODERS[encoding](response.content)
    if len(compressed) >= len(response.content):
        return
    response.content = compressed
    response["Content-Encoding"] = encoding
    response["Content-Length"] = str(len(compressed))
    etag = response.get("ETag")
    if etag and not etag.startswith("W/"):
        # The same entity in another encoding is not byte for byte the same: only weakly equal.
        response["ETag"] = f"W/{etag}"
