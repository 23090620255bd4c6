"""What istiod would send one gateway workload, and what is expected of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..names.domain import Domain
from . import patches, routed
from .errors import ProbeError
from .gateway import Resource, Workload, listeners


@dataclass(frozen=True)
class Gateway:
    """The configuration of one workload: what istiod would send it, and the names that its VirtualServices list.

    `notes`: what rendered files do not tell of either.
    """

    workload: Workload
    listeners: list[dict[str, Any]]
    clusters: list[dict[str, Any]]
    domains: list[Domain]
    notes: list[str]


def configuration(resources: list[Resource], workload: Workload, root_namespace: str = "istio-system") -> Gateway:
    """What istiod would configure for `workload`; raises ProbeError naming each part that cannot be built."""
    generated = listeners(resources, workload, root_namespace)
    if not generated:
        raise ProbeError(f"{workload.title}: no Gateway selects it")
    black_hole = {"name": "BlackHoleCluster", "type": "STATIC", "connect_timeout": "10s"}
    patched = patches.apply(resources, workload, generated, [black_hole], root_namespace)
    domains, notes = routed.names(resources, workload)
    return Gateway(workload, patched.listeners, patched.clusters, domains, [*patched.notes, *notes])
