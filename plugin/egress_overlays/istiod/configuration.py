"""What istiod would send one gateway workload, and what is expected of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..names.domain import Domain
from . import patches, routed
from .errors import NotModelled, ProbeError
from .filters import Patch
from .gateway import Resource, listeners, title
from .provenance import Provenance
from .workload import Workload


class Model(NamedTuple):
    """The listeners and clusters of one workload, where each part comes from, and what is `unknown` of them.

    `patches` are all that reach it.
    """

    workload: Workload
    listeners: list[dict[str, Any]]
    clusters: list[dict[str, Any]]
    origins: Provenance
    unknown: list[NotModelled]
    notes: list[str]
    patches: list[Patch]


class Gateway(NamedTuple):
    """The configuration of one workload: what istiod would send it, and the names that its VirtualServices list.

    `notes`: what rendered files do not tell of either.
    """

    workload: Workload
    listeners: list[dict[str, Any]]
    clusters: list[dict[str, Any]]
    domains: list[Domain]
    denied: list[Domain]
    notes: list[str]


def model(
    resources: list[Resource], workload: Workload, root_namespace: str = "istio-system", *, backwards: bool = False
) -> Model:
    """What istiod would configure for `workload`, as far as that is known here.

    EnvoyFilters whose order only their time of creation tells are taken by name, or `backwards`.
    """
    origins = Provenance()
    generated, unbuilt = listeners(resources, workload, root_namespace, origins)
    clusters = [{"name": "BlackHoleCluster", "type": "STATIC", "connect_timeout": "10s"}]
    patched = patches.apply(resources, workload, generated, clusters, root_namespace, origins, backwards=backwards)
    unknown = [*unbuilt, *patched.unknown]
    return Model(workload, patched.listeners, patched.clusters, origins, unknown, patched.notes, patched.patches)


def configuration(resources: list[Resource], workload: Workload, root_namespace: str = "istio-system") -> Gateway:
    """What istiod would configure for `workload`; raises ProbeError naming each part that is not known here."""
    found = model(resources, workload, root_namespace)
    if found.unknown:
        raise ProbeError("\n".join(f"{title(one.resource)}: {one.reason}" for one in found.unknown))
    if not any("address" in listener for listener in found.listeners):
        raise ProbeError(f"{workload.title}: no Gateway selects it")
    domains, notes = routed.names(resources, workload)
    return Gateway(workload, found.listeners, found.clusters, domains, routed.denied(resources), [*found.notes, *notes])
