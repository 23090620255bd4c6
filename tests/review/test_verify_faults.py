"""`verify`: every rule finds its fault in what was right before."""

from __future__ import annotations

import copy
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from command import Run
from egress_overlays import PLACEHOLDER
from egress_overlays.review.verification import RULES
from live import verified

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Documents = dict[str, dict[str, Any]]

pytestmark = pytest.mark.usefixtures("tree")


def chain(documents: Documents) -> dict[str, Any]:
    patches = documents["EnvoyFilter"]["spec"]["configPatches"]
    (found,) = (one for patch in patches for one in patch["patch"]["value"].get("filter_chains", []))
    return dict(found["filter_chain_match"])


def set_gateway(documents: Documents, change: Callable[[list[str]], list[str]]) -> None:
    for patch in documents["EnvoyFilter"]["spec"]["configPatches"]:
        for one in patch["patch"]["value"].get("filter_chains", []):
            names = one["filter_chain_match"]["server_names"]
            one["filter_chain_match"]["server_names"] = change(names)


def set_everywhere(documents: Documents, change: Callable[[list[str]], list[str]]) -> None:
    set_gateway(documents, change)
    documents["ServiceEntry"]["spec"]["hosts"] = change(documents["ServiceEntry"]["spec"]["hosts"])
    spec = documents["VirtualService"]["spec"]
    spec["hosts"] = change(spec["hosts"])
    spec["tls"][0]["match"][0]["sniHosts"] = change(spec["tls"][0]["match"][0]["sniHosts"])


def service(documents: Documents) -> dict[str, Any]:
    return dict(documents["VirtualService"])["spec"]  # type: ignore[no-any-return]


def no_label(documents: Documents) -> None:
    del documents["VirtualService"]["metadata"]["labels"]["egress-overlays.dev/state"]


def no_chain_match(documents: Documents) -> None:
    for patch in documents["EnvoyFilter"]["spec"]["configPatches"]:
        for one in patch["patch"]["value"].get("filter_chains", []):
            del one["filter_chain_match"]


def root_namespace(documents: Documents) -> None:
    documents["EnvoyFilter"]["metadata"]["namespace"] = "istio-system"
    del documents["EnvoyFilter"]["spec"]["workloadSelector"]


def own_namespace(documents: Documents) -> None:
    del documents["EnvoyFilter"]["spec"]["workloadSelector"]


def no_port(documents: Documents) -> None:
    for patch in documents["EnvoyFilter"]["spec"]["configPatches"]:
        if patch["applyTo"] == "NETWORK_FILTER":
            del patch["match"]["listener"]["portNumber"]


def no_gateway(documents: Documents) -> None:
    del documents["EnvoyFilter"]


def no_mutual(documents: Documents) -> None:
    documents["Gateway"]["spec"]["servers"][0]["tls"]["mode"] = "PASSTHROUGH"


def chains(documents: Documents) -> list[dict[str, Any]]:
    return [
        one
        for patch in documents["EnvoyFilter"]["spec"]["configPatches"]
        for one in patch["patch"]["value"].get("filter_chains", [])
    ]


def listener(documents: Documents) -> dict[str, Any]:
    patches = documents["EnvoyFilter"]["spec"]["configPatches"]
    return next(patch["patch"]["value"] for patch in patches if "filter_chains" in patch["patch"]["value"])


def same_chain(documents: Documents) -> None:
    listener(documents)["filter_chains"].append({**chains(documents)[0], "name": "again"})


def other_chain(documents: Documents) -> None:
    match = {**chains(documents)[0]["filter_chain_match"], "transport_protocol": "raw_buffer"}
    listener(documents)["filter_chains"].append({**chains(documents)[0], "filter_chain_match": match})


TO_ANYWHERE = {"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": {"cluster": "anywhere"}}]}


def in_root_namespace(documents: Documents) -> None:
    documents["EnvoyFilter"]["metadata"]["namespace"] = "istio-system"


def wrong_selector(documents: Documents) -> None:
    documents["EnvoyFilter"]["spec"]["workloadSelector"] = {"labels": {"istio": "ingressgateway"}}


def twice(documents: Documents) -> None:
    documents["again"] = documents["VirtualService"]


