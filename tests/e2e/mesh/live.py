"""What the API server holds of the overlays now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cluster import Cluster

ROUTES = "direct-wildcard-through-egress-gateway"


def live(cluster: Cluster) -> dict[str, str]:
    """Every object of Istio's that the overlays make, with the version that changes with any write to it."""
    found = {}
    for kind in ("virtualservices", "serviceentries", "envoyfilters", "gateways", "destinationrules"):
        for item in cluster.get(kind, "--all-namespaces")["items"]:
            found[f"{kind}/{item['metadata']['name']}"] = item["metadata"]["resourceVersion"]
    assert {f"virtualservices/{ROUTES}", "serviceentries/wildcard"} <= found.keys()
    return found
