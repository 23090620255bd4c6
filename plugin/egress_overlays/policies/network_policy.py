"""Kubernetes' NetworkPolicy (networking.k8s.io/v1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..istiod.gateway import namespace, of_kind
from ..manifest.fields import mapping, mappings, text, texts
from .policy import Policy
from .ranges import EVERYTHING, Block, block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..istiod.workload import Workload


def policies(resources: list[dict[str, Any]], workload: Workload, port: int) -> Iterator[Policy]:
    """Those that limit what leaves `workload`."""
    for resource in of_kind(resources, "NetworkPolicy", "networking.k8s.io/"):
        spec = mapping(resource, "spec")
        if namespace(resource) != workload.namespace:
            continue
        selected = workload.selected(mapping(spec, "podSelector", "matchLabels"))
        is_egress = "Egress" in (texts(spec, "policyTypes") or (["Egress"] if spec.get("egress") else []))
        if selected is False or not is_egress:
            continue
        is_certain = selected is True and not mapping(spec, "podSelector").get("matchExpressions")
        rules = [rule for _, rule in mappings(spec, "egress")]
        yield Policy(resource, is_certain, [one for rule in rules for one in _allowed(rule, port)], [])


def _allowed(rule: dict[str, Any], port: int) -> list[Block]:
    ports, peers = rule.get("ports"), rule.get("to")
    if isinstance(ports, list) and ports and not any(_means(one, port) for one in ports):
        return []
    if not isinstance(peers, list) or not peers:
        return EVERYTHING
    return [one for peer in peers for one in _peer(peer)]


def _peer(peer: Any) -> list[Block]:
    ip_block = mapping(peer, "ipBlock")
    # Without one it selects pods, whose addresses nobody knows.
    return block(text(ip_block, "cidr"), texts(ip_block, "except"))


def _means(port: Any, number: int) -> bool:
    if not isinstance(port, dict):
        return True
    if port.get("protocol", "TCP") != "TCP":
        return False
    start = port.get("port", number)  # the name of one may be any
    return not isinstance(start, int) or start <= number <= port.get("endPort", start)
