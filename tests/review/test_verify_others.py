"""`verify` on objects of further kinds beside the gateway, and on the policies of components/admission.

Each is planted beside what prod builds to; what teams do every day says nothing.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import builds
from live import LABELS, built, findings, of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command import Run

    Object = dict[str, Any]

HOST = "egressgateway.istio-egress.svc.cluster.local"
LISTED = "api.stripe.com"
CLOSED: Object = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "Sidecar",
    "metadata": {"name": "default", "namespace": "istio-system"},
    "spec": {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}},
}


def made(api: str, kind: str, spec: Object | None, namespace: str = "istio-egress", **more: Any) -> Object:
    metadata = {"name": "beside", "namespace": namespace, **more.pop("metadata", {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **({"spec": spec} if spec else {}), **more}


def istio(kind: str, spec: Object, namespace: str = "istio-egress", group: str = "networking") -> Object:
    return made(f"{group}.istio.io/v1", kind, spec, namespace)


def template(labels: Object, annotations: Object | None = None, **spec: Any) -> Object:
    metadata = {"labels": labels, "annotations": annotations or {}}
    return {"metadata": metadata, "spec": {"containers": [{"name": "c", "image": "x"}], **spec}}


TCP = {"match": [{"port": 443}], "route": [{"destination": {"host": "elsewhere"}}]}
PATCH = {
    "applyTo": "LISTENER",
    "match": {"context": "SIDECAR_OUTBOUND"},
    "patch": {"operation": "MERGE", "value": {"default_filter_chain": {"cluster": "PassthroughCluster"}}},
}
ODD = {"typed_config": [{"cluster": "PassthroughCluster"}]}
OUT = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}
KEPT = {**OUT, "egress": [{"to": [{"podSelector": {}}]}]}
ROUTED = {"rules": [{"backendRefs": [{"name": "evil", "port": 443}]}]}
SELECTED = {"selector": {"matchLabels": LABELS}}
OPENS: dict[str, Object] = {
    "a ServiceEntry for the gateway's host": istio(
        "ServiceEntry",
        {"hosts": [HOST], "location": "MESH_INTERNAL", "endpoints": [{"address": "10.0.0.9"}], "resolution": "STATIC"},
        "blog",
    ),
    "a Gateway of the Gateway API with the gateway's labels": made(
        "gateway.networking.k8s.io/v1", "Gateway", {"infrastructure": {"labels": LABELS}}
    ),
    "a route of what is sent to the gateway": made(
        "gateway.networking.k8s.io/v1alpha2",
        "TCPRoute",
        {"parentRefs": [{"kind": "Service", "name": "egressgateway", "namespace": "istio-egress"}], **ROUTED},
        "apps",
    ),
    "a route of a listed name": made(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        {"parentRefs": [{"kind": "ServiceEntry", "name": "WILDCARD"}], **ROUTED},
        "istio-system",
    ),
    "a route of TCP for a listed name": istio("VirtualService", {"hosts": [LISTED], "tcp": [TCP]}, "blog"),
    "a route of TCP for every name": istio("VirtualService", {"hosts": ["*.com"], "tcp": [TCP]}, "blog"),
}
AROUND: dict[str, tuple[str, Object]] = {
    "another name for a host outside": (
        "beside",
        made("v1", "Service", {"type": "ExternalName", "externalName": "evil.example"}, "apps"),
    ),
    "another port of a listed name": (
        "beside",
        istio("ServiceEntry", {"hosts": [LISTED], "ports": [{"number": 22, "name": "t", "protocol": "TCP"}]}, "apps"),
    ),
    "a filter of sidecars": ("beside", istio("EnvoyFilter", {"configPatches": [PATCH]}, "apps")),
    "a filter of sidecars of another type than Envoy's": (
        "beside",
        istio("EnvoyFilter", {"configPatches": [{**PATCH, "patch": {"operation": "MERGE", "value": ODD}}]}, "apps"),
    ),
    "pods that send past their sidecar": (
        "beside",
        made(
            "apps/v1",
            "Deployment",
            {"template": template({"app": "a"}, {"traffic.sidecar.istio.io/excludeOutboundPorts": "80, 443"})},
            "apps",
        ),
    ),
}
WARNED: dict[str, tuple[str, Object]] = {
    "a Sidecar that allows any": ("beside", istio("Sidecar", {"outboundTrafficPolicy": {"mode": "ALLOW_ANY"}}, "apps")),
    "a mesh that allows any": (
        "beside",
        made("v1", "ConfigMap", None, "istio-system", data={"mesh": "outboundTrafficPolicy:\n  mode: ALLOW_ANY\n"}),
    ),
    "a webhook that changes Istio's objects": (
        "guard",
        made(
            "admissionregistration.k8s.io/v1",
            "MutatingWebhookConfiguration",
            None,
            "",
            webhooks=[{"rules": [{"apiGroups": ["networking.istio.io"], "resources": ["*"]}]}],
        ),
    ),
}
FINE: dict[str, Object] = {
    "pods of one's own": made("apps/v1", "Deployment", {"template": template({"app": "a"})}),
    "the gateway's labels elsewhere": made("apps/v1", "Deployment", {"template": template(LABELS)}, "blog"),
    "a Service for the gateway's metrics": made("v1", "Service", {"selector": LABELS, "ports": [{"port": 15090}]}),
    "the endpoints of Kubernetes": made(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        None,
        metadata={
            "labels": {
                "kubernetes.io/service-name": "egressgateway",
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            }
        },
    ),
    "an extension of one's own pods": istio(
        "WasmPlugin", {"selector": {"matchLabels": {"app": "a"}}}, "blog", "extensions"
    ),
    "a Service of another name within": made(
        "v1", "Service", {"type": "ExternalName", "externalName": "a.b.svc.cluster.local"}, "apps"
    ),
    "a filter of sidecars' headers": istio(
        "EnvoyFilter",
        {"configPatches": [{**PATCH, "patch": {"operation": "INSERT_FIRST", "value": {"name": "x"}}}]},
        "apps",
    ),
    "another excluded port": made(
        "apps/v1",
        "Deployment",
        {"template": template({"app": "a"}, {"traffic.sidecar.istio.io/excludeOutboundPorts": "5432"})},
        "apps",
    ),
    "a route of TCP within": istio("VirtualService", {"hosts": ["db.blog.svc.cluster.local"], "tcp": [TCP]}, "blog"),
    "a policy that lets out where none keeps in": made("networking.k8s.io/v1", "NetworkPolicy", OUT, "apps"),
}


def told(run: Run, *more: Object) -> list[tuple[str, str]]:
    return sorted({(one["rule"], one["severity"]) for one in findings(run, [*built(), *more])})


@pytest.mark.parametrize("what", OPENS)
def test_what_may_answer_for_the_gateway_is_an_error(what: str, run: Run) -> None:
    planted = json.loads(json.dumps(OPENS[what]).replace("WILDCARD", of(built(), "ServiceEntry")["metadata"]["name"]))
    assert ("bypass", "error") in told(run, planted)


@pytest.mark.parametrize("what", AROUND)
def test_what_leads_around_is_a_warning_and_an_error_in_a_closed_mesh(what: str, run: Run) -> None:
    rule, planted = AROUND[what]
    assert told(run, planted) == [(rule, "warning")]
    assert told(run, planted, CLOSED) == [(rule, "error")]


@pytest.mark.parametrize("what", WARNED)
def test_what_may_let_out_is_a_warning(what: str, run: Run) -> None:
    rule, planted = WARNED[what]
    assert told(run, planted) == [(rule, "warning")]


@pytest.mark.parametrize("what", FINE)
def test_what_teams_do_every_day_is_fine(what: str, run: Run) -> None:
    assert told(run, FINE[what]) == []


def test_policies_of_one_namespace_add_up(run: Run) -> None:
    kept, out = (made("networking.k8s.io/v1", "NetworkPolicy", spec, "apps") for spec in (KEPT, OUT))
    kept["metadata"]["name"] = "kept"
    assert told(run, kept, out) == [("beside", "warning")]
    assert told(run, kept, out, CLOSED) == [("beside", "error")]
    inside = {**OUT, "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}
    assert told(run, kept, made("networking.k8s.io/v1", "NetworkPolicy", inside, "apps")) == []


GUARD: dict[str, tuple[str, Callable[[Object], object]]] = {
    "failures that let through": ("ValidatingAdmissionPolicy", lambda spec: spec.update(failurePolicy="Ignore")),
    "conditions": ("ValidatingAdmissionPolicy", lambda spec: spec.update(matchConditions=[{"expression": "false"}])),
    "no check": ("ValidatingAdmissionPolicy", lambda spec: spec.update(validations=[{"expression": "true"}])),
    "some objects": ("ValidatingAdmissionPolicyBinding", lambda spec: spec.update(matchResources={"x": {}})),
}


def test_admission_policies_that_refuse_less_are_found(run: Run, tmp_path: Path) -> None:
    ours = builds.build(builds.overlay(tmp_path, ("admission",), (LISTED,)))
    assert findings(run, ours) == []
    for kind, change in GUARD.values():
        changed = copy.deepcopy(ours)
        change(of(changed, kind)["spec"])
        assert [(one["rule"], one["severity"]) for one in findings(run, changed)] == [("guard", "error")]
    without = [one for one in ours if one is not of(ours, "ValidatingAdmissionPolicyBinding")]
    assert [one["rule"] for one in findings(run, without)] == ["guard"]


def test_the_first_mode_of_admission_is_a_warning_and_diff_tells_a_change(run: Run, tmp_path: Path) -> None:
    ours = builds.build(builds.overlay(tmp_path, ("admission",), (LISTED,), actions=("Audit", "Warn")))
    assert [(one["rule"], one["severity"]) for one in findings(run, ours)] == [("guard", "warning")] * 4
    for name, objects in {"a": ours, "b": [one for one in ours if not one["kind"].endswith("PolicyBinding")]}.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump_all(objects))
    outcome = run("diff", tmp_path / "a.yaml", tmp_path / "b.yaml")
    assert "ValidatingAdmissionPolicyBinding" in outcome.out
