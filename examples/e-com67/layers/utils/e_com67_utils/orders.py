from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

MOST = 99


class Invalid(Exception):
    """An order that cannot be placed, and why."""


def new_order(items: Mapping[str, int], prices: Mapping[str, int]) -> dict[str, Any]:
    """An order of so many of each product; prices are in cents, as is its sum."""
    if not items:
        raise Invalid("an order has at least one item")
    if unknown := sorted(set(items) - set(prices)):
        raise Invalid(f"unknown products: {', '.join(unknown)}")
    for product, count in items.items():
        if not isinstance(count, int) or not 1 <= count <= MOST:
            raise Invalid(f"{product}: between 1 and {MOST} of a product")
    cents = sum(prices[product] * count for product, count in items.items())
    return {"id": str(uuid4()), "items": dict(items), "cents": cents}
