"""Rules for pods that have no sidecar, or one that does not see all that they send.

In a mesh that is closed to what is not registered, a NetworkPolicy of their namespace alone can keep them in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...manifest.fields import mapping, mappings, text, texts
from ...manifest.findings import WARNING
from ..found import pod_template, template_path
from .fault import fault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ...manifest.resource import Resource
    from .fault import Fault

_EXCLUDING = "traffic.sidecar.istio.io/exclude"
_INCLUDING = "traffic.sidecar.istio.io/includeOutboundIPRanges"
_MODE = "sidecar.istio.io/interceptionMode"
_INJECT = "sidecar.istio.io/inject"
_PLATFORM = ("kube-system", "kube-public", "kube-node-lease", "istio-system")
_PROXY_USER = 1337
"""What the sidecar runs as, and whose connections it does not see (Istio, Application Requirements)."""


def past_the_sidecar(resource: Resource, severity: str) -> Iterator[Fault]:
    """Pods that send past their sidecar at the port of TLS, by an annotation."""
    annotations = mapping(pod_template(resource), "metadata", "annotations")
    path = (*template_path(resource), "metadata", "annotations")
    for key in annotations:
        name = str(key)
        ports = text(annotations, name).replace(" ", "").split(",")
        is_out = name.startswith(_EXCLUDING + "Outbound") and (
            name.endswith("IPRanges") or not {"443", "*"}.isdisjoint(ports)
        )
        is_out = is_out or name == _EXCLUDING + "Interfaces"
        is_out = is_out or (name == _INCLUDING and "*" not in ports)
        if is_out or (name == _MODE and ports == ["NONE"]):
            message = f"has pods that send past their sidecar ({name}): a NetworkPolicy alone can keep them in"
            yield fault("beside", message, resource, (*path, name), severity)


def without_sidecar(resource: Resource, kept: Collection[str], platform: Collection[str]) -> Iterator[Fault]:
    """Pods and namespaces without sidecars; `kept`: namespaces whose NetworkPolicy keeps every pod in."""
    if (resource.kind, resource.group) == ("Namespace", ""):
        if (
            resource.labels.get("istio-injection") == "disabled"
            and resource.name not in (*_PLATFORM, *platform)
            and resource.name not in kept
        ):
            message = "has no sidecars (istio-injection: disabled): a NetworkPolicy alone can keep its pods in"
            yield fault("beside", message, resource, ("metadata", "labels", "istio-injection"), WARNING)
        return
    template = pod_template(resource)
    if not template or resource.namespace in (*_PLATFORM, *platform):
        return
    spec, path = mapping(template, "spec"), template_path(resource)
    if spec.get("hostNetwork"):
        message = "has pods in the node's network, where there is no sidecar and no NetworkPolicy counts"
        yield fault("beside", message, resource, (*path, "spec", "hostNetwork"), WARNING)
    if resource.namespace in kept:
        return
    for field in ("labels", "annotations"):
        if str(mapping(template, "metadata", field).get(_INJECT)).lower() == "false":
            message = f"has pods without a sidecar ({_INJECT}): a NetworkPolicy alone can keep them in"
            yield fault("beside", message, resource, (*path, "metadata", field, _INJECT), WARNING)
            return
    holders = [("securityContext", spec)]
    holders += [("containers", one) for _, one in mappings(spec, "containers")]
    if any(mapping(one, "securityContext").get("runAsUser") == _PROXY_USER for _, one in holders):
        message = f"has pods that run as {_PROXY_USER}, whose connections the sidecar does not see; take another user"
        yield fault("beside", message, resource, (*path, "spec"), WARNING)


def kept_in(resources: Sequence[Resource]) -> set[str]:
    """Namespaces in which a NetworkPolicy for every pod lets none out of the cluster."""
    found = set()
    for one in resources:
        spec: dict[str, Any] = mapping(one.value, "spec")
        if (
            (one.kind, one.group) == ("NetworkPolicy", "networking.k8s.io")
            and "Egress" in texts(spec, "policyTypes")
            and not mapping(spec, "podSelector")
        ):
            found.add(one.namespace)
    return found
