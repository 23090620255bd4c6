"""What the network lets the gateway's pods reach: policies of the network plugin, read for one port.

A kind is a reader that gives `policy.Policy`s. To add one: write the module, and list it in `_READERS`. What cannot be
read counts as open. Imports `istiod` and what is below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import cilium, network_policy
from .ranges import Ranges, inside, outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..istiod.workload import Workload
    from .policy import Policy

PORT = 443
_READERS = (network_policy.policies, cilium.policies)


def selecting(resources: list[dict[str, Any]], workload: Workload) -> list[Policy]:
    """The policies for what leaves `workload` that select its pods, or may do so."""
    return [policy for policies in _READERS for policy in policies(resources, workload, PORT)]


def let_through(policies: list[Policy], ranges: Ranges) -> Iterator[tuple[Policy | None, Ranges]]:
    """What of `ranges` the pods can connect to at TCP port 443: which policy allows it, and the ranges.

    Policies add up, and where none selects the pods, everything is allowed (Kubernetes, networking/v1). What one of
    Cilium's denies stays denied, whatever another one allows.
    """
    for policy in policies:
        if policy.is_certain:
            ranges = outside(ranges, policy.denied)
    for policy in policies:
        through = inside(ranges, policy.allowed)
        if through:
            yield policy, through
    if ranges and not any(policy.is_certain for policy in policies):
        yield None, ranges
