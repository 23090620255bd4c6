"""What runs in the egress gateway's pods, what takes their place, and what else of the mesh reaches into them.

Closed, as the model of listeners and filters is: of each kind that can touch these pods it is said what is known, and
all the rest is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..istiod.pods import differences, known
from ..manifest.fields import mapping, mappings, text, texts
from ..names.domain import ascii_quoted
from ..rendered.workloads import Gateways, destination_of
from ..sites import site_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..istiod.workload import Workload
    from ..manifest.edits import Path
    from ..manifest.resource import Resource

_JUDGED = {
    "networking.istio.io": {
        *("Gateway", "DestinationRule", "Sidecar", "WorkloadEntry", "WorkloadGroup"),
    },
    "security.istio.io": {"AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"},
    "telemetry.istio.io": {"Telemetry"},
}
"""Istio's kinds that hold no names, and are judged elsewhere, mean sidecars alone, or only refuse or log."""
_ISTIO = "istio.io"
_INTERNAL = "internal.istio.io/"
_READ = {"networking.k8s.io", "cilium.io", "networking.gke.io", "security.istio.io"}
"""Groups whose policies the rule `kernel` reads, or that mean something else."""
_NAME = "kubernetes.io/metadata.name"
_SERVICE = {
    "externalIPs": "takes addresses from outside",
    "externalName": "leads to another name",
    "externalTrafficPolicy": "is reached from outside of the cluster",
}
_ADVICE = "take it out, or accept this field of it with a reason (verify --accepted)"


class Found(NamedTuple):
    """What `resource` does at `path`, in `words`; `opens`: connections may go where the lists do not count."""

    resource: Resource
    path: Path
    words: str
    opens: bool = False


def company(
    resources: Sequence[Resource], gateways: Gateways, workload: Workload, root_namespace: str
) -> Iterator[Found]:
    """Everything beside the configuration of `workload`, one of `gateways`, that is not as base/ has it."""
    services = [
        one
        for one in resources
        if (one.kind, one.group) == ("Service", "")
        and (one.name, one.namespace) in gateways.services
        and one.namespace in ("", workload.namespace)
    ]
    for one in resources:
        yield from _in_its_pods(one, workload)
        yield from _in_its_place(one, workload, services)
        yield from _extending(one, workload, root_namespace)
        yield from _attached(one, gateways)
        yield from _before_policies(one, workload)
    for one in services:
        yield from _of_service(one)


def _in_its_pods(resource: Resource, workload: Workload) -> Iterator[Found]:
    """How the pod template of the gateway differs from those of base/ and components/."""
    template = _template(resource)
    if resource.group != "apps" or not workload.name or _is_controlled(resource) or not template:
        return
    if (resource.namespace, mapping(template, "metadata", "labels")) != (workload.namespace, workload.labels):
        return
    if resource.kind != "Deployment":
        yield Found(resource, ("kind",), f"makes pods of the egress gateway by a {resource.kind}; {_ADVICE}")
    for path, words in differences(template, known()):
        yield Found(resource, ("spec", "template", *path), f"{words}: other pods than base/'s run; {_ADVICE}")


def _in_its_place(resource: Resource, workload: Workload, services: Sequence[Resource]) -> Iterator[Found]:
    """What gets connections that are meant for the gateway: pods and entries by its labels, endpoints by its name."""
    if resource.namespace not in ("", workload.namespace) or _is_controlled(resource):
        return
    labels = _pod_labels(resource)
    for service in services:
        chosen = mapping(service.value, "spec", "selector")
        if chosen and labels and all(labels.get(key) == value for key, value in chosen.items()):
            words = f"gets connections that sidecars send to the Service {service.name}: its labels are the gateway's"
            yield Found(resource, (), words, opens=True)
        if _is_of(resource, service) and not _is_by_controllers(resource):
            words = f"says where connections to the Service {service.name} go, in place of its pods"
            yield Found(resource, (), words, opens=True)


def _pod_labels(resource: Resource) -> dict[str, Any]:
    """The labels of what stands behind a Service, but for the pods of apps/, which are a gateway's own."""
    if (resource.kind, resource.group) == ("Pod", ""):
        return resource.labels
    if resource.group == "networking.istio.io" and resource.kind == "WorkloadEntry":
        return mapping(resource.value, "spec", "labels")
    if resource.group == "networking.istio.io" and resource.kind == "WorkloadGroup":
        return mapping(resource.value, "spec", "metadata", "labels")
    if resource.group == "apps":
        return {}
    return mapping(_template(resource), "metadata", "labels")


def _template(resource: Resource) -> dict[str, Any]:
    spec = mapping(resource.value, "spec")
    return mapping(spec, "template") or mapping(spec, "jobTemplate", "spec", "template")


def _is_controlled(resource: Resource) -> bool:
    """Whether a controller has made it from another object, which is judged in its place."""
    return any(owner.get("controller") is True for _, owner in mappings(resource.metadata, "ownerReferences"))


def _is_of(resource: Resource, service: Resource) -> bool:
    if (resource.kind, resource.group) == ("Endpoints", ""):
        return resource.name == service.name
    is_slice = (resource.kind, resource.group) == ("EndpointSlice", "discovery.k8s.io")
    return is_slice and resource.labels.get("kubernetes.io/service-name") == service.name


