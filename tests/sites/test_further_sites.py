"""TLSRoute, Cilium's policies and GKE's: what is written, what is read back, and what would let more through."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import command
import quick_yaml as yaml
from builders import INJECT, LOCAL, NOT_INJECTED, STATE, Value, apply_to, domains, envoy_filter, run, virtual_service
from egress_overlays.manifest.resource import Resource
from egress_overlays.names import parse
from egress_overlays.rendered.host_lists import lists_of
from egress_overlays.rendered.reach import host_lists, reachable
from egress_overlays.sites import COPIED, POLICY, BadPlace, find, site_of
from egress_overlays.sites import built_in as kinds
from egress_overlays.sites.cilium import PATTERNS, SELECTORS
from egress_overlays.sites.gke import MATCHES
from live import findings

LIST = domains("*.example.com\nexample.com\n")
NONE = "egress-domains.invalid"


def annotated(api_version: str, kind: str, **fields: Any) -> Value:
    metadata = {"name": "one", "namespace": "istio-egress", "labels": {STATE: NOT_INJECTED}}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {**metadata, "annotations": {INJECT: "default"}},
        **fields,
    }


def tls_route(**spec: Any) -> Value:
    parents = [{"name": "egress", "sectionName": "tls"}]
    rules = [{"backendRefs": [{"name": "internet", "port": 443}]}]
    spec = {"parentRefs": parents, "hostnames": [NONE], "rules": rules, **spec}
    return annotated("gateway.networking.k8s.io/v1", "TLSRoute", spec=spec)


def cilium(*rules: Any, kind: str = "CiliumNetworkPolicy", **spec: Any) -> Value:
    return annotated("cilium.io/v2", kind, spec={"endpointSelector": {}, "egress": list(rules), **spec})


def gke(*rules: Any) -> Value:
    return annotated("networking.gke.io/v1alpha1", "FQDNNetworkPolicy", spec={"podSelector": {}, "egress": list(rules)})


PORT = {"ports": [{"port": "443", "protocol": "TCP"}]}
NAMES = {"toFQDNs": [{"matchName": NONE}], "toPorts": [PORT]}
DNS = {
    "toEndpoints": [{"matchLabels": {"k8s-app": "kube-dns"}}],
    "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}], "rules": {"dns": [{"matchPattern": "*"}]}}],
}


def filled(item: Value) -> Value:
    outcome = run(item, LIST)
    assert outcome.code == 0, outcome.words
    assert run(*outcome.items).text == outcome.text, "not idempotent"
    found: Value = outcome.items[0]["spec"]
    return found


def test_a_route_holds_the_names_as_envoy_reads_them() -> None:
    assert filled(tls_route())["hostnames"] == ["*.example.com", "example.com"]


def test_a_route_takes_1024_names_and_further_ones_hold_the_rest() -> None:
    names = "\n".join(f"host-{number}.example.com" for number in range(1025))
    first, second = (item for item in run(tls_route(), domains(names)).items if item["kind"] == "TLSRoute")
    assert len(first["spec"]["hostnames"]) + len(second["spec"]["hostnames"]) == 1025
    assert second["metadata"]["name"] == "one-1"
    assert second["spec"]["rules"] == first["spec"]["rules"]
    again = run(first, second, domains(names.rpartition("\n")[0], annotations={LOCAL: "true"}))
    assert [item["metadata"]["name"] for item in again.items if item["kind"] == "TLSRoute"] == ["one"]


@pytest.mark.parametrize("kind", ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"])
def test_cilium_is_told_that_a_wildcard_is_any_number_of_labels(kind: str) -> None:
    sni = {"toPorts": [{**PORT, "serverNames": [NONE]}]}
    found = filled(cilium(DNS, NAMES, sni, {}, kind=kind))["egress"]
    assert found[0] == DNS
    assert found[1]["toFQDNs"] == [{"matchPattern": "**.example.com"}, {"matchName": "example.com"}]
    assert found[2]["toPorts"][0]["serverNames"] == ["**.example.com", "example.com"]
    assert found[3] == {}


def test_every_policy_of_a_cilium_object_with_several_is_filled() -> None:
    item = annotated("cilium.io/v2", "CiliumNetworkPolicy", specs=[{"endpointSelector": {}, "egress": [NAMES]}] * 2)
    (filled_item, *_) = run(item, LIST).items
    assert [spec["egress"][0]["toFQDNs"][1] for spec in filled_item["specs"]] == [{"matchName": "example.com"}] * 2


def test_gke_reads_a_wildcard_as_one_label_which_is_said() -> None:
    item = gke({"matches": [{"name": NONE}], "ports": [{"port": 443, "protocol": "TCP"}]})
    assert filled(item)["egress"][0]["matches"] == [{"pattern": "*.example.com"}, {"name": "example.com"}]
    said = 'spec.egress[0].matches: "*.example.com" stands for one label in place of the * here'
    assert said in run(item, LIST).words
    assert "stands for one label" not in run(item, domains("example.com")).words


OPEN = [
    ("hostnames missing", {**tls_route(), "spec": {"rules": []}}, "spec.hostnames", "takes every name"),
    ("hostnames no list", tls_route(hostnames="a.b"), "spec.hostnames", "must be a list of names"),
    (
        "a route of a Service",
        tls_route(parentRefs=[{"kind": "Service", "name": "a"}]),
        "spec.parentRefs[0].kind",
        "Gate",
    ),
    ("no default", cilium(NAMES, enableDefaultDeny={"egress": False}), "spec.enableDefaultDeny.egress", "on no list"),
    ("ports alone", cilium(NAMES, {"toPorts": [PORT]}), "spec.egress[1]", "lets out of the cluster"),
    ("ICMP", cilium(NAMES, {"icmps": [{}]}), "spec.egress[1]", "lets out of the cluster"),
    *(
        (f"{key}: {value}", cilium(NAMES, {key: value, "toPorts": [PORT]}), "spec.egress[1]", "lets out of the cluster")
        for key, value in (
            ("toCIDR", ["0.0.0.0/0"]),
            ("toCIDRSet", [{"cidr": "192.0.2.0/24"}]),
            ("toEntities", ["world"]),
            ("toEntities", ["cluster", "all"]),
            ("toEntities", "all"),
            ("toEndpoints", []),
            ("toGroups", [{}]),
        )
    ),
    (
        "one of two ports without names",
        cilium({"toPorts": [{**PORT, "serverNames": [NONE]}, PORT]}),
        "spec.egress[0]",
        "lets out of the cluster",
    ),
    ("toFQDNs no list", cilium({"toFQDNs": {}}), "spec.egress[0].toFQDNs", "must be a list of names"),
    ("a rule no mapping", cilium(NAMES, "all"), "spec.egress[1]", "must be a mapping"),
    ("a GKE rule without names", gke({"ports": []}), "spec.egress[0].matches", "must be present"),
]


@pytest.mark.parametrize(("item", "path", "said"), [case[1:] for case in OPEN], ids=[case[0] for case in OPEN])
def test_what_would_let_more_through_is_refused_with_its_path(item: Value, path: str, said: str) -> None:
    outcome = run(item, LIST)
    assert outcome.code == 1
    assert any(f", {path}: " in fault and said in fault for fault in outcome.faults), outcome.faults


@pytest.mark.parametrize(
    "inside", [{"toEntities": ["cluster", "kube-apiserver"]}, {"toServices": [{}]}, {"toNodes": [{}]}]
)
def test_what_stays_in_the_cluster_may_stand_beside_a_list(inside: Value) -> None:
    assert filled(cilium(NAMES, {**inside, "toPorts": [PORT]}))["egress"][1] == {**inside, "toPorts": [PORT]}


@pytest.mark.parametrize("form", [SELECTORS, PATTERNS, MATCHES], ids=["toFQDNs", "serverNames", "matches"])
@pytest.mark.parametrize("name", ["example.com", "*.example.com", NONE])
def test_what_is_written_is_read_back(form: Any, name: str) -> None:
    assert form.read(form.write(name)) == name


@pytest.mark.parametrize(
    ("form", "entry"),
    [
        (SELECTORS, {"matchPattern": "*.example.com"}),  # one label
        (SELECTORS, {"matchPattern": "example.com"}),
        (SELECTORS, {"matchName": "a.b", "matchPattern": "**.c.d"}),
        (SELECTORS, {}),
        (SELECTORS, {"matchName": 1}),
        (SELECTORS, "example.com"),
        (PATTERNS, "*.example.com"),
        (PATTERNS, "a*.example.com"),
        (PATTERNS, None),
        (PATTERNS, ""),
        (MATCHES, {"pattern": "example.com"}),
        (MATCHES, {"name": "a.b", "pattern": "*.a.b"}),
        (MATCHES, "a.b"),
    ],
)
def test_what_the_function_would_not_write_is_no_name(form: Any, entry: Any) -> None:
    assert form.read(entry) is None


def test_an_entry_that_is_no_name_is_seen_as_it_stands() -> None:
    (entry,) = lists_of(Resource(cilium({"toFQDNs": [{"matchPattern": "a*.com"}]})))
    assert entry.hop == POLICY
    (name,) = entry.names
    assert "matchPattern" in name
    assert entry.match(parse("example.com")[0]) is None


@pytest.mark.parametrize("rule", [{"toFQDNs": [{"matchPattern": "*"}]}, {"toPorts": [{**PORT, "serverNames": ["*"]}]}])
def test_a_bare_star_is_every_name(rule: Value) -> None:
    (entry,) = lists_of(Resource(cilium(rule)))
    assert entry.match(parse("example.com")[0]) == "*"


@pytest.mark.parametrize("item", [tls_route(), cilium(NAMES), gke({"matches": []})], ids=lambda item: item["kind"])
def test_a_set_of_one_kind_alone_lets_through_what_that_holds(item: Value) -> None:
    resources = [Resource(value) for value in run(item, LIST).items]
    assert reachable(host_lists(resources)["default"]) == ("*.example.com", "example.com")


@pytest.mark.parametrize("item", [tls_route(), cilium(NAMES)], ids=lambda item: item["kind"])
def test_a_list_for_some_clients_has_no_place_where_clients_are_not_told_apart(item: Value) -> None:
    limited = domains("pay.example", annotations={"egress-overlays.dev/clients": "payments"})
    faults = [fault for fault in run(item, envoy_filter(), LIST, limited).faults if item["kind"] in fault]
    assert len(faults) == 1
    assert f"a {item['kind']} cannot tell clients apart; give it a set without such lists" in faults[0]


def test_a_policy_without_a_list_says_where_one_would_stand() -> None:
    (fault,) = run(cilium(DNS), LIST).faults
    assert "no place for domains; a CiliumNetworkPolicy has toFQDNs or toPorts[].serverNames in spec.egress" in fault


def test_every_kind_is_declared_as_what_it_is() -> None:
    for group, kind in kinds():
        site = site_of(Resource({"apiVersion": f"{group}/v1", "kind": kind}))
        assert site is not None
        assert (site.group, site.kind) == (group, kind)
        assert site.is_copied is (kind in COPIED)
        assert list(find(Resource({"apiVersion": f"{group}/v1", "kind": kind}))) == []


def test_a_bad_place_that_opens_counts_as_every_name() -> None:
    item = Resource(cilium(NAMES, {"toEntities": ["world"]}))
    assert [place.opens for place in find(item) if isinstance(place, BadPlace)] == [True]
    assert [entry.is_missing for entry in lists_of(item)] == [False, True]


def test_the_function_loads_no_kind_that_it_does_not_meet() -> None:
    code = (
        "import sys, io\nfrom egress_overlays.__main__ import main\n"
        "from builders import *\n"
        "data = resource_list([*sites(), domains()]).encode()\n"
        "assert main([], io.BytesIO(data), io.StringIO(), sys.stderr) == 0\n"
        "print(*[name for name in sys.modules if name.startswith('egress_overlays.sites.')], sep='\\n')\n"
        "assert 'importlib.metadata' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    loaded = {name.rpartition(".")[2] for name in done.stdout.split()}
    assert loaded == {"envoy_filter", "istio", "site"}


def test_apply_returns_what_every_writer_of_yaml_takes() -> None:
    text = yaml.safe_dump_all(apply_to(virtual_service(), tls_route(), cilium(NAMES), LIST))
    assert [item["kind"] for item in yaml.safe_load_all(text)][1] == "TLSRoute"
    assert repr(Resource(tls_route())) == "Resource(TLSRoute istio-egress/one)"


def test_a_disagreement_names_the_field_that_the_kind_has() -> None:
    items = run(tls_route(), cilium(NAMES), LIST).items
    items[0]["spec"]["hostnames"].pop()
    said = [one["message"] for one in findings(command.run, items) if one["rule"] == "agreement"]
    assert said == ['the places of the set "default" disagree: the gateway (hostnames) lack "example.com"']
