"""Kinds of objects that reach an egress gateway from anywhere in the cluster, or stand in its namespace.

Closed: a kind that is not known here, and why it may stand there, is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..manifest.fields import mapping, mappings, text
from ..names.domain import ascii_quoted
from ..rendered.workloads import destination_of
from ..sites import site_of
from .found import ADVICE, Found

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import Any

    from ..istiod.workload import Workload
    from ..manifest.resource import Resource
    from ..rendered.workloads import Gateways

_JUDGED = {
    "networking.istio.io": {
        *("Gateway", "DestinationRule", "Sidecar", "WorkloadEntry", "WorkloadGroup"),
    },
    "security.istio.io": {"PeerAuthentication", "RequestAuthentication"},
    "telemetry.istio.io": {"Telemetry"},
}
"""Istio's kinds that hold no names, and are judged elsewhere, mean sidecars alone, or only refuse or log."""
_ISTIO = "istio.io"
_INSTALL = "install.istio.io"
"""What istioctl reads, and no proxy."""
_INTERNAL = "internal.istio.io/"
_FREE_LABELS = {"istio.io/rev"}
_LINK_LOCAL = "169.254."
"""Node-local DNS and metadata services, which the gateway refuses anyway."""

AT_HOME: dict[str, tuple[set[str], str]] = {
    "": (
        {
            *("Namespace", "Service", "Pod", "Endpoints", "ReplicationController", "ServiceAccount", "ConfigMap"),
            *("Secret", "Event", "LimitRange", "ResourceQuota", "PersistentVolumeClaim"),
        },
        "judged as what runs or what it is reached by; the others say nothing to Envoy",
    ),
    "apps": (
        {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ControllerRevision"},
        "judged by their pods' labels",
    ),
    "argoproj.io": ({"Application", "ApplicationSet", "AppProject"}, "what is synced is judged where it is rendered"),
    "autoscaling": ({"HorizontalPodAutoscaler"}, "how many pods"),
    "autoscaling.k8s.io": ({"VerticalPodAutoscaler", "VerticalPodAutoscalerCheckpoint"}, "how much pods take"),
    "batch": ({"Job", "CronJob"}, "judged by their pods' labels"),
    "bitnami.com": ({"SealedSecret"}, "a Secret"),
    "cert-manager.io": ({"Certificate", "CertificateRequest", "Issuer"}, "a Secret"),
    "cilium.io": ({"CiliumEndpoint", "CiliumEndpointSlice"}, "written by Cilium"),
    "coordination.k8s.io": ({"Lease"}, "who leads"),
    "discovery.k8s.io": ({"EndpointSlice"}, "judged as what takes the pods' place"),
    "events.k8s.io": ({"Event"}, "what happened"),
    "external-secrets.io": ({"ExternalSecret", "SecretStore"}, "a Secret"),
    "helm.toolkit.fluxcd.io": ({"HelmRelease"}, "what is synced is judged where it is rendered"),
    "keda.sh": ({"ScaledObject", "TriggerAuthentication"}, "how many pods"),
    "kustomize.toolkit.fluxcd.io": ({"Kustomization"}, "what is synced is judged where it is rendered"),
    "metrics.k8s.io": ({"PodMetrics"}, "what is measured"),
    "monitoring.coreos.com": (
        {"PodMonitor", "ServiceMonitor", "PrometheusRule", "Probe", "ScrapeConfig", "AlertmanagerConfig"},
        "what is measured",
    ),
    "monitoring.googleapis.com": ({"PodMonitoring", "Rules"}, "what is measured"),
    "networking.k8s.io": ({"NetworkPolicy"}, "the rule kernel reads it"),
    "notification.toolkit.fluxcd.io": ({"Alert", "Provider", "Receiver"}, "what is told"),
    "operator.victoriametrics.com": ({"VMPodScrape", "VMRule", "VMServiceScrape"}, "what is measured"),
    "policy": ({"PodDisruptionBudget"}, "how pods may end"),
    "rbac.authorization.k8s.io": ({"Role", "RoleBinding"}, "who may change what: the rule unseen says so"),
    "source.toolkit.fluxcd.io": (
        {"GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket"},
        "what is synced is judged where it is rendered",
    ),
    "wgpolicyk8s.io": ({"PolicyReport"}, "what other tools found"),
}
"""Kinds that may stand in the gateway's namespace, by their group, and why."""
_ANOTHER_TIER = ("projectcalico.org", "crd.projectcalico.org", "crd.antrea.io", "policy.networking.k8s.io")
"""Policies of these groups are judged by what they let out: review/tiers."""


def is_known(resource: Resource) -> bool:
    """Whether it is of a kind that may stand in the gateway's namespace, or is judged wherever it stands."""
    if site_of(resource) is not None or resource.kind in _JUDGED.get(resource.group, ()):
        return True
    if resource.group in _ANOTHER_TIER and resource.kind.endswith(("Policy", "NetworkSet")):
        return True
    return resource.kind in AT_HOME.get(resource.group, ((), ""))[0]


def of_namespace(resource: Resource, namespaces: Collection[str]) -> Iterator[Found]:
    """Labels of the gateway's namespace by which Istio leads connections to its pods elsewhere, and its identity."""
    if (resource.kind, resource.group) == ("Namespace", "") and resource.name in namespaces:
        for name in resource.labels:
            if "istio.io/" in str(name) and name not in _FREE_LABELS:
                words = f"has {ascii_quoted(str(name))}, base/ has not: what is sent to its pods may go elsewhere"
                yield Found(resource, ("metadata", "labels", str(name)), f"{words}; {ADVICE}")
    is_token = text(resource.value, "type") == "kubernetes.io/service-account-token"
    if (resource.kind, resource.group) == ("Secret", "") and resource.namespace in namespaces and is_token:
        words = f"holds an identity of the egress gateway's namespace for good, for whoever reads it; {ADVICE}"
        yield Found(resource, ("type",), words)


def at_home(resources: Sequence[Resource], namespaces: Collection[str]) -> Iterator[Found]:
    """What stands in the gateway's namespace and is of a kind that nobody here knows."""
    for one in resources:
        if one.namespace in namespaces and one.namespace and not is_known(one):
            what = ascii(f"{one.kind} ({one.group or 'core'})")[1:-1]
            words = f"is a {what} in the egress gateway's namespace, and what it does there is not known here; {ADVICE}"
            yield Found(one, ("kind",), words)


def extending(resource: Resource, workload: Workload, root_namespace: str) -> Iterator[Found]:
    """Objects of Istio, of a kind that is not known here, that reach the pods of `workload`."""
    if site_of(resource) is not None or resource.kind in _JUDGED.get(resource.group, ()):
        return
    if not resource.group.endswith(_ISTIO) or resource.group == _INSTALL:
        return
    spec = mapping(resource.value, "spec")
    chosen = mapping(spec, "selector", "matchLabels")
    if workload.reached_from(resource.namespace, chosen, root_namespace) is not False:
        words = f"is a {resource.kind} that reaches the egress gateway's pods, and none is known here; {ADVICE}"
        yield Found(resource, ("spec",), words)


def attached(resource: Resource, gateways: Gateways) -> Iterator[Found]:
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
            yield Found(resource, ("spec", "addresses", index), words if is_near else f"{words}; {ADVICE}", is_near)


def redirecting(resource: Resource, gateways: Gateways) -> Iterator[Found]:
    """Cilium's kinds that lead connections to a Service or an address elsewhere (Cilium, L7 Proxy, Local Redirect)."""
    if resource.group == "cilium.io":
        spec = mapping(resource.value, "spec")
        if resource.kind in ("CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig"):
            for index, one in mappings(spec, "services"):
                if _names_service(resource, one, "name", gateways):
                    words = f"leads what sidecars send to the Service {text(one, 'name')} through an Envoy of its own"
                    yield Found(resource, ("spec", "services", index), words, opens=True)
        elif resource.kind == "CiliumLocalRedirectPolicy":
            yield from _redirected(resource, mapping(spec, "redirectFrontend"), gateways)
        elif resource.kind == "CiliumEgressGatewayPolicy":
            for index, one in mappings(spec, "selectors"):
                chosen = _bare(mapping(one, "podSelector", "matchLabels"))
                if any(pods.selected(chosen) is not False for pods in gateways.workloads):
                    words = f"sends what the egress gateway's pods send out by another node; {ADVICE}"
                    yield Found(resource, ("spec", "selectors", index), words)


def _redirected(resource: Resource, frontend: dict[str, Any], gateways: Gateways) -> Iterator[Found]:
    path = ("spec", "redirectFrontend")
    matched = mapping(frontend, "serviceMatcher")
    if _names_service(resource, matched, "serviceName", gateways):
        words = f"leads what sidecars send to the Service {text(matched, 'serviceName')} to pods of its own"
        yield Found(resource, path, words, opens=True)
    address = text(mapping(frontend, "addressMatcher"), "ip")
    if address and not address.startswith(_LINK_LOCAL):
        words = f"leads connections to {ascii_quoted(address)} of every pod to pods of its own; {ADVICE}"
        yield Found(resource, (*path, "addressMatcher"), words)


def _names_service(resource: Resource, named: dict[str, Any], field: str, gateways: Gateways) -> bool:
    return (text(named, field), text(named, "namespace") or resource.namespace) in gateways.services


def _bare(labels: dict[str, object]) -> dict[str, object]:
    """Labels without the source that Cilium may put before them, and without that of the namespace."""
    return {
        str(key).removeprefix("k8s:"): value
        for key, value in labels.items()
        if not str(key).endswith("io.kubernetes.pod.namespace")
    }
