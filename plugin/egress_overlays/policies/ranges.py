"""Ranges of IP addresses: what of them lies inside of others, and outside."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

Ranges = list[IPv4Network | IPv6Network]
"""IPv4 and IPv6, in no order; no two of them overlap where the caller saw to it."""


class Block(NamedTuple):
    """A range without others."""

    cidr: IPv4Network | IPv6Network
    kept: Ranges


EVERYTHING = [Block(ip_network("0.0.0.0/0"), []), Block(ip_network("::/0"), [])]


def network(cidr: str) -> IPv4Network | IPv6Network | None:
    """The range, whatever bits stand behind its prefix; None where `cidr` is none."""
    try:
        return ip_network(cidr, strict=False)
    except ValueError:
        return None


def block(cidr: str, kept: list[str]) -> list[Block]:
    """`cidr` without `kept`; everything where `cidr` cannot be read. What of `kept` cannot be read is not kept."""
    whole = network(cidr)
    if whole is None:
        return EVERYTHING
    return [Block(whole, [found for one in kept if (found := network(one)) is not None])]


def inside(ranges: Ranges, blocks: list[Block]) -> Ranges:
    """What of `ranges` lies in one of `blocks`."""
    found: Ranges = []
    for one in blocks:
        common = [smaller for each in ranges if (smaller := _common(each, one.cidr)) is not None]
        for kept in one.kept:
            common = _without(common, kept)
        found += common
    return found


def outside(ranges: Ranges, blocks: list[Block]) -> Ranges:
    """What of `ranges` lies in none of `blocks`."""
    for one in blocks:
        ranges = _without(ranges, one.cidr) + inside(ranges, [Block(kept, []) for kept in one.kept])
    return ranges


def _common(one: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network | None:
    # Two ranges are apart, or one holds the other.
    if one.version != other.version or not one.overlaps(other):
        return None
    return one if one.prefixlen >= other.prefixlen else other


def _without(ranges: Ranges, taken: IPv4Network | IPv6Network) -> Ranges:
    left: Ranges = []
    for one in ranges:
        common = _common(one, taken)
        if common is None:
            left.append(one)
        elif common != one:
            left += one.address_exclude(common)  # type: ignore[arg-type]  # of one version, as _common has seen
    return left
