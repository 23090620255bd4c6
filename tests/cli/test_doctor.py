"""`doctor` on a mesh as kubectl prints it: nothing where all is well, and each planted fault alone."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from builds import build, overlay
from egress_overlays.review.doctor import RULES
from live import built, of, patch, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command import Run

    Object = dict[str, Any]
    Change = Callable[[list[Object]], object]
from meshes import CREATED, LABELS, config, flag, made, template


def examined(run: Run, objects: list[Object], *options: str) -> list[Object]:
    outcome = run("doctor", "-o", "json", *options, "-", stdin=text(objects))
    found: list[Object] = json.loads(outcome.out)["findings"]
    assert outcome.code == int(any(one["severity"] == "error" for one in found)), outcome.err
    return found


def test_nothing_is_found_where_all_is_well(run: Run, cluster: list[Object]) -> None:
    assert examined(run, cluster) == []
    said = run("doctor", "-", stdin=text(cluster)).out
    assert "fine" in said
    for fact in ("1.31", "docker.io/istio/proxyv2:1.31.0", "Calico, enforces NetworkPolicies", "REGISTRY_ONLY"):
        assert fact in said


def without(kind: str, key: str) -> Change:
    return lambda objects: of(objects, kind)["spec"].pop(key)


def hidden(objects: list[Object], kind: str, setting: str) -> None:
    config(objects, **{setting: ["."]})
    if kind == "Service":
        del next(one for one in objects if one["metadata"]["name"] == "egressgateway" and one["kind"] == kind)[
            "metadata"
        ]["annotations"]
    else:
        del of(objects, kind)["spec"]["exportTo"]


def scoped(objects: list[Object]) -> None:
    flag(objects, "PILOT_SCOPE_GATEWAY_TO_NAMESPACE")
    gateway = of(objects, "Gateway")
    gateway["metadata"]["namespace"] = "istio-system"
    of(objects, "VirtualService")["spec"]["gateways"] = ["mesh", gateway["metadata"]["name"]]


def route(host: str, created: str = CREATED, **spec: object) -> Object:
    to = {"destination": {"host": host.replace("*.", "www."), "port": {"number": 443}}}
    tls = [{"match": [{"port": 443, "sniHosts": [host]}], "route": [to]}]
    return made("VirtualService", "theirs", "shop", {"hosts": [host], "tls": tls, **spec}, creationTimestamp=created)


def image(objects: list[Object], name: str, tag: str) -> None:
    one = next(one for one in objects if one["metadata"]["name"] == name)
    spec = one["spec"].get("template", one)["spec"]
    spec["containers"][0]["image"] = tag


def uninjected(objects: list[Object]) -> None:
    one = next(one for one in objects if one["kind"] == "Deployment" and one["metadata"]["name"] != "istiod")
    del one["spec"]["template"]["metadata"]["labels"]["sidecar.istio.io/inject"]


def openshift(objects: list[Object]) -> None:
    next(one for one in objects if one["metadata"]["name"] == "kube-dns")["spec"]["ports"][0]["targetPort"] = "dns"
    pod = made("Pod", "dns-1", "kube-system", labels={"k8s-app": "kube-dns"})
    pod["spec"] = {"containers": [{"name": "dns", "image": "dns", "ports": [{"name": "dns", "containerPort": 5353}]}]}
    objects.append(pod)


def plugin(objects: list[Object], name: str) -> None:
    of(objects, "DaemonSet").update(made("DaemonSet", name, "kube-system", template("x", "x", {})))


def root_sidecar(objects: list[Object]) -> None:
    config(objects, rootNamespace="mesh-root")
    spec = {"egress": [{"hosts": ["*/*"]}], "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}
    objects.append(made("Sidecar", "default", "istio-system", spec))


def namespaces_sidecar(objects: list[Object]) -> None:
    """The mesh's default lets nothing out, the namespace's own Sidecar takes its place and says nothing."""
    config(objects, outboundTrafficPolicy={"mode": "ALLOW_ANY"})
    objects.append(made("Sidecar", "default", "istio-system", {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}))


def adds(*objects: Object) -> Change:
    return lambda cluster: cluster.extend(copy.deepcopy(objects))


PROXY_PROTOCOL = patch("LISTENER", "MERGE", {"listener_filters": [{"name": "envoy.filters.listener.proxy_protocol"}]})
OURS = "egressgateway.istio-egress.svc.cluster.local"
ENTRY = {"hosts": ["db.example.net"], "ports": [{"number": 443, "name": "db", "protocol": "TCP"}]}
DENY_ALL = made("AuthorizationPolicy", "deny-all", "istio-system")
ALLOW = {
    "selector": {"matchLabels": {"istio": "sni-egressgateway"}},
    "rules": [{"to": [{"operation": {"ports": ["8443"]}}]}],
}
FAULTS: dict[str, tuple[str, str, str, Change]] = {
    "an old Istio": ("version", "warning", "1.28", lambda o: image(o, "istiod", "istio/pilot:1.28.4")),
    "an older one": ("version", "error", "upgrade", lambda o: image(o, "istiod", "istio/pilot:1.27.0-distroless")),
    "old pods": (
        "version",
        "warning",
        "(Envoy 1.36)",
        lambda o: image(o, "sni-egressgateway-1", "istio/proxyv2:1.28.4"),
    ),
    "routes hidden": (
        "visibility",
        "error",
        "exportTo",
        lambda o: hidden(o, "VirtualService", "defaultVirtualServiceExportTo"),
    ),
    "entries hidden": (
        "visibility",
        "error",
        "exportTo",
        lambda o: hidden(o, "ServiceEntry", "defaultServiceExportTo"),
    ),
    "Service hidden": ("visibility", "error", "annotate", lambda o: hidden(o, "Service", "defaultServiceExportTo")),
    "rule hidden": (
        "visibility",
        "error",
        "exportTo",
        lambda o: hidden(o, "DestinationRule", "defaultDestinationRuleExportTo"),
    ),
    "gateways scoped": ("scope", "error", "put it into istio-egress", scoped),
    "namespace not discovered": (
        "discovery",
        "error",
        "label it istio-discovery: enabled",
        lambda o: config(o, discoverySelectors=[{"matchLabels": {"istio-discovery": "enabled"}}]),
    ),
    "everything goes out": (
        "outbound",
        "warning",
        "ALLOW_ANY",
        lambda o: config(o, outboundTrafficPolicy={"mode": "ALLOW_ANY"}),
    ),
    "a namespace's Sidecar": ("outbound", "error", "takes the place", namespaces_sidecar),
    "a Sidecar beside the root": ("root-namespace", "error", "mesh-root", root_sidecar),
    "nobody injects": ("injection", "error", "sidecar.istio.io/inject", uninjected),
    "nobody injected": ("injection", "error", "components/revision", lambda o: image(o, "sni-egressgateway-1", "auto")),
    "a Gateway for our pods": (
        "selection",
        "error",
        "mesh listener",
        adds(made("Gateway", "theirs", "shop", {"selector": LABELS, "servers": [{"port": {"number": 443}}]})),
    ),
    "a Gateway for all pods": (
        "selection",
        "warning",
        "further ports",
        adds(made("Gateway", "theirs", "shop", {"selector": {}, "servers": [{"port": {"number": 9443}}]})),
    ),
    "a filter for every gateway": (
        "selection",
        "error",
        "having no workloadSelector (LISTENER)",
        adds(made("EnvoyFilter", "proxy-protocol", "istio-system", {"configPatches": [PROXY_PROTOCOL]})),
    ),
    "an older route": ("past-gateway", "error", "older", adds(route("*.okta.com", "2026-02-01T10:00:00Z"))),
    "a younger route": ("past-gateway", "warning", "younger", adds(route("*.okta.com", "2026-04-01T10:00:00Z"))),
    "a longer name": ("past-gateway", "error", "longer name", adds(route("login.okta.com", "2026-04-01T10:00:00Z"))),
    "a rule without the subset": (
        "destination-rule",
        "error",
        'no subset "wildcard"',
        adds(made("DestinationRule", "theirs", "shop", {"host": OURS})),
    ),
    "TCP on 443": ("tcp-entry", "error", "every address", adds(made("ServiceEntry", "db", "shop", ENTRY))),
    "deny-all": ("authorization", "error", "components/authorization", adds(DENY_ALL)),
    "deny by rule": (
        "authorization",
        "error",
        "before any policy",
        adds(made("AuthorizationPolicy", "no", "istio-egress", {"action": "DENY", "rules": [{}]})),
    ),
    "no NetworkPolicy": ("enforcement", "error", "no NetworkPolicy", lambda o: o.remove(of(o, "NetworkPolicy"))),
    "Flannel": ("enforcement", "error", "Flannel", lambda o: plugin(o, "kube-flannel-ds")),
    "an unknown plugin": ("enforcement", "warning", "make sure", lambda o: plugin(o, "home-made")),
    "DNS at 5353": ("dns-port", "error", "5353", openshift),
    "no configuration": ("incomplete", "warning", "configmaps", lambda o: o.remove(of(o, "ConfigMap"))),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_alone(fault: str, run: Run, cluster: list[Object]) -> None:
    rule, severity, words, change = FAULTS[fault]
    change(cluster)
    (found,) = examined(run, cluster)
    assert (found["rule"], found["severity"]) == (rule, severity)
    assert words in found["message"]


def test_every_rule_has_a_fault_here() -> None:
    assert {rule for rule, *_ in FAULTS.values()} == set(RULES)


HARMLESS: dict[str, Change] = {
    "an ALLOW policy beside deny-all": adds(DENY_ALL, made("AuthorizationPolicy", "ours", "istio-egress", ALLOW)),
    "a policy for others": adds(
        made("AuthorizationPolicy", "x", "istio-egress", {"selector": {"matchLabels": {"app": "x", "istio": "y"}}})
    ),
    "a route to our gateway": adds(
        made(
            "VirtualService",
            "theirs",
            "shop",
            {"hosts": ["login.okta.com"], "tls": [{"match": [], "route": [{"destination": {"host": OURS}}]}]},
        )
    ),
    "a route of a gateway": adds(route("login.okta.com", gateways=["stock"])),
    "a rule with the subset": adds(
        made("DestinationRule", "theirs", "shop", {"host": OURS, "subsets": [{"name": "wildcard"}]})
    ),
    "TCP to addresses": adds(made("ServiceEntry", "db", "shop", {**ENTRY, "addresses": ["192.0.2.7"]})),
    "a label that is asked for": lambda objects: config(
        objects, discoverySelectors=[{"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]}]
    ),
    "another default, written out": lambda objects: config(
        objects, defaultVirtualServiceExportTo=["."], defaultServiceExportTo=["."], defaultDestinationRuleExportTo=["."]
    ),
    "scoped gateways": lambda objects: flag(objects, "PILOT_SCOPE_GATEWAY_TO_NAMESPACE"),
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_what_does_no_harm_is_not_found(change: Change, run: Run, cluster: list[Object]) -> None:
    change(cluster)
    assert examined(run, cluster) == []


def test_an_input_without_a_list_is_an_error(run: Run, cluster: list[Object]) -> None:
    lists = ("VirtualService", "ServiceEntry", "EnvoyFilter")
    found = examined(run, [one for one in cluster if one["kind"] not in lists])
    assert ("incomplete", "error") in {(one["rule"], one["severity"]) for one in found}


def test_warnings_count_when_they_are_asked_to(run: Run, cluster: list[Object]) -> None:
    image_of = FAULTS["an old Istio"][3]
    image_of(cluster)
    assert run("doctor", "-", stdin=text(cluster)).code == 0
    assert run("doctor", "--strict", "-", stdin=text(cluster)).code == 1


@pytest.mark.parametrize(("version", "rules"), [("1.29", ["version"]), ("1.30", [])])
def test_lists_for_clients_take_a_newer_istio(
    version: str, rules: list[str], run: Run, cluster: list[Object], tmp_path: Path
) -> None:
    image(cluster, "istiod", f"istio/pilot:{version}.0")
    ours = build(overlay(tmp_path.resolve(), ("client-lists",), ("a.example.com",), "shop"))
    found = examined(run, [*ours, *cluster[len(built()) :]])
    assert [one["rule"] for one in found] == rules
    assert all("Envoy 1.37" in one["message"] and "1.30" in one["message"] for one in found)
