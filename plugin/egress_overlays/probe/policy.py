"""Whether the network lets the gateway connect to an address, by the policies among the manifests."""

from __future__ import annotations

from ipaddress import ip_network

from ..istiod.gateway import Resource, title
from ..istiod.workload import Workload
from ..policies import let_through, selecting


def blocking(resources: list[Resource], workload: Workload, address: str) -> str:
    """The policies (`NetworkPolicy namespace/name, ...`) that keep `workload` from `address`; "" if none does.

    None is enforced on a pod's own loopback.
    """
    only = ip_network(address)
    policies = selecting(resources, workload)
    if only.is_loopback or any(let_through(policies, [only])):
        return ""
    return ", ".join(dict.fromkeys(title(one.resource) for one in policies))
