"""What tests of base/ in several meshes share: names, addresses, what doctor finds, and when a list is everywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from command import run as egress_overlays
from egress_overlays.review.doctor import KINDS

from .processes import eventually

if TYPE_CHECKING:
    from .mesh import Mesh
    from .proxy import Proxy

LISTED_ADDRESS = "185.15.62.10"
UNLISTED, UNLISTED_ADDRESS = "elsewhere.meshes.example.net", "185.15.62.11"
ONLY = {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}


def examined(mesh: Mesh) -> set[str]:
    """The rules by which doctor finds something, but for two: no webhook and no network plugin run here."""
    objects = mesh.cluster.get(",".join(KINDS), "-A")["items"]
    objects += mesh.cluster.get("configmaps", "--namespace=istio-system")["items"]
    printed = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}).encode()
    found = json.loads(egress_overlays("doctor", "-o", "json", "-", stdin=printed).out)["findings"]
    return {one["rule"] for one in found} - {"enforcement", "injection"}


def settled(wildcard: str, gateway: Proxy, sidecar: Proxy) -> None:
    """Waits until a list that no mesh before had is everywhere."""
    eventually(
        lambda: (
            {wildcard} == gateway.allowed_names() == sidecar.routed_names()
            and "0.0.0.0_8443" in gateway.config("listeners")
            and "sni_listener" in gateway.config("listeners")
        ),
        within=60,
        what="the list in gateway and sidecar",
    )
