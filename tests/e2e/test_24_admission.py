"""components/admission on the real API server: who may touch the gateway, and what everybody else is told."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from mesh.beside import BESIDE
from mesh.cluster import Refused
from mesh.guard import CONTROLLERS, TEAM, attempt
from mesh.processes import eventually
from mesh.world import WILDCARD

from builds import OWN_NAMESPACE, OWNER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.cluster import Cluster
    from mesh.overlays import Overlays

pytestmark = pytest.mark.usefixtures("gateway")


def istio(kind: str, spec: dict[str, Any], namespace: str = "blog", **metadata: object) -> dict[str, Any]:
    group = {"Telemetry": "telemetry", "AuthorizationPolicy": "security", "PeerAuthentication": "security"}.get(kind)
    version = "v1alpha3" if kind == "EnvoyFilter" else "v1"
    return {
        "apiVersion": f"{group or 'networking'}.istio.io/{version}",
        "kind": kind,
        "metadata": {"name": "mine", "namespace": namespace, **metadata},
        "spec": spec,
    }


def pods(kind: str, labels: dict[str, str]) -> dict[str, Any]:
    """What makes pods with these labels in the team's namespace."""
    template: dict[str, Any] = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "image": "example.com/c"}]},
    }
    metadata = {"name": "mine", "namespace": "blog"}
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": kind, "metadata": {**metadata, "labels": labels}, "spec": template["spec"]}
    template["spec"]["restartPolicy"] = "Never" if kind in ("Job", "CronJob") else "Always"
    spec: dict[str, Any] = {"template": template}
    if kind == "CronJob":
        spec = {"schedule": "@daily", "jobTemplate": {"spec": spec}}
    elif kind != "Job":
        spec["selector"] = {"matchLabels": labels}
    if kind == "StatefulSet":
        spec["serviceName"] = "mine"
    group = "batch" if kind in ("Job", "CronJob") else "apps"
    return {"apiVersion": f"{group}/v1", "kind": kind, "metadata": metadata, "spec": spec}


PATCH = {
    "applyTo": "LISTENER",
    "match": {"context": "GATEWAY"},
    "patch": {"operation": "MERGE", "value": {"stat_prefix": "x"}},
}
PORT = {"number": 443, "name": "tls", "protocol": "TLS"}
SERVER = {"port": PORT, "hosts": ["*.example.com"], "tls": {"mode": "PASSTHROUGH"}}
ROUTE = {
    "hosts": ["en.wikipedia.org"],
    "tls": [
        {
            "match": [{"sniHosts": ["en.wikipedia.org"]}],
            "route": [{"destination": {"host": "elsewhere.blog.svc.cluster.local"}}],
        }
    ],
}
INJECT = {"egress-overlays.dev/inject": "default"}
OURS = {"istio": "sni-egressgateway"}
POLICY: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "mine", "namespace": "blog"},
    "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]},
}

