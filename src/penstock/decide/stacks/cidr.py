"""Fn::Cidr: the first blocks of a block, of IPv4 and of IPv6 (TG-114)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from penstock.decide.stacks.names import is_scalar, text_of
from penstock.decide.stacks.refusals import invalid

MOST = 256
_ARGUMENTS = "Template error: Fn::Cidr requires an ipBlock, a count of 1 to 256 and cidrBits"


def blocks_of(block: Any, count: Any, host_bits: Any) -> list[str]:
    """`count` blocks with `host_bits` bits for hosts each, from the beginning of `block`."""
    network = _network(block)
    wanted, bits = _number(count), _number(host_bits)
    prefix = network.max_prefixlen - bits
    if not 1 <= wanted <= MOST or not 0 <= prefix <= network.max_prefixlen:
        raise invalid(_ARGUMENTS)
    if prefix < network.prefixlen or wanted > 2 ** (prefix - network.prefixlen):
        raise invalid(f"Template error: Fn::Cidr cannot make {wanted} blocks /{prefix} of {block}")
    first, step = int(network.network_address), 2**bits
    address = type(network.network_address)
    return [f"{address(first + i * step)}/{prefix}" for i in range(wanted)]


def _network(block: Any) -> IPv4Network | IPv6Network:
    try:
        return ip_network(block, strict=False) if isinstance(block, str) else ip_network("")
    except ValueError:
        raise invalid(f"Template error: Fn::Cidr: {block!r} is not a block of addresses") from None


def _number(value: Any) -> int:
    text = text_of(value) if is_scalar(value) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise invalid(_ARGUMENTS)
    return int(text)
