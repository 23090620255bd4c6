"""`verify` on what runs in the gateway's pods, takes their place or reaches into them: all that base/ does not have.

What some of it does in real istiod and Envoy is shown in tests/e2e/test_25; here it is an error beforehand.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from live import LABELS, built, findings, of, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command import Run

    Object = dict[str, Any]
    Change = Callable[[list[Object]], object]

SERVICE = "egressgateway.istio-egress.svc.cluster.local"


def template(objects: list[Object]) -> Object:
    found: Object = of(objects, "Deployment")["spec"]["template"]
    return found


def pod(**fields: Any) -> Change:
    return lambda objects: template(objects)["spec"].update(fields)


def proxy(**fields: Any) -> Change:
    return lambda objects: template(objects)["spec"]["containers"][0].update(fields)


def annotated(name: str, value: str) -> Change:
    return lambda objects: template(objects)["metadata"]["annotations"].update({name: value})


def labelled(name: str, value: str) -> Change:
    return lambda objects: template(objects)["metadata"]["labels"].update({name: value})


def served(**fields: Any) -> Change:
    return lambda objects: of(objects, "Service")["spec"].update(fields)


def beside(kind: str, version: str, spec: Any = None, namespace: str = "istio-egress", **fields: Any) -> Change:
    metadata = {"name": "mine", "namespace": namespace, **fields.pop("metadata", {})}
    if not namespace:
        del metadata["namespace"]
    one = {"apiVersion": version, "kind": kind, "metadata": metadata, **({"spec": spec} if spec else {}), **fields}
    return lambda objects: objects.append(one)


RUNS = {"spec": {"containers": [{"name": "mine", "image": "mine"}]}, "metadata": {"labels": LABELS}}
CONTAINER = {"name": "mine", "image": "mine"}
KEPT = {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
OUT = [{"action": "Allow", "to": [{"networks": ["0.0.0.0/0"]}]}]
UNKNOWN: dict[str, Change] = {
    "an image": proxy(image="mine"),
    "a command": proxy(command=["/bin/sh"]),
    "arguments": proxy(args=["proxy", "router"]),
    "a bootstrap by the environment": proxy(env=[{"name": "ISTIO_BOOTSTRAP_OVERRIDE", "value": "/mine"}]),
    "a bootstrap by annotation": annotated("sidecar.istio.io/bootstrapOverride", "mine"),
    "a template of injection": annotated("inject.istio.io/templates", "mine"),
    "overrides of injection": annotated("proxy.istio.io/overrides", "{}"),
    "a field of ProxyConfig": annotated("proxy.istio.io/config", "{customConfigFile: /mine}"),
    "another control plane": annotated("proxy.istio.io/config", "discoveryAddress: mine.example.com:15012"),
    "a runtime flag": annotated("proxy.istio.io/config", "{runtimeValues: {envoy.reloadable_features.x: 'false'}}"),
    "ProxyConfig that nobody can read": annotated("proxy.istio.io/config", "{"),
    "another network": annotated("k8s.v1.cni.cncf.io/networks", "outside"),
    "no injection": labelled("sidecar.istio.io/inject", "false"),
    "the mode of ambient": labelled("istio.io/dataplane-mode", "ambient"),
    "a container": lambda objects: template(objects)["spec"]["containers"].append(CONTAINER),
    "a container before": pod(initContainers=[CONTAINER]),
    "another name server": pod(dnsPolicy="None", dnsConfig={"nameservers": ["192.0.2.1"]}),
    "names of its own": pod(hostAliases=[{"ip": "10.0.0.1", "hostnames": ["pypi.org"]}]),
    "another identity": pod(serviceAccountName="mine"),
    "the node's processes": pod(hostPID=True),
    "rights": proxy(securityContext={"privileged": True}),
    "no rights said": lambda objects: template(objects)["spec"].pop("securityContext"),
    "a probe that runs something": proxy(livenessProbe={"exec": {"command": ["/bin/sh"]}}),
    "an end that runs something": proxy(lifecycle={"preStop": {"exec": {"command": ["/bin/sh"]}}}),
    "a file over one of the proxy's": proxy(volumeMounts=[{"name": "mine", "mountPath": "/etc/istio/proxy"}]),
    "a Deployment beside": beside("Deployment", "apps/v1", {"template": RUNS}),
    "a DaemonSet beside": beside("DaemonSet", "apps/v1", {"template": RUNS}),
    "a Service from outside": served(type="LoadBalancer"),
    "a Service that is a name": served(type="ExternalName", externalName="mine.example.com"),
    "addresses from outside": served(externalIPs=["192.0.2.1"]),
    "a Service without an address": served(clusterIP="None"),
    "another port of the pods": served(ports=[{"name": "tls", "port": 443, "targetPort": 9443}]),
    "a WasmPlugin": beside(
        "WasmPlugin", "extensions.istio.io/v1alpha1", {"selector": {"matchLabels": LABELS}, "url": "x"}
    ),
    "an extension of the whole mesh": beside(
        "TrafficExtension", "extensions.istio.io/v1alpha1", {"lua": {}}, "istio-system"
    ),
    "a ProxyConfig": beside("ProxyConfig", "networking.istio.io/v1beta1", {"environmentVariables": {"A": "b"}}),
    "a kind of tomorrow": beside("Anything", "tomorrow.istio.io/v1", {"a": "b"}),
    "a foreign Gateway by the Service's name": beside(
        "Gateway", "gateway.networking.k8s.io/v1", {"addresses": [{"value": SERVICE}]}, "shop"
    ),
    "an AdminNetworkPolicy": beside(
        "AdminNetworkPolicy",
        "policy.networking.k8s.io/v1alpha1",
        {"subject": {"namespaces": {}}, "egress": OUT},
        "",
    ),
    "a ClusterNetworkPolicy": beside(
        "ClusterNetworkPolicy",
        "policy.networking.k8s.io/v1alpha2",
        {
            "tier": "Admin",
            "subject": {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "istio-egress"}}},
            "egress": [{"action": "Accept", "to": [{"networks": ["0.0.0.0/0"]}]}],
        },
        "",
    ),
    "Calico's for all": beside("GlobalNetworkPolicy", "projectcalico.org/v3", {"egress": [{"action": "Allow"}]}, ""),
}
OPENS: dict[str, Change] = {
    "a pod with its labels": beside("Pod", "v1", {"containers": []}, metadata={"labels": LABELS}),
    "a Job with its labels": beside("Job", "batch/v1", {"template": RUNS}),
    "a CronJob with its labels": beside("CronJob", "batch/v1", {"jobTemplate": {"spec": {"template": RUNS}}}),
    "an address with its labels": beside("WorkloadEntry", "networking.istio.io/v1", {"labels": LABELS}),
    "machines with its labels": beside("WorkloadGroup", "networking.istio.io/v1", {"metadata": {"labels": LABELS}}),
    "endpoints": beside(
        "Endpoints", "v1", subsets=[{"addresses": [{"ip": "10.0.0.1"}]}], metadata={"name": "egressgateway"}
    ),
    "a slice of endpoints": beside(
        "EndpointSlice",
        "discovery.k8s.io/v1",
        endpoints=[{"addresses": ["10.0.0.1"]}],
        metadata={"labels": {"kubernetes.io/service-name": "egressgateway"}},
    ),
    "a Service without a selector": lambda objects: of(objects, "Service")["spec"].pop("selector"),
    "a Gateway of the Gateway API": beside(
        "Gateway", "gateway.networking.k8s.io/v1", {"addresses": [{"type": "Hostname", "value": "egressgateway"}]}
    ),
    "an annotation of istiod's": beside(
        "Gateway",
        "networking.istio.io/v1",
        {"selector": {"app": "shop"}, "servers": []},
        "shop",
        metadata={"annotations": {"internal.istio.io/gateway-service": SERVICE}},
    ),
}
ORDINARY: dict[str, Change] = {
    "resources": proxy(resources={"limits": {"memory": "4Gi"}}),
    "places": pod(nodeSelector={"a": "b"}, tolerations=[{"operator": "Exists"}], affinity={"nodeAffinity": {}}),
    "a class": pod(priorityClassName="system-cluster-critical", runtimeClassName="gvisor"),
    "time to end": pod(terminationGracePeriodSeconds=600),
    "secrets for images": pod(imagePullSecrets=[{"name": "x"}]),
    "probes": proxy(readinessProbe={"httpGet": {"path": "/healthz/ready", "port": 15021}, "periodSeconds": 1}),
    "a pause at the end": proxy(lifecycle={"preStop": {"exec": {"command": ["sleep", "30"]}}}),
    "how it drains": proxy(env=[{"name": "MINIMUM_DRAIN_DURATION", "value": "30s"}]),
    "threads and tracing": annotated(
        "proxy.istio.io/config", "concurrency: 4\ntracing: {sampling: 10}\nterminationDrainDuration: 60s"
    ),
    "statistics": annotated("sidecar.istio.io/statsInclusionPrefixes", "cluster"),
    "its logs": annotated("sidecar.istio.io/logLevel", "debug"),
    "a restart": annotated("kubectl.kubernetes.io/restartedAt", "2026-11-26"),
    "scraping": annotated("prometheus.io/scrape", "true"),
    "labels of people": labelled("team", "platform"),
    "a control plane's revision": labelled("istio.io/rev", "stable"),
    "replicas and strategy": lambda objects: of(objects, "Deployment")["spec"].update(replicas=5, paused=False),
    "families of addresses": served(ipFamilyPolicy="PreferDualStack", internalTrafficPolicy="Cluster"),
    "what the API server writes": lambda objects: (
        pod(dnsPolicy="ClusterFirst", restartPolicy="Always", schedulerName="x", serviceAccount="istio-egressgateway")(
            objects
        ),
        proxy(imagePullPolicy="Always", terminationMessagePath="/dev/x", terminationMessagePolicy="File")(objects),
    ),
    "its own pods, as controllers make them": beside(
        "Pod",
        "v1",
        {
            "serviceAccountName": "istio-egressgateway",
            "containers": [{"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.28.0"}],
        },
        metadata={
            "name": "sni-egressgateway-5d9-x",
            "labels": {**LABELS, "sidecar.istio.io/inject": "true", "pod-template-hash": "5d9"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "sni-egressgateway-5d9", "controller": True}],
        },
    ),
    "its own endpoints, as controllers write them": beside(
        "EndpointSlice",
        "discovery.k8s.io/v1",
        endpoints=[{"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": "x"}}],
        metadata={"labels": {"kubernetes.io/service-name": "egressgateway", **KEPT}},
    ),
    "a pod of others": beside("Pod", "v1", {"containers": []}, metadata={"labels": {"app": "x"}}),
    "a WasmPlugin of others": beside(
        "WasmPlugin", "extensions.istio.io/v1alpha1", {"selector": {"matchLabels": {"app": "x"}}}, "shop"
    ),
    "a Gateway of the Gateway API of others": beside(
        "Gateway", "gateway.networking.k8s.io/v1", {"gatewayClassName": "istio", "listeners": []}, "shop"
    ),
    "a policy of another tier for others": beside(
        "AdminNetworkPolicy",
        "policy.networking.k8s.io/v1alpha1",
        {
            "subject": {
                "namespaces": {
                    "matchExpressions": [
                        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["istio-egress"]}
                    ]
                }
            },
            "egress": OUT,
        },
        "",
    ),
    "a policy that refuses": beside(
        "AdminNetworkPolicy",
        "policy.networking.k8s.io/v1alpha1",
        {"subject": {"namespaces": {}}, "egress": [{"action": "Deny"}]},
        "",
    ),
}


def errors(run: Run, change: Change) -> set[str]:
    objects = built()
    change(objects)
    found = findings(run, objects)
    assert all(one["severity"] == "error" for one in found), found
    return {one["rule"] for one in found}


@pytest.mark.parametrize("what", UNKNOWN)
def test_other_pods_than_bases_are_not_understood(what: str, run: Run) -> None:
    assert errors(run, UNKNOWN[what]) == {"unknown"}


@pytest.mark.parametrize("what", OPENS)
def test_what_takes_the_gateways_place_is_told(what: str, run: Run) -> None:
    assert errors(run, OPENS[what]) == {"bypass"}


@pytest.mark.parametrize("what", ORDINARY)
def test_ordinary_changes_are_fine(what: str, run: Run) -> None:
    assert errors(run, ORDINARY[what]) == set()


def test_the_message_names_the_place_and_what_base_has(run: Run) -> None:
    objects = built()
    UNKNOWN["an image"](objects)
    (found,) = findings(run, objects)
    assert found["object"] == "Deployment istio-egress/sni-egressgateway"
    assert found["message"].startswith('has containers.istio-proxy.image "mine", in base/ "auto"')


@pytest.mark.parametrize(
    ("field", "left"),
    [
        ("spec.template.spec.containers[0].image", ["spec.template.spec.hostPID"]),
        ("", ["spec.template.spec.containers[0].image", "spec.template.spec.hostPID"]),
    ],
)
def test_one_field_that_is_not_understood_may_be_accepted(
    field: str, left: list[str], run: Run, tmp_path: Path
) -> None:
    objects = built()
    UNKNOWN["an image"](objects)
    UNKNOWN["the node's processes"](objects)
    what = f"Deployment istio-egress/sni-egressgateway {field}"
    (tmp_path / "accepted").write_text(f"egress-overlays: allow unknown NET-12 until 2999-03-31 {what}\n")
    outcome = run("verify", "-o", "json", "--accepted", tmp_path / "accepted", "-", stdin=text(objects))
    (found,) = json.loads(outcome.out)
    assert [one["field"] for one in found["findings"] if not one["accepted"]] == left
    assert outcome.code == 1