OPENS: dict[str, dict[str, Any]] = {
    "an EnvoyFilter that takes part": istio(
        "EnvoyFilter", {"configPatches": [PATCH]}, annotations=INJECT, labels={"egress-overlays.dev/state": "injected"}
    ),
    "an EnvoyFilter of the root namespace for all": istio("EnvoyFilter", {"configPatches": [PATCH]}, "istio-system"),
    "one by the gateway's label": istio(
        "EnvoyFilter", {"workloadSelector": {"labels": OURS}, "configPatches": [PATCH]}, "istio-system"
    ),
    "one by a label that injection adds": istio(
        "EnvoyFilter",
        {"workloadSelector": {"labels": {"service.istio.io/canonical-name": "x"}}, "configPatches": [PATCH]},
        "istio-system",
    ),
    "an EnvoyFilter in the gateway's namespace": istio("EnvoyFilter", {"configPatches": [PATCH]}, "istio-egress"),
    "a Gateway for the gateway's pods": istio("Gateway", {"selector": OURS, "servers": [SERVER]}),
    "a Gateway for every pod": istio("Gateway", {"servers": [SERVER]}),
    "a VirtualService of the gateway": istio(
        "VirtualService", {**ROUTE, "gateways": ["istio-egress/sni-egressgateway"]}
    ),
    "a route of a listed name elsewhere": istio("VirtualService", ROUTE),
    "a ServiceEntry": istio(
        "ServiceEntry",
        {"hosts": ["evil.example"], "ports": [PORT], "resolution": "DNS", "location": "MESH_EXTERNAL"},
    ),
    "a Sidecar that allows any": istio("Sidecar", {"outboundTrafficPolicy": {"mode": "ALLOW_ANY"}}),
    "a Sidecar without a mode": istio("Sidecar", {"egress": [{"hosts": ["./*"]}]}),
    "a DestinationRule of the gateway": istio(
        "DestinationRule",
        {"host": "egressgateway.istio-egress.svc.cluster.local", "trafficPolicy": {"tls": {"mode": "DISABLE"}}},
    ),
    "a DestinationRule of all hosts": istio(
        "DestinationRule", {"host": "*.local", "trafficPolicy": {"tls": {"mode": "DISABLE"}}}
    ),
    "a Telemetry of the root namespace": istio("Telemetry", {"accessLogging": [{"disabled": True}]}, "istio-system"),
    "an AuthorizationPolicy in the gateway's namespace": istio("AuthorizationPolicy", {}, "istio-egress"),
    "a PeerAuthentication in the gateway's namespace": istio(
        "PeerAuthentication", {"mtls": {"mode": "DISABLE"}}, "istio-egress"
    ),
    "a NetworkPolicy that opens everything": POLICY,
    "a NetworkPolicy in the gateway's namespace": {**POLICY, "metadata": {"name": "mine", "namespace": "istio-egress"}},
    **{f"{kind} with the gateway's label": pods(kind, OURS) for kind in ("Pod", "Deployment", "Job", "CronJob")},
    **{f"{kind} with the gateway's label": pods(kind, OURS) for kind in ("ReplicaSet", "StatefulSet", "DaemonSet")},
}
FINE: dict[str, dict[str, Any]] = {
    "an EnvoyFilter of one's own": istio("EnvoyFilter", {"configPatches": [PATCH]}),
    "a Gateway for one's own pods": istio("Gateway", {"selector": {"app": "blog"}, "servers": [SERVER]}),
    "a VirtualService within the mesh": istio(
        "VirtualService",
        {"hosts": ["blog.blog.svc.cluster.local"], "http": [{"route": [{"destination": {"host": "blog"}}]}]},
    ),
    "a Sidecar that keeps to the registry": istio("Sidecar", {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}),
    "a DestinationRule of one's own": istio("DestinationRule", {"host": "blog.blog.svc.cluster.local"}),
    "a Telemetry of one's own": istio("Telemetry", {"accessLogging": [{"disabled": True}]}),
    "a Deployment of one's own": pods("Deployment", {"app": "blog"}),
    "a NetworkPolicy within the cluster": {
        **POLICY,
        "spec": {**POLICY["spec"], "egress": [{"to": [{"podSelector": {}}]}]},
    },
}


@pytest.mark.parametrize("what", OPENS)
def test_what_would_open_the_gateway_is_refused_with_a_reason(what: str, guarded: Cluster) -> None:
    said = attempt(guarded, OPENS[what])
    assert "ValidatingAdmissionPolicy 'egress-gateway-" in said
    assert OWNER in said, "it says who may"


@pytest.mark.parametrize("what", BESIDE)
def test_what_did_open_it_in_test_25_is_refused(what: str, guarded: Cluster, overlays: Overlays) -> None:
    ours = list(yaml.safe_load_all(overlays.make([WILDCARD], components=["restrict-direct-egress"])))
    planted = copy.deepcopy(ours)
    BESIDE[what].plant(planted)
    said = [attempt(guarded, one) for one in planted if one not in ours]
    assert any("ValidatingAdmissionPolicy 'egress-gateway-" in refusal and OWNER in refusal for refusal in said), said


CILIUM: dict[str, tuple[str, str, dict[str, Any]]] = {
    "an Envoy before its Service": ("CiliumEnvoyConfig", "istio-egress", {"resources": []}),
    "an Envoy of the cluster": (
        "CiliumClusterwideEnvoyConfig",
        "",
        {"services": [{"name": "egressgateway", "namespace": "istio-egress"}], "resources": []},
    ),
    "a redirect of an address": (
        "CiliumLocalRedirectPolicy",
        "blog",
        {
            "redirectFrontend": {
                "addressMatcher": {"ip": "192.0.2.1", "toPorts": [{"port": "443", "protocol": "TCP", "name": "tls"}]}
            },
            "redirectBackend": {
                "localEndpointSelector": {"matchLabels": {"app": "blog"}},
                "toPorts": [{"port": "443", "protocol": "TCP", "name": "tls"}],
            },
        },
    ),
}


