"""What runs in the egress gateway's pods, what takes their place, and how sidecars reach them.

Closed, as the model of listeners and filters is: what is not as base/ has it is told. Who says that a controller has
made it is believed where that controller is at hand, or Kubernetes' own would undo it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..istiod.pods import differences, known
from ..istiod.running import differences as running_differences
from ..manifest.fields import mapping, mappings, text
from ..names.domain import ascii_quoted
from .found import ADVICE, Found, pod_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..istiod.workload import Workload
    from ..manifest.resource import Resource
    from ..rendered.workloads import Gateways

_SERVICE = {
    "externalIPs": "takes addresses from outside",
    "externalName": "leads to another name",
    "externalTrafficPolicy": "is reached from outside of the cluster",
    "loadBalancerIP": "is reached from outside of the cluster",
    "publishNotReadyAddresses": "leads to pods that are not ready",
}
_EXPORT = "networking.istio.io/exportTo"
_GUARDED = ("istio.io/", "cilium.io/")
"""Labels and annotations of a Service by which others lead its connections elsewhere."""
_FREE_MARKS = {"istio.io/rev", "networking.istio.io/traffic-distribution"}
_MANAGED = {
    "EndpointSlice": ("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"),
    "Endpoints": ("endpoints.kubernetes.io/managed-by", "endpoint-controller"),
}
"""The label by which Kubernetes' own controllers know what is theirs, and put it right (Kubernetes, EndpointSlices)."""
_TRIGGERED = "endpoints.kubernetes.io/last-change-trigger-time"


def company(resources: Sequence[Resource], gateways: Gateways, workload: Workload) -> Iterator[Found]:
    """What runs as `workload`, one of `gateways`, or takes its place, that is not as base/ has it."""
    services = [one for one in resources if _leads_to(one, gateways, workload)]
    accounts = {
        text(template.get("spec"), "serviceAccountName")
        for template in map(pod_template, resources)
        if mapping(template, "metadata", "labels") == workload.labels
    } - {"", "default"}
    for one in resources:
        yield from _as_the_gateway(one, gateways, workload, accounts)
        yield from _in_its_pods(one, workload, resources)
        yield from _in_its_place(one, gateways, workload, services, resources)
    for one in services:
        yield from _of_service(one)


def _leads_to(resource: Resource, gateways: Gateways, workload: Workload) -> bool:
    """Whether it is a Service of the gateway: by name, or by a selector; one without a namespace may be."""
    if (resource.kind, resource.group) != ("Service", "") or resource.namespace not in ("", workload.namespace):
        return False
    chosen = mapping(resource.value, "spec", "selector")
    return (resource.name, resource.namespace) in gateways.services or bool(chosen and workload.selected(chosen))


def _in_its_pods(resource: Resource, workload: Workload, resources: Sequence[Resource]) -> Iterator[Found]:
    """How the pod template of the gateway differs from those of base/ and components/."""
    template = pod_template(resource)
    if resource.group != "apps" or not workload.name or not template:
        return
    if (resource.namespace, mapping(template, "metadata", "labels")) != (workload.namespace, workload.labels):
        return
    if resource.kind != "Deployment":
        maker = _maker(resource, resources)
        if maker is not None and mapping(resource.value, "spec").get("replicas") == 0:
            return  # an older one of a Deployment, which has no pods any more
        if maker is None:
            yield Found(resource, ("kind",), f"makes pods of the egress gateway by a {resource.kind}; {ADVICE}")
    for path, words in differences(template, known()):
        yield Found(resource, ("spec", "template", *path), f"{words}: other pods than base/'s run; {ADVICE}")


def _as_the_gateway(resource: Resource, gateways: Gateways, workload: Workload, accounts: set[str]) -> Iterator[Found]:
    """Other pods with the gateway's identity: what its certificate and its Secrets are good for, they may too."""
    template = pod_template(resource)
    account = text(template.get("spec"), "serviceAccountName")
    if account in accounts and resource.namespace in ("", workload.namespace):
        labels = mapping(template, "metadata", "labels")
        of_gateways = [one.labels.items() for one in gateways.workloads]
        if any(all(labels.get(key) == value for key, value in own if "hash" not in key) for own in of_gateways):
            return
        words = f"has pods that run as {account}, the identity of the egress gateway; {ADVICE}"
        yield Found(resource, ("spec",), words)


def _maker(resource: Resource, resources: Sequence[Resource]) -> Resource | None:
    """The controller at hand that `resource` names as the one that made it."""
    for _, owner in mappings(resource.metadata, "ownerReferences"):
        if owner.get("controller") is True:
            named = (text(owner, "kind"), text(owner, "name"), resource.namespace)
            for one in resources:
                if (one.kind, one.name, one.namespace) == named and one.group == "apps" and _is_same(owner, one):
                    return one
    return None


def _is_same(owner: dict[str, Any], maker: Resource) -> bool:
    """Whether the reference means `maker`, as far as that has an identity, which rendered objects have not."""
    return not maker.metadata.get("uid") or owner.get("uid") == maker.metadata["uid"]


def _in_its_place(
    resource: Resource,
    gateways: Gateways,
    workload: Workload,
    services: Sequence[Resource],
    resources: Sequence[Resource],
) -> Iterator[Found]:
    """What gets connections that are meant for the gateway: pods and entries by its labels, endpoints by its name."""
    if resource.namespace not in ("", workload.namespace):
        return
    labels = _pod_labels(resource, gateways)
    for service in services:
        chosen = mapping(service.value, "spec", "selector")
        if chosen and labels and all(labels.get(key) == value for key, value in chosen.items()):
            yield from _standing_in(resource, service, resources)
        if _is_of(resource, service) and not _is_by_controllers(resource, resources):
            words = f"says where connections to the Service {service.name} go, in place of its pods"
            yield Found(resource, (), words, opens=True)


