"""Policies of other tiers that let something out before a NetworkPolicy can refuse it.

AdminNetworkPolicy and ClusterNetworkPolicy (network-policy-api), Calico's and Antrea's policies.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..manifest.fields import mapping, mappings, text, texts
from .found import ADVICE, Found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..istiod.workload import Workload
    from ..manifest.resource import Resource

_READ = {"networking.k8s.io", "cilium.io", "networking.gke.io", "security.istio.io"}
"""Groups whose policies the rule `kernel` reads, or that mean something else."""
_CALICO = ("projectcalico.org", "crd.projectcalico.org")
_REFUSES = {"deny", "drop", "reject", "log"}
_NAME = "kubernetes.io/metadata.name"
_EQUAL = re.compile(r"\s*([\w./-]+)\s*==\s*(?:'([^']*)'|\"([^\"]*)\")\s*")
_SPACE = "projectcalico.org/name"


def before_policies(resource: Resource, workload: Workload) -> Iterator[Found]:
    """What of `resource` lets the pods of `workload` out."""
    is_near = resource.namespace in ("", workload.namespace)
    if resource.group in _READ or resource.kind.startswith("Staged"):
        return
    if not (is_near and resource.kind.endswith("Policy")):
        return
    spec = mapping(resource.value, "spec")
    if text(spec, "tier") == "Baseline" or resource.kind.startswith("Baseline") or _is_for_others(spec, workload):
        return
    for index, entry in mappings(spec, "egress"):
        action = text(entry, "action").lower()
        if action and action not in _REFUSES and not (action == "pass" and _goes_on(resource, spec)):
            words = f"lets the egress gateway's pods out before any NetworkPolicy is asked ({action}); {ADVICE}"
            yield Found(resource, ("spec", "egress", index), words)


def _goes_on(resource: Resource, spec: dict[str, Any]) -> bool:
    """Whether `Pass` leads to NetworkPolicies.

    Calico has these in its tier `default`: there it goes past them, to the profile, which allows (Calico, Tiers).
    """
    return resource.group not in _CALICO or text(spec, "tier") not in ("", "default")


def _is_for_others(spec: Any, workload: Workload) -> bool:
    """Whether the subject of a policy of a cluster leaves the gateway's pods out, by labels that they surely have."""
    chosen = mapping(spec, "subject", "namespaces") or mapping(spec, "subject", "pods", "namespaceSelector")
    if mapping(chosen, "matchLabels").get(_NAME, workload.namespace) != workload.namespace:
        return True
    if any(
        one.get("key") == _NAME
        and (text(one, "operator"), workload.namespace in texts(one, "values")) in (("NotIn", True), ("In", False))
        for _, one in mappings(chosen, "matchExpressions")
    ):
        return True
    spaces = {_NAME: workload.namespace, _SPACE: workload.namespace}
    return _misses(text(spec, "namespaceSelector"), spaces) or _misses(
        text(spec, "selector"), workload.labels if workload.is_whole else {}
    )


def _misses(selector: str, labels: dict[str, Any]) -> bool:
    """Whether a selector of Calico's asks for a label to be another one than these."""
    for part in selector.split("&&"):
        found = _EQUAL.fullmatch(part)
        if found and labels.get(found[1]) not in (None, found[2] or found[3]):
            return True
        if found and labels and not any(one in found[1] for one in ("/", "hash")) and found[1] not in labels:
            return True
    return False
