"""Whether the NetworkPolicies among the manifests let the gateway connect to an address (Kubernetes networking/v1)."""

from __future__ import annotations

import ipaddress
from typing import Any

from ..istiod.gateway import Resource, namespace, of_kind
from ..istiod.workload import Workload

PORT = 443


def blocking(resources: list[Resource], workload: Workload, address: str) -> str:
    """The NetworkPolicies (`namespace/name, ...`) that keep `workload` from TCP port 443 of `address`; "" if none does.

    Policies add up: what one of them allows is allowed; where none selects the pods, everything is. A pod's own
    loopback never passes where policies are enforced.
    """
    if ipaddress.ip_address(address).is_loopback:
        return ""
    selecting = []
    for policy in of_kind(resources, "NetworkPolicy", "networking.k8s.io/"):
        spec = policy.get("spec") or {}
        labels = (spec.get("podSelector") or {}).get("matchLabels")
        if namespace(policy) != workload.namespace or not workload.selected(labels):
            continue
        if "Egress" not in (spec.get("policyTypes") or (["Egress"] if spec.get("egress") else [])):
            continue
        if any(_allows(rule, address) for rule in spec.get("egress") or []):
            return ""
        selecting.append(f"{namespace(policy)}/{policy['metadata']['name']}")
    return ", ".join(selecting)


def _allows(rule: dict[str, Any], address: str) -> bool:
    ports = rule.get("ports")
    if ports and not any(port.get("protocol", "TCP") == "TCP" and port.get("port", PORT) == PORT for port in ports):
        return False
    peers = rule.get("to")
    # A peer that selects pods cannot be an address outside of the cluster's pod network.
    return not peers or any(_within(peer["ipBlock"], address) for peer in peers if "ipBlock" in peer)


def _within(block: dict[str, Any], address: str) -> bool:
    ip = ipaddress.ip_address(address)
    return ip in ipaddress.ip_network(block["cidr"]) and not any(
        ip in ipaddress.ip_network(cidr) for cidr in block.get("except") or []
    )
