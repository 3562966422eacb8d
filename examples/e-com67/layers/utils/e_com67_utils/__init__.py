"""What functions have in common: a layer of its own."""

from e_com67_utils.orders import Invalid, new_order

__all__ = ["Invalid", "new_order"]