def _standing_in(resource: Resource, service: Resource, resources: Sequence[Resource]) -> Iterator[Found]:
    """What has the labels of the gateway's pods: one of these, as its controller made it, or something else."""
    if resource.kind == "Pod":
        owners = [text(one, "name") for _, one in mappings(resource.metadata, "ownerReferences")]
        template = _made_of(resource, resources)
        if template is not None:
            for path, words in running_differences(resource.value.get("spec"), template.get("spec")):
                yield Found(resource, ("spec", *path), f"{words}: something else runs; {ADVICE}")
            return
        if any(one.get("controller") is True for _, one in mappings(resource.metadata, "ownerReferences")):
            words = f"says that {ascii_quoted(owners[0])} made it, which is not among these manifests: give that too"
            yield Found(resource, ("metadata", "ownerReferences"), words)
            return
    words = f"gets connections that sidecars send to the Service {service.name}: its labels are the gateway's"
    yield Found(resource, (), words, opens=True)


def _made_of(pod: Resource, resources: Sequence[Resource]) -> dict[str, Any] | None:
    """The template at hand that a pod was made of: its ReplicaSet's, or its Deployment's by their names."""
    maker = _maker(pod, resources)
    if maker is not None:
        return pod_template(maker)
    end = f"-{pod.labels.get('pod-template-hash', '')}"
    names = {
        text(owner, "name").removesuffix(end)
        for _, owner in mappings(pod.metadata, "ownerReferences")
        if owner.get("controller") is True and text(owner, "kind") == "ReplicaSet" and text(owner, "name").endswith(end)
    }
    is_listed = any(one.kind == "ReplicaSet" and one.namespace == pod.namespace for one in resources)
    for one in () if is_listed else resources:
        if one.kind == "Deployment" and one.namespace == pod.namespace and one.name in names:
            return pod_template(one)
    return None


def _pod_labels(resource: Resource, gateways: Gateways) -> dict[str, Any]:
    """The labels of what stands behind a Service, but for the pods of the gateways, which are judged as such."""
    if resource.group == "networking.istio.io" and resource.kind == "WorkloadEntry":
        return mapping(resource.value, "spec", "labels")
    if resource.group == "networking.istio.io" and resource.kind == "WorkloadGroup":
        return mapping(resource.value, "spec", "metadata", "labels")
    labels = mapping(pod_template(resource), "metadata", "labels")
    is_own = resource.group == "apps" and any(
        (one.name, one.namespace, one.labels) == (resource.name, resource.namespace, labels)
        for one in gateways.workloads
    )
    return {} if is_own else labels


def _is_of(resource: Resource, service: Resource) -> bool:
    if (resource.kind, resource.group) == ("Endpoints", ""):
        return resource.name == service.name
    is_slice = (resource.kind, resource.group) == ("EndpointSlice", "discovery.k8s.io")
    return is_slice and resource.labels.get("kubernetes.io/service-name") == service.name


def _is_by_controllers(resource: Resource, resources: Sequence[Resource]) -> bool:
    """Whether Kubernetes' own controllers keep it, and all its addresses are pods' of those at hand."""
    label, controller = _MANAGED[resource.kind]
    is_kept = resource.labels.get(label) == controller
    if resource.kind == "EndpointSlice":
        entries = [entry for _, entry in mappings(resource.value, "endpoints")]
    else:
        is_kept = is_kept or _TRIGGERED in resource.annotations
        entries = [
            address
            for _, subset in mappings(resource.value, "subsets")
            for field in ("addresses", "notReadyAddresses")
            for _, address in mappings(subset, field)
        ]
    pods = {one.name for one in resources if (one.kind, one.group, one.namespace) == ("Pod", "", resource.namespace)}
    targets = [mapping(entry, "targetRef") for entry in entries]
    return is_kept and all(
        one.get("kind") == "Pod" and text(one, "name") and (not pods or one["name"] in pods) for one in targets
    )


def _of_service(service: Resource) -> Iterator[Found]:
    """How sidecars reach the gateway's pods, where it is another way than base/'s."""
    spec = mapping(service.value, "spec")
    for field, what in _SERVICE.items():
        if spec.get(field):
            yield Found(service, ("spec", field), f"has {field}, so that it {what}; {ADVICE}")
    kind = text(spec, "type") or "ClusterIP"
    if kind != "ClusterIP":
        yield Found(service, ("spec", "type"), f"is a Service of type {kind}, base/ has ClusterIP; {ADVICE}")
    if text(spec, "clusterIP") == "None":
        yield Found(service, ("spec", "clusterIP"), f"has no address of its own, base/'s Service has one; {ADVICE}")
    if not mapping(spec, "selector"):
        words = "selects no pods, so that whoever writes its endpoints says where connections go"
        yield Found(service, ("spec",), words, opens=True)
    for index, port in mappings(spec, "ports"):
        target = port.get("targetPort", port.get("port"))
        if port.get("port") == 443 and target != 8443:
            words = f"leads port 443 to {target} of the pods, in base/ to 8443; {ADVICE}"
            yield Found(service, ("spec", "ports", index), words)
    yield from _marks(service)


def _marks(service: Resource) -> Iterator[Found]:
    for field, marks in (("labels", service.labels), ("annotations", service.annotations)):
        for name, value in marks.items():
            is_known = name in _FREE_MARKS or (name == _EXPORT and value == "*")
            if any(word in str(name) for word in _GUARDED) and not is_known:
                words = f"has {ascii_quoted(str(name))}, base/'s Service has not: its connections may go elsewhere"
                yield Found(service, ("metadata", field, str(name)), f"{words}; {ADVICE}")
