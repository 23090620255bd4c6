"""Where a resource holds domains: each kind declared once, as a Site, and found by its API group and kind.

Knows how a kind holds a list, and what must stand beside it; never what is on the list. Imports `manifest`, and
the placeholder of `names`. Kinds of other packages come by the entry point group `egress_overlays.sites`, see
docs/sites.md.
"""

from __future__ import annotations

from ..manifest.resource import INJECT_ANNOTATION
from .istio import ENVOY_FILTER, GROUP, SERVICE_ENTRY, VIRTUAL_SERVICE
from .site import (
    BY_PATCHES,
    BY_REGISTERING,
    BY_ROUTES,
    CHAINS,
    GATEWAY,
    HOPS,
    POLICY,
    REGISTRY,
    ROUTES,
    SIDECAR,
    TEXT,
    BadPlace,
    ClientsPlace,
    DenialPlace,
    Form,
    Place,
    Site,
    list_at,
    mappings,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..manifest.resource import Resource

__all__ = [
    "BY_PATCHES",
    "BY_REGISTERING",
    "BY_ROUTES",
    "CHAINS",
    "COPIED",
    "GATEWAY",
    "GROUP",
    "HOPS",
    "POLICY",
    "REGISTRY",
    "ROUTES",
    "SIDECAR",
    "TEXT",
    "USUAL",
    "BadPlace",
    "ClientsPlace",
    "DenialPlace",
    "Form",
    "Place",
    "Site",
    "acts",
    "built_in",
    "find",
    "list_at",
    "mappings",
    "site_of",
]

USUAL = (VIRTUAL_SERVICE, SERVICE_ENTRY, ENVOY_FILTER)
"""The kinds of base/, which most runs meet."""

_KNOWN = {(site.group, site.kind): site for site in USUAL}

# What most runs do not meet: the module that declares the kind, and its name there. Loaded when it is met.
_LOADED_LATER = {
    ("gateway.networking.k8s.io", "TLSRoute"): "tls_route:SITE",
    ("security.istio.io", "AuthorizationPolicy"): "authorization_policy:SITE",
    ("cilium.io", "CiliumNetworkPolicy"): "cilium:NAMESPACED",
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): "cilium:CLUSTERWIDE",
    ("networking.gke.io", "FQDNNetworkPolicy"): "gke:SITE",
}


COPIED = ("ServiceEntry", "VirtualService", "TLSRoute", "EnvoyFilter", "AuthorizationPolicy")
"""The kinds that a list may need several objects of; those of other packages are never copied."""


def site_of(resource: Resource) -> Site | None:
    """The declaration of the kind of `resource`; None for a kind that holds no names.

    Other packages are asked where the resource takes part and its kind is not built in.
    """
    key = (resource.group, resource.kind)
    site = _KNOWN.get(key)
    if site is None and key in _LOADED_LATER:
        module, _, name = _LOADED_LATER[key].partition(":")
        site = _KNOWN[key] = getattr(__import__(f"{__name__}.{module}", fromlist=[name]), name)
    elif site is None and INJECT_ANNOTATION in resource.annotations:
        from .elsewhere import declared_elsewhere

        site = declared_elsewhere(resource)
    return site


def built_in() -> list[tuple[str, str]]:
    """The API group and kind of every site that needs no other package."""
    return sorted({(site.group, site.kind) for site in USUAL} | {*_LOADED_LATER})


def acts(resource: Resource, by: str) -> bool:
    """Whether the kind of `resource` counts in this way, one of the constants BY_..., besides what its lists say."""
    site = site_of(resource)
    return site is not None and site.acts_by == by


def find(resource: Resource) -> Iterator[Place | ClientsPlace | DenialPlace | BadPlace]:
    """The lists of names in `resource`; nothing for a kind that holds none."""
    site = site_of(resource)
    if site is not None:
        yield from site.find(resource.value)