def sni_hosts(documents: Documents) -> list[str]:
    hosts: list[str] = service(documents)["tls"][0]["match"][0]["sniHosts"]
    return hosts


INJECT = "egress-overlays.dev/inject"
Fault = tuple[str, str, "Callable[[Documents], object]", str]
FAULTS: list[Fault] = [
    ("state", "error", no_label, "is missing"),
    ("agreement", "error", lambda d: set_gateway(d, lambda n: n[1:]), "the gateway (server_names) lack"),
    ("agreement", "error", lambda d: d["ServiceEntry"]["spec"]["hosts"].pop(), "the registry (hosts) lack"),
    ("agreement", "error", lambda d: set_gateway(d, lambda n: [*n, "x.example.com"]), "the sidecars (sniHosts) lack"),
    ("name", "error", lambda d: sni_hosts(d).append("x.example.com:https"), '"x.example.com:https"'),
    ("agreement", "warning", lambda d: service(d)["hosts"].append("x.example.com"), "which no sniHosts matches"),
    ("empty", "error", lambda d: set_gateway(d, lambda _: []), "matches every name"),
    ("empty", "error", lambda d: d["ServiceEntry"]["spec"].update(hosts=[]), "which Istio refuses"),
    ("place", "error", no_chain_match, "it would admit every name"),
    ("placeholder", "error", lambda d: set_everywhere(d, lambda _: [PLACEHOLDER]), "admits nothing"),
    ("placeholder", "error", lambda d: set_gateway(d, lambda n: [*n, PLACEHOLDER]), "while other lists hold names"),
    ("name", "error", lambda d: set_everywhere(d, lambda n: [*n, "Api.Example.com"]), 'write "api.example.com"'),
    ("name", "error", lambda d: set_everywhere(d, lambda n: [*n, "api.example.com."]), 'write "api.example.com"'),
    ("name", "error", lambda d: set_everywhere(d, lambda n: [*n, "*wiki.org"]), "not the whole first label"),
    ("name", "error", lambda d: set_everywhere(d, lambda n: [*n, "*"]), "admits every name"),
    ("name", "error", lambda d: set_everywhere(d, lambda n: [*n, "*.com"]), "top-level domain"),
    ("name", "error", lambda d: set_everywhere(d, lambda n: [*n, "a_b.example.com"]), "underscore"),
    ("overlap", "error", lambda d: service(d)["hosts"].append("x.okta.com"), "duplicate hosts in virtual service"),
    ("overlap", "error", lambda d: service(d)["hosts"].append("pypi.org"), "stands twice"),
    ("overlap", "warning", lambda d: set_gateway(d, lambda n: [*n, "x.okta.com"]), "without effect"),
    ("duplicate-name", "error", lambda d: set_gateway(d, lambda n: [*n, "pypi.org"]), "Envoy refuses the listener"),
    (
        "limit",
        "error",
        lambda d: set_everywhere(d, lambda n: [*n, *(f"h{i}.example.com" for i in range(300))]),
        "319 hosts",
    ),
    ("sni-hosts", "error", lambda d: service(d)["hosts"].remove("pypi.org"), 'does not cover "pypi.org"'),
    ("reach", "error", root_namespace, "every gateway of the mesh"),
    ("reach", "warning", own_namespace, "every gateway of the namespace istio-egress"),
    ("reach", "warning", no_port, "portNumber"),
    ("hop", "error", no_gateway, "no EnvoyFilter"),
    ("hop", "error", lambda d: service(d).update(tls=[]), "no VirtualService"),
    ("mesh-certificate", "error", no_mutual, "any client may use it"),
    ("duplicate-object", "error", twice, "stands twice"),
    ("empty", "error", lambda d: set_gateway(d, lambda n: [*n, ""]), "matches every name"),
    ("name", "error", lambda d: service(d)["hosts"].append(""), "names nothing"),
    ("duplicate-name", "error", same_chain, "as another chain is; Envoy refuses the listener"),
    ("open-chain", "error", lambda d: listener(d)["filter_chains"].append(TO_ANYWHERE), "takes every name that no"),
    ("open-chain", "error", lambda d: listener(d).update(default_filter_chain=TO_ANYWHERE), "takes every name that no"),
    ("place", "error", lambda d: chains(d)[0]["filter_chain_match"].update(server_names=None), "must be a list"),
    ("place", "error", lambda d: d["EnvoyFilter"]["spec"].update(configPatches=[]), "has no place for names"),
    ("reach", "warning", in_root_namespace, "reaches istio=sni-egressgateway in every namespace"),
    ("reach", "error", wrong_selector, "selects istio=ingressgateway, but the Gateway sni-egressgateway"),
    ("hop", "warning", lambda d: d.pop("ServiceEntry"), "no ServiceEntry"),
    ("set-name", "error", lambda d: d["EnvoyFilter"]["metadata"]["annotations"].update({INJECT: 5}), "must name a set"),
]


