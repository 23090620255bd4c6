"""VirtualService: `spec.hosts`, and every `spec.tls[].match[].sniHosts`.

Istio wants every sniHosts entry covered by hosts, so both always hold the same list
(Istio, VirtualService reference, TLSMatchAttributes).
"""

from __future__ import annotations

from .place import BadPlace, list_at, mappings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .place import Place

KIND = "VirtualService"


def find(value: dict[str, Any]) -> list[Place | BadPlace]:
    """The lists of names in the VirtualService `value`."""
    spec = value.get("spec")
    if not isinstance(spec, dict):
        return []
    found: list[Place | BadPlace] = []
    if "hosts" not in spec:
        reason = "must be present in a VirtualService; write hosts: [egress-domains.invalid]"
        found.append(BadPlace(("spec", "hosts"), reason))
    found += list_at(spec, "hosts", ("spec",))
    for route, path in mappings(spec, "tls", ("spec",), found):
        if route.get("match") in (None, []):
            reason = "must be present in a TLS route (Istio refuses one without); write sniHosts in it"
            found.append(BadPlace((*path, "match"), reason))
        for match, here in mappings(route, "match", path, found):
            if "sniHosts" not in match:
                reason = "must be present in a TLS match (Istio refuses one without)"
                found.append(BadPlace((*here, "sniHosts"), reason))
            if "sni_hosts" in match:
                reason = "is unknown to Istio's CRD, and the API server drops it; write sniHosts alone"
                found.append(BadPlace((*here, "sni_hosts"), reason))
            found += list_at(match, "sniHosts", here)
    return found
