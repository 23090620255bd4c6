"""A mesh in which everything is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from live import built

if TYPE_CHECKING:
    from collections.abc import Callable

    Object = dict[str, Any]
    Change = Callable[[list[Object]], object]
from meshes import CREATED, LABELS, made, template


@pytest.fixture
def cluster() -> list[Object]:
    """prod in a mesh where everything is well."""
    objects = built()
    for one in objects:
        one["metadata"]["creationTimestamp"] = CREATED
    dns = {"selector": {"k8s-app": "kube-dns"}, "ports": [{"name": "dns", "port": 53, "targetPort": 53}]}
    mesh = made("ConfigMap", "istio", "istio-system")
    mesh["data"] = {"mesh": "outboundTrafficPolicy:\n  mode: REGISTRY_ONLY\nrootNamespace: istio-system\n"}
    proxy = {"containers": [{"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.31.0"}]}
    return [
        *objects,
        mesh,
        made("Namespace", "istio-system", "", labels={"kubernetes.io/metadata.name": "istio-system"}),
        made("Deployment", "istiod", "istio-system", template("istio/pilot:1.31.0", "discovery", {"app": "istiod"})),
        made("DaemonSet", "calico-node", "kube-system", template("calico/node:v3.30", "calico-node", {"k8s-app": "c"})),
        made("Service", "kube-dns", "kube-system", dns),
        made("Pod", "sni-egressgateway-1", "istio-egress", proxy, labels=LABELS),
        made("Sidecar", "default", "shop", {"egress": [{"hosts": ["./*", "istio-system/*"]}]}),
        made("VirtualService", "shop", "shop", {"hosts": ["shop.example.net"], "http": [{"route": []}]}),
        made(
            "Gateway", "stock", "shop", {"selector": {"istio": "egressgateway"}, "servers": [{"port": {"number": 443}}]}
        ),
    ]
