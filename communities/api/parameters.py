"""How the query parameters of lists are documented. Reading them is `accounts.api.requests`' part."""

from __future__ import annotations

from collections.abc import Iterable

from drf_spectacular.utils import OpenApiParameter

from accounts.api.parameters import PAGE_PARAMETERS


def list_parameters(
    *, sorts: Iterable[str], default: str, filters: Iterable[OpenApiParameter] = ()
) -> list[OpenApiParameter]:
    """Return what every sorted, searchable list takes, and its own filters."""
    orders = [order for name in sorts for order in (name, f"-{name}")]
    search = OpenApiParameter("search", str, description="Only items whose names contain this, in any case.")
    sort = OpenApiParameter("sort", str, enum=orders, description=f"The order; {default} unless told.")
    return [*PAGE_PARAMETERS, search, sort, *filters]
