"""How the query parameters of pages are documented. Reading them is `accounts.api.requests`' part."""

from __future__ import annotations

from typing import Final

from drf_spectacular.utils import OpenApiParameter

from kernel.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

PAGE_PARAMETERS: Final = (
    OpenApiParameter(
        "limit", int, description=f"At most so many items, 1 to {MAX_PAGE_SIZE}; {DEFAULT_PAGE_SIZE} unless told."
    ),
    OpenApiParameter("cursor", str, description="The `next` of the page before."),
)
