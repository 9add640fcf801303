"""What tests ask of the metrics: a sample's value, and by how much samples have grown in a block."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import REGISTRY


def value_of(name: str, **labels: str) -> float:
    """Return a sample's value; 0 for one that was never counted."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def growth_of(name: str, **labels: str) -> Callable[[], float]:
    """Return a function that tells by how much the sample has grown since."""
    before = value_of(name, **labels)
    return lambda: value_of(name, **labels) - before