def _is_by_controllers(resource: Resource) -> bool:
    """Whether all its addresses are pods', as Kubernetes' own controllers write them."""
    if resource.kind == "EndpointSlice":
        entries = [entry for _, entry in mappings(resource.value, "endpoints")]
    else:
        entries = [
            address
            for _, subset in mappings(resource.value, "subsets")
            for field in ("addresses", "notReadyAddresses")
            for _, address in mappings(subset, field)
        ]
    return all(mapping(entry, "targetRef").get("kind") == "Pod" for entry in entries)


def _extending(resource: Resource, workload: Workload, root_namespace: str) -> Iterator[Found]:
    """Objects of Istio, of a kind that is not known here, that reach these pods."""
    is_known = site_of(resource) is not None or resource.kind in _JUDGED.get(resource.group, ())
    if is_known or not resource.group.endswith(_ISTIO):
        return
    spec = mapping(resource.value, "spec")
    chosen = mapping(spec, "selector", "matchLabels")
    if workload.reached_from(resource.namespace, chosen, root_namespace) is not False:
        words = f"is a {resource.kind} that reaches the egress gateway's pods, and none is known here; {_ADVICE}"
        yield Found(resource, ("spec",), words)


def _attached(resource: Resource, gateways: Gateways) -> Iterator[Found]:
    """Gateways that name a Service of ours in place of labels: istiod opens their listeners at its pods.

    Istio, Kubernetes Gateway API, "Manual Deployment": `spec.addresses`, which istiod turns into annotations of its own
    (pilot/pkg/model/push_context.go, InternalGatewayServiceAnnotation) that its webhook keeps others from writing.
    """
    for name in (*resource.annotations, *resource.labels) if resource.group.endswith(_ISTIO) else ():
        if str(name).startswith(_INTERNAL):
            words = f"has {ascii_quoted(str(name))}, istiod's own: it may reach pods that no selector of it means"
            yield Found(resource, ("metadata",), words, opens=True)
    if resource.group != "gateway.networking.k8s.io":
        return
    for index, address in mappings(resource.value.get("spec"), "addresses"):
        meant = destination_of(text(address, "value"), resource.namespace)
        if meant[:2] in gateways.services:
            is_near = meant.namespace == resource.namespace
            does = "opens its listeners at the egress gateway's pods" if is_near else "is meant for the egress gateway"
            words = f"{does}: its address is their Service {meant.title}"
            yield Found(resource, ("spec", "addresses", index), words if is_near else f"{words}; {_ADVICE}", is_near)


def _before_policies(resource: Resource, workload: Workload) -> Iterator[Found]:
    """Policies of other tiers that let something out before a NetworkPolicy can refuse it.

    AdminNetworkPolicy and ClusterNetworkPolicy (network-policy-api), Calico's and Antrea's policies.
    """
    is_near = resource.namespace in ("", workload.namespace)
    if resource.group in _READ or not (is_near and resource.kind.endswith("Policy")):
        return
    spec = mapping(resource.value, "spec")
    if text(spec, "tier") == "Baseline" or resource.kind.startswith("Baseline") or _is_for_others(spec, workload):
        return
    for index, entry in mappings(spec, "egress"):
        if text(entry, "action").lower() in ("allow", "accept"):
            words = f"lets the egress gateway's pods out before any NetworkPolicy is asked; {_ADVICE}"
            yield Found(resource, ("spec", "egress", index), words)


def _is_for_others(spec: Any, workload: Workload) -> bool:
    """Whether the subject of a policy of a cluster leaves the gateway's namespace out, by the label that all have."""
    chosen = mapping(spec, "subject", "namespaces") or mapping(spec, "subject", "pods", "namespaceSelector")
    if mapping(chosen, "matchLabels").get(_NAME, workload.namespace) != workload.namespace:
        return True
    return any(
        one.get("key") == _NAME
        and (text(one, "operator"), workload.namespace in texts(one, "values")) in (("NotIn", True), ("In", False))
        for _, one in mappings(chosen, "matchExpressions")
    )


def _of_service(service: Resource) -> Iterator[Found]:
    """How sidecars reach the gateway's pods, where it is another way than base/'s."""
    spec = mapping(service.value, "spec")
    for field, what in _SERVICE.items():
        if spec.get(field):
            yield Found(service, ("spec", field), f"has {field}, so that it {what}; {_ADVICE}")
    kind = text(spec, "type") or "ClusterIP"
    if kind != "ClusterIP":
        yield Found(service, ("spec", "type"), f"is a Service of type {kind}, base/ has ClusterIP; {_ADVICE}")
    if text(spec, "clusterIP") == "None":
        yield Found(service, ("spec", "clusterIP"), f"has no address of its own, base/'s Service has one; {_ADVICE}")
    if not mapping(spec, "selector"):
        words = "selects no pods, so that whoever writes its endpoints says where connections go"
        yield Found(service, ("spec",), words, opens=True)
    for index, port in mappings(spec, "ports"):
        target = port.get("targetPort", port.get("port"))
        if port.get("port") == 443 and target != 8443:
            words = f"leads port 443 to {target} of the pods, in base/ to 8443; {_ADVICE}"
            yield Found(service, ("spec", "ports", index), words)