def test_chains_that_match_something_else_are_none_of_ours(run: Run, rendered: Callable[[str], Path]) -> None:
    documents = {one["kind"]: one for one in yaml.safe_load_all(rendered("prod").read_text())}
    other_chain(documents)
    found = verified(run, "-", stdin=yaml.safe_dump_all(documents.values()).encode())
    assert {one["rule"] for one in found} == {"bypass"}


def test_one_set_may_have_two_gateways(run: Run, rendered: Callable[[str], Path]) -> None:
    documents = {one["kind"]: one for one in yaml.safe_load_all(rendered("prod").read_text())}
    second = (
        ("Deployment", ("selector", "matchLabels")),
        ("Deployment", ("template", "metadata", "labels")),
        ("NetworkPolicy", ("podSelector", "matchLabels")),
        ("EnvoyFilter", ("workloadSelector", "labels")),
        ("Gateway", ("selector",)),
    )
    for kind, where in second:
        more = documents.setdefault(f"{kind} 2", copy.deepcopy(documents[kind]))
        more["metadata"]["name"] = f"{documents[kind]['metadata']['name']}-2"
        holder = more["spec"]
        for step in where:
            holder = holder[step]
        holder["istio"] = "sni-egressgateway-2"
    documents["VirtualService"]["spec"]["gateways"].append("istio-egress/sni-egressgateway-2")
    assert verified(run, "-", stdin=yaml.safe_dump_all(documents.values()).encode()) == []
    del documents["EnvoyFilter 2"]
    (found,) = verified(run, "-", stdin=yaml.safe_dump_all(documents.values()).encode())
    assert (found["rule"], found["object"]) == ("reach", "Gateway istio-egress/sni-egressgateway-2")


def test_a_kept_host_that_is_lost_is_found(run: Run, tree: Path) -> None:
    """Without it no host of a compact VirtualService is in the registry, and sidecars route none of its names."""
    overlay = tree / "overlays/prod/kustomization.yaml"
    payments = "- ../../components/domains-payments\n"
    overlay.write_text(overlay.read_text().replace(payments, f"{payments}- ../../components/compact-registry\n"))
    assert verified(run, "overlays/prod") == []
    build = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "overlays/prod"]
    text = subprocess.run(build, cwd=tree, capture_output=True, text=True, check=True).stdout
    before, kept, after = text.rpartition("  - egress.egress-overlays.internal\n")
    assert kept
    assert verified(run, "-", stdin=text.encode()) == []
    found, beside = sorted(verified(run, "-", stdin=(before + after).encode()), key=lambda one: one["rule"])
    assert (found["rule"], found["severity"]) == ("agreement", "error")
    assert (beside["rule"], beside["severity"]) == ("beside", "warning")
    assert 'lacks "egress.egress-overlays.internal"' in found["message"]


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{one[0]}-{one[3]}" for one in FAULTS])
def test_every_fault_is_found(fault: Fault, run: Run, rendered: Callable[[str], Path]) -> None:
    rule, severity, damage, words = fault
    documents = {one["kind"]: one for one in yaml.safe_load_all(rendered("prod").read_text())}
    text = yaml.safe_dump_all([*documents.values()])
    assert verified(run, "-", stdin=text.encode()) == [], "what is right is not"
    damage(documents)
    found = verified(run, "-", stdin=yaml.safe_dump_all(documents.values()).encode())
    mine = [one for one in found if one["rule"] == rule and words in one["message"]]
    assert mine, found
    assert mine[0]["severity"] == severity
    assert rule in RULES
