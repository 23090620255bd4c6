"""TLSRoute of the Gateway API: `spec.hostnames`, at most 1,024 a route; a gateway routes the SNI by them.

`*.` stands for any number of labels, as in Envoy (Gateway API, TLSRoute.spec.hostnames and Listener.hostname). Further
routes of the same gateways and rules hold what does not fit into one.
"""

from __future__ import annotations

from .site import GATEWAY, BadPlace, Site, list_at, mappings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .site import Found


def find(value: dict[str, Any]) -> Found:
    """The list of names in the TLSRoute `value`."""
    spec = value.get("spec")
    if not isinstance(spec, dict):
        return []
    found: Found = list(list_at(spec, "hostnames", ("spec",)))
    if not found:
        reason = "must be present: without it the route takes every name; write hostnames: [egress-domains.invalid]"
        found.append(BadPlace(("spec", "hostnames"), reason, opens=True))
    for parent, path in mappings(spec, "parentRefs", ("spec",), found):
        # Routes of Services are the sidecars' (Gateway API, GAMMA), and of those VirtualServices are judged alone.
        if parent.get("kind", "Gateway") != "Gateway":
            reason = (
                "must be Gateway: what takes part is the route of a gateway; give other parents a route of their own"
            )
            found.append(BadPlace((*path, "kind"), reason))
    return found


SITE = Site(
    "gateway.networking.k8s.io",
    "TLSRoute",
    find,
    hop=GATEWAY,
    holds="spec.hostnames",
    limit=1024,  # maxItems of the CRD
    makes_more=True,
)
