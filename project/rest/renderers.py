"""Renders what views return (wire structs, plain values, DRF's own dicts) as JSON with msgspec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer


def _encode_other(value: Any) -> Any:
    """Turn what msgspec does not know into what it does: lazy texts, and DRF's subclasses of dict, list and str."""
    if isinstance(value, (Promise, str)):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (list, tuple)):
        return list(value)
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


_encoder = msgspec.json.Encoder(enc_hook=_encode_other)


class WireRenderer(BaseRenderer):
    """JSON in one line of UTF-8; nothing at all for an answer without data."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,  # noqa: ARG002  # DRF's signature
        renderer_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> bytes:
        """Return the JSON bytes of `data`."""
        return b"" if data is None else _encoder.encode(data)
