"""Whether an EnvoyFilter refuses addresses inside, as base-direct/addresses does: by what the forwarder notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...manifest.fields import mapping, mappings, text
from ...sites import BY_PATCHES, acts

if TYPE_CHECKING:
    from ...manifest.resource import Resource

_FORWARDER = "envoy.extensions.filters.network.sni_dynamic_forward_proxy"


def checks_addresses(resource: Resource, namespace: str, context: str) -> bool:
    """Whether it does so in `namespace`, in listeners of Istio's `context` (EnvoyFilter, PatchContext)."""
    if not acts(resource, BY_PATCHES) or resource.namespace != namespace:
        return False
    filters = [
        (text(mapping(one, "match", "listener", "filterChain", "filter"), "name"), mapping(one, "patch", "value"))
        for _, one in mappings(mapping(resource.value, "spec"), "configPatches")
        if text(mapping(one, "match"), "context") == context
    ]
    notes = any(
        name == _FORWARDER and mapping(value, "typed_config").get("save_upstream_address") is True
        for name, value in filters
    )
    denies = any(text(mapping(value, "typed_config", "rules"), "action") == "DENY" for _, value in filters)
    return notes and denies
