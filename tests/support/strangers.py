"""What strangers write beside a gateway of base/, or change in the sets' own objects: attacks, each by hand."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from live import LABELS, of, patch, small

if TYPE_CHECKING:
    from collections.abc import Callable

    Object = dict[str, Any]
    Change = Callable[[list[Object]], object]


HOME = "istio-egress"
CALICO = "projectcalico.org/v3"
GATEWAY_API = "gateway.networking.k8s.io/v1"
ISTIO = "networking.istio.io/v1"
CONTROLLED: Object = {
    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "controller": True}]
}
MADE: Object = {
    "ownerReferences": [{"kind": "ReplicaSet", "name": "sni-egressgateway-5d9", "controller": True, "uid": "1"}]
}
OF_SERVICE = {"kubernetes.io/service-name": "egressgateway"}
KEPT = {**OF_SERVICE, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
POD = [{"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": "x"}}]
PROXY = {"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.28.0"}
INTERNAL = {
    "name": "mine",
    "load_assignment": {
        "endpoints": [{"endpoint": {"address": {"envoy_internal_address": {"server_listener_name": "sni_listener"}}}}]
    },
}
LUA = {"name": "lua", "typed_config": {"inline_code": "handle:httpCall('sni_cluster')"}}
ADMIN: Object = {"roleRef": {"kind": "ClusterRole", "name": "admin"}, "subjects": [{"kind": "Group", "name": "teams"}]}


def template(labels: Object, annotations: Object | None = None, **spec: Any) -> Object:
    metadata = {"labels": labels, **({"annotations": annotations} if annotations else {})}
    return {"metadata": metadata, "spec": {"containers": [{"name": "mine", "image": "mine"}], **spec}}


def one(kind: str, version: str, spec: Any = None, namespace: str = HOME, **fields: Any) -> Object:
    metadata = {"name": "mine", **({"namespace": namespace} if namespace else {}), **fields.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **({"spec": spec} if spec else {}), **fields}


def makes(kind: str, labels: Object, namespace: str = HOME, metadata: Object | None = None) -> Object:
    return one(kind, "apps/v1", {"template": template(labels)}, namespace, metadata=metadata or {})


def added(*objects: Object) -> Change:
    return lambda ours: ours.extend(copy.deepcopy(objects))


def changed(kind: str, change: Callable[[Object], object]) -> Change:
    return lambda ours: change(of(ours, kind))


def policy(rule: Object) -> Object:
    found: Object = rule["spec"]["trafficPolicy"]
    return found


def by_the_services_labels_alone(ours: list[Object]) -> None:
    """The gateway has one label more than its Service asks for, and other pods have not."""
    of(ours, "Gateway")["spec"]["selector"]["app"] = "gateway"
    of(ours, "Deployment")["spec"]["template"]["metadata"]["labels"]["app"] = "gateway"
    ours.append(makes("Deployment", LABELS))


def led(*, is_split: bool) -> Change:
    """A set's route leads to a Service of another namespace, in place of the gateway's or beside it."""

    def change(ours: list[Object]) -> None:
        route = of(ours, "VirtualService")["spec"]["tls"][0]["route"]
        evil = {"destination": {"host": "evil.shop.svc.cluster.local"}, "weight": 50}
        route[:] = [*route, evil] if is_split else [evil]
        service = {"selector": {"app": "evil"}, "ports": [{"port": 443}]}
        ours += [one("Service", "v1", service, "shop", metadata={"name": "evil"})]
        ours.append(makes("Deployment", {"app": "evil"}, "shop"))

    return change


def target(destination: Object) -> Change:
    return changed("VirtualService", lambda it: it["spec"]["tls"][0]["route"][0].update(destination=destination))


def for_some(it: Object) -> None:
    match = {"gateways": ["mesh"], "port": 443, "sniHosts": ["pypi.org"], "sourceLabels": {"app": "evil"}}
    it["spec"]["tls"].insert(0, {"match": [match], "route": [{"destination": {"host": "evil.example.com"}}]})


def pass_on(**spec: Any) -> Object:
    return {"selector": "all()", "egress": [{"action": "Pass"}], **spec}


UNKNOWN: dict[str, Change] = {
    "pods that say who made them": added(one("Pod", "v1", metadata={"labels": LABELS, **CONTROLLED})),
    "a ReplicaSet that says who made it": added(makes("ReplicaSet", LABELS, metadata=CONTROLLED)),
    "a Deployment that says who made it": added(makes("Deployment", LABELS, metadata=CONTROLLED)),
    "a Deployment with one label more": added(makes("Deployment", {**LABELS, "a": "b"})),
    "a StatefulSet with one label more": added(makes("StatefulSet", {**LABELS, "a": "b"})),
    "a container for debugging": added(
        one(
            "Pod",
            "v1",
            {
                "serviceAccountName": "istio-egressgateway",
                "containers": [PROXY],
                "ephemeralContainers": [{"name": "debugger", "image": "busybox"}],
            },
            metadata={"labels": {**LABELS, "pod-template-hash": "5d9"}, **MADE},
        )
    ),
    "a container that its template has not": added(
        one(
            "Pod",
            "v1",
            {"serviceAccountName": "istio-egressgateway", "containers": [PROXY, {"name": "mine", "image": "mine"}]},
            metadata={"labels": {**LABELS, "pod-template-hash": "5d9"}, **MADE},
        )
    ),
    "a port of the node": changed(
        "Deployment",
        lambda it: it["spec"]["template"]["spec"]["containers"][0]["ports"].append(
            {"containerPort": 8443, "hostPort": 8443}
        ),
    ),
    "Calico's Pass beside NetworkPolicies": added(one("NetworkPolicy", CALICO, pass_on())),
    "Calico's Pass for all": added(one("GlobalNetworkPolicy", CALICO, pass_on(tier="default", order=1), "")),
    "Calico's Pass for its pods": added(
        one("GlobalNetworkPolicy", CALICO, pass_on(selector="istio == 'sni-egressgateway'"), "")
    ),
    "a redirect of an address": added(
        one(
            "CiliumLocalRedirectPolicy",
            "cilium.io/v2",
            {"redirectFrontend": {"addressMatcher": {"ip": "192.0.2.1"}}},
            "shop",
        )
    ),
    "another way out": added(
        one("CiliumEgressGatewayPolicy", "cilium.io/v2", {"selectors": [{"podSelector": {"matchLabels": LABELS}}]}, "")
    ),
    "a filter of HTTP that knows our cluster": added(small(patch("HTTP_FILTER", "INSERT_BEFORE", LUA))),
    "a Gateway of the Gateway API with parameters": added(
        one("Gateway", GATEWAY_API, {"infrastructure": {"parametersRef": {"kind": "ConfigMap", "name": "x"}}})
    ),
    "an Ingress": added(one("Ingress", "networking.k8s.io/v1", {"defaultBackend": {}})),
    "a Service of several clusters": added(one("ServiceImport", "multicluster.x-k8s.io/v1alpha1", {"ports": []})),
    "a kind that nobody knows": added(one("Thing", "example.com/v1", {"a": 1})),
    "a NetworkPolicy of another group": added(one("NetworkPolicy", "extensions/v1beta1", {"egress": [{}]})),
    "an identity for good": added(one("Secret", "v1", type="kubernetes.io/service-account-token")),
    "a Service beside, for everybody": added(
        one("Service", "v1", {"type": "LoadBalancer", "selector": LABELS, "ports": [{"port": 443, "targetPort": 8443}]})
    ),
    "a Service beside, without a namespace": added(
        one("Service", "v1", {"type": "NodePort", "selector": LABELS, "ports": [{"port": 9000}]}, "")
    ),
    "a Service of another cluster": changed(
        "Service", lambda it: it["metadata"]["annotations"].update({"service.cilium.io/affinity": "remote"})
    ),
    "a Service behind a waypoint": changed(
        "Service", lambda it: it["metadata"].update(labels={"istio.io/use-waypoint": "x"})
    ),
    "a namespace behind a waypoint": changed(
        "Namespace", lambda it: it["metadata"]["labels"].update({"istio.io/use-waypoint": "x"})
    ),
    "another root namespace": added(
        one("ConfigMap", "v1", None, "istio-system", metadata={"name": "istio"}, data={"mesh": "rootNamespace: shop\n"})
    ),
    "some of its pods alone": changed("DestinationRule", lambda it: it["spec"]["subsets"][0].update(labels={"a": "b"})),
    "names for certificates": changed("DestinationRule", lambda it: policy(it)["tls"].update(subjectAltNames=["x"])),
    "another port of listed names": changed("ServiceEntry", lambda it: it["spec"]["ports"][0].update(targetPort=8443)),
}
OPENS: dict[str, Change] = {
    "a Job that says who made it": added(
        one("Job", "batch/v1", {"template": template(LABELS)}, metadata=copy.deepcopy(CONTROLLED))
    ),
    "an address that says who made it": added(one("WorkloadEntry", ISTIO, {"labels": LABELS}, metadata=CONTROLLED)),
    "a slice by hand, of a pod": added(
        one("EndpointSlice", "discovery.k8s.io/v1", endpoints=POD, metadata={"labels": OF_SERVICE})
    ),
    "a slice that is said to be kept": added(
        one(
            "EndpointSlice",
            "discovery.k8s.io/v1",
            endpoints=[{"addresses": ["10.0.0.1"]}],
            metadata={"labels": KEPT},
        )
    ),
    "a slice of a pod that is not there": added(
        one("EndpointSlice", "discovery.k8s.io/v1", endpoints=POD, metadata={"labels": KEPT}),
        one("Pod", "v1", metadata={"name": "other"}),
    ),
    "endpoints by hand, of a pod": added(
        one(
            "Endpoints",
            "v1",
            subsets=[{"addresses": [{"ip": "10.0.0.1", "targetRef": {"kind": "Pod", "name": "x"}}]}],
            metadata={"name": "egressgateway"},
        )
    ),
    "other pods by the Service's labels alone": by_the_services_labels_alone,
    "a template with its labels": added(one("PodTemplate", "v1", template=template(LABELS))),
    "a Rollout with its labels": added(one("Rollout", "argoproj.io/v1alpha1", {"template": template(LABELS)})),
    "an Envoy of Cilium's before the Service": added(
        one("CiliumEnvoyConfig", "cilium.io/v2", {"services": [{"name": "egressgateway", "namespace": HOME}]})
    ),
    "an Envoy of Cilium's of the cluster": added(
        one(
            "CiliumClusterwideEnvoyConfig",
            "cilium.io/v2",
            {"services": [{"name": "egressgateway", "namespace": HOME}]},
            "",
        )
    ),
    "a redirect of the Service": added(
        one(
            "CiliumLocalRedirectPolicy",
            "cilium.io/v2",
            {"redirectFrontend": {"serviceMatcher": {"serviceName": "egressgateway", "namespace": HOME}}},
        )
    ),
    "a cluster into the forwarder": added(small(patch("CLUSTER", "ADD", INTERNAL))),
    "one for every gateway": added(small(patch("CLUSTER", "ADD", INTERNAL), namespace="istio-system", labels={})),
    "a cluster of a host, led into it": added(
        small(patch("CLUSTER", "MERGE", INTERNAL, cluster={"service": "x.example"}))
    ),
    "a route to a Service elsewhere": led(is_split=False),
    "a route to the gateway and elsewhere": led(is_split=True),
    "a route to a host": target({"host": "evil.example.com"}),
    "a route for some clients": changed("VirtualService", for_some),
    "a route by port": changed(
        "VirtualService",
        lambda it: it["spec"]["tcp"].append(
            {"match": [{"gateways": ["mesh"], "port": 443}], "route": [{"destination": {"host": "evil.example.com"}}]}
        ),
    ),
    "a route that others do not see": changed("VirtualService", lambda it: it["spec"].update(exportTo=["."])),
    "a further port of listed names": changed(
        "ServiceEntry", lambda it: it["spec"]["ports"].append({"number": 8443, "name": "x", "protocol": "TLS"})
    ),
    "a port that looks at no name": changed("ServiceEntry", lambda it: it["spec"]["ports"][0].update(protocol="TCP")),
    "a tunnel to elsewhere": changed(
        "DestinationRule", lambda it: policy(it).update(tunnel={"targetHost": "evil.example", "targetPort": 443})
    ),
    "no mutual TLS at one port": changed(
        "DestinationRule",
        lambda it: policy(it).update(portLevelSettings=[{"port": {"number": 443}, "tls": {"mode": "DISABLE"}}]),
    ),
    "connections as they came": changed(
        "DestinationRule", lambda it: policy(it).update(loadBalancer={"simple": "PASSTHROUGH"})
    ),
}
