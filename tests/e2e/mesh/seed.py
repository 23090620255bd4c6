"""The seed's objects of Istio, or those of 0.1.0, for a list of one's own: another gateway beside base/'s."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import quick_yaml as yaml

from .overlays import only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cluster import Cluster
    from .mesh import Mesh
    from .proxy import Proxy

SEED = "e2e/seed.yaml"
LABELS = {"istio": "egressgateway"}
"""Of its pods."""

_PORTS = [{"name": "tls-egress", "port": 8443, "protocol": "TCP"}]


def objects_of(file: str, names: Sequence[str]) -> list[dict[str, Any]]:
    """The Istio objects of the old gateway in tests/`file` with this list."""
    text = (Path(__file__).parents[2] / file).read_text()
    objects: list[dict[str, Any]] = list(yaml.safe_load_all(only(text, groups=("istio.io",))))
    for one in objects:
        if one["kind"] in ("VirtualService", "ServiceEntry"):
            one["spec"]["hosts"] = list(names)
        for route in one["spec"].get("tls", []):
            for match in route["match"]:
                match["sniHosts"] = list(names)
        for patch in one["spec"].get("configPatches", []):
            for chain in patch["patch"].get("value", {}).get("filter_chains", []):
                chain["filter_chain_match"]["server_names"] = list(names)
        if one["kind"] == "EnvoyFilter":  # The guide's first command; 0.1.0 has it already.
            one["spec"]["workloadSelector"] = {"labels": LABELS}
    return objects


def serve(mesh: Mesh, gateway: Proxy) -> None:
    """What the Service's controller does when its selector means these pods."""
    mesh.cluster.endpoints("egressgateway", "istio-egress", {gateway.pod.name: gateway.pod.address}, _PORTS)


def remove(cluster: Cluster, objects: list[dict[str, Any]]) -> None:
    """Delete what base/ has not under the same name."""
    for one in objects:
        if one["kind"] not in ("VirtualService", "ServiceEntry"):
            # With its group: the Gateway API has a Gateway too.
            kind = f"{one['kind']}.{one['apiVersion'].rpartition('/')[0]}"
            cluster.kubectl("delete", kind, one["metadata"]["name"], f"--namespace={one['metadata']['namespace']}")
