"""Where a resource holds domains: one module a kind, found in `SITES`.

A site module has `KIND` and `find(value)`, which returns a Place for each list of names and raises
nothing: of a resource that is no valid one of its kind it returns what a person must mend as a BadPlace.
"""

from __future__ import annotations

from . import envoy_filter, service_entry, virtual_service
from .place import BadPlace, ClientsPlace, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..manifest.resource import Resource

GROUP = "networking.istio.io"

SITES = {site.KIND: site for site in (virtual_service, service_entry, envoy_filter)}

__all__ = ["GROUP", "SITES", "BadPlace", "ClientsPlace", "Place", "find"]


def find(resource: Resource) -> Iterator[Place | ClientsPlace | BadPlace]:
    """The lists of names in `resource`; nothing for a kind that holds none."""
    site = SITES.get(resource.kind)
    if site is not None and resource.group == GROUP:
        yield from site.find(resource.value)
