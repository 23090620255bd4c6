"""VirtualService: `spec.hosts`, and every `spec.tls[].match[].sniHosts`.

Istio wants every sniHosts entry covered by hosts, so both always hold the same list
(Istio, VirtualService reference, TLSMatchAttributes).
"""

from __future__ import annotations

from .place import BadPlace, items, list_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .place import Place

KIND = "VirtualService"


def find(value: dict[str, Any]) -> Iterator[Place | BadPlace]:
    """The lists of names in the VirtualService `value`."""
    spec = value.get("spec")
    if not isinstance(spec, dict):
        return
    if "hosts" not in spec:
        yield BadPlace(("spec", "hosts"), "must be present in a VirtualService; write hosts: [egress-domains.invalid]")
    yield from list_at(spec, "hosts", ("spec",))
    for index, route in items(spec, "tls"):
        for number, match in items(route, "match"):
            path = ("spec", "tls", index, "match", number)
            if "sniHosts" not in match:
                yield BadPlace((*path, "sniHosts"), "must be present in a TLS match (Istio refuses one without)")
            yield from list_at(match, "sniHosts", path)
