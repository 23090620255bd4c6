"""VirtualService: `spec.hosts`, and every `spec.tls[].match[].sniHosts`.

Istio wants every sniHosts entry covered by hosts, so both always hold the same list
(Istio, VirtualService reference, TLSMatchAttributes).
"""

from __future__ import annotations

from .place import BadPlace, list_at, mappings
from .site import ROUTES, SIDECAR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..manifest.edits import Path
    from .place import Found


def find(value: dict[str, Any]) -> Found:
    """The lists of names in the VirtualService `value`."""
    spec = value.get("spec")
    if not isinstance(spec, dict):
        return []
    found: Found = []
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


def hop(value: dict[str, Any], path: Path) -> str:
    """The hop of the list at `path`: sniHosts are matched by the sidecars unless all is for other gateways."""
    if path[-1] != "sniHosts":
        return ROUTES
    from ..manifest.fields import texts

    match: Any = value
    for step in path[:-1]:
        match = match[step]
    # Without gateways a match is one of the sidecars (Istio, TLSMatchAttributes.gateways).
    gateways = texts(match, "gateways") or texts(value["spec"], "gateways") or ["mesh"]
    return SIDECAR if "mesh" in gateways else ROUTES