def crd(kind: str, scope: str) -> dict[str, Any]:
    """A kind of Cilium's that takes everything: its own definitions are no part of what is tested."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"kind": kind, "plural": f"{kind.lower().removesuffix('y')}{'ies' if kind.endswith('y') else 's'}"}
    version = {"name": "v2", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{names['plural']}.cilium.io",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
        },
        "spec": {"group": "cilium.io", "scope": scope, "names": names, "versions": [version]},
    }


@pytest.fixture(scope="module")
def with_cilium(guarded: Cluster) -> Iterator[Cluster]:
    """The API server knows Cilium's kinds; nobody acts on them."""
    kinds = [(kind, "Namespaced" if namespace else "Cluster") for kind, namespace, _ in CILIUM.values()]
    crds = yaml.safe_dump_all(crd(*one) for one in kinds)
    guarded.apply(crds)
    guarded.kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", "-", stdin=crds)
    yield guarded
    guarded.kubectl("delete", "--wait=false", "-f", "-", stdin=crds)


@pytest.mark.parametrize("what", CILIUM)
def test_redirects_of_another_network_are_refused(what: str, with_cilium: Cluster) -> None:
    kind, namespace, spec = CILIUM[what]
    metadata = {"name": "mine", **({"namespace": namespace} if namespace else {})}
    one = {"apiVersion": "cilium.io/v2", "kind": kind, "metadata": metadata, "spec": spec}
    eventually(lambda: attempt(with_cilium, one, OWNER) == "", within=30, what="the API server takes the kind")
    said = attempt(with_cilium, one)
    assert "ValidatingAdmissionPolicy 'egress-gateway-" in said
    assert OWNER in said


@pytest.mark.parametrize("what", FINE)
def test_what_teams_do_every_day_is_taken(what: str, guarded: Cluster) -> None:
    assert attempt(guarded, FINE[what]) == ""


def test_the_owner_applies_every_overlay(guarded: Cluster, overlays: Overlays) -> None:
    for name in ("dev", "staging", "prod"):
        for object_ in yaml.safe_load_all(overlays.build(name)):
            assert attempt(guarded, object_, OWNER) == ""


def test_the_owner_applies_every_pair_of_components(guarded: Cluster, overlays: Overlays) -> None:
    guarded.namespace(OWN_NAMESPACE)
    assert guarded.refusals(overlays.every_pair, f"--as={OWNER}") == ""
    assert "only " + OWNER in guarded.refusals(overlays.every_pair, f"--as={TEAM}")


def test_what_was_not_injected_is_refused_even_from_the_owner(guarded: Cluster, overlays: Overlays) -> None:
    bare = [one for one in yaml.safe_load_all(overlays.bare_base()) if one["kind"] in ("VirtualService", "EnvoyFilter")]
    assert len(bare) == 2
    for one in bare:
        assert "not injected" in attempt(guarded, one, OWNER)


def test_a_team_may_not_delete_what_guards_it(guarded: Cluster) -> None:
    for kind, name in (("networkpolicy", "sni-egressgateway"), ("envoyfilter", "sni-egressgateway")):
        with pytest.raises(Refused, match="only " + OWNER):
            guarded.kubectl("delete", kind, name, "--namespace=istio-egress", f"--as={TEAM}", "--dry-run=server")


def test_kubernetes_own_controllers_go_on(guarded: Cluster) -> None:
    assert attempt(guarded, pods("ReplicaSet", OURS), CONTROLLERS) == ""


def test_finalizers_of_an_object_may_change(guarded: Cluster) -> None:
    patch = ["patch", "envoyfilter", "sni-egressgateway", "--namespace=istio-egress", f"--as={TEAM}", "--type=merge"]
    change = json.dumps({"metadata": {"finalizers": ["example.com/kept"]}})
    guarded.kubectl(*patch, f"--patch={change}", "--dry-run=server")


def test_an_administrator_may_always_take_the_policies_away(guarded: Cluster) -> None:
    guarded.kubectl("delete", "validatingadmissionpolicy", "egress-gateway-mesh", f"--as={TEAM}", "--dry-run=server")
