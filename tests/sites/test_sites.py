"""Where domains go, kind by kind: what is rewritten, and beside it what is left alone."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from builders import (
    STATE,
    Value,
    domains,
    envoy_filter,
    run,
    service_entry,
    virtual_service,
)
from egress_overlays.manifest.edits import dotted
from egress_overlays.manifest.resource import Resource
from egress_overlays.sites import Place, find

HOSTS = ["*.example.com", "example.com"]
LIST = domains(".example.com")


def places(value: Value) -> list[str]:
    return [
        dotted(place.path) + ("" if isinstance(place, Place) else " !")
        for place in find(Resource(value))
        if hasattr(place, "path")
    ]


def match(*names: str, **fields: Any) -> Value:
    return {"port": 443, "sniHosts": list(names), **fields}


def vs(spec: Any) -> Value:
    return virtual_service(spec=spec)


def se(**fields: Any) -> Value:
    return service_entry(spec={"hosts": ["x.example"], "resolution": "NONE", **fields})


def ef(*chains: Any, **listener: Any) -> Value:
    """An EnvoyFilter that adds a listener with these chains."""
    return patch({"name": "sni_listener", "filter_chains": list(chains), **listener})


def patch(value: Any, applies_to: str = "LISTENER", operation: str = "ADD") -> Value:
    return ef_of({"applyTo": applies_to, "patch": {"operation": operation, "value": value}})


def ef_of(*patches: Any) -> Value:
    item = envoy_filter()
    item["spec"]["configPatches"] = list(patches)
    return item


def beside(applies_to: str, value: Any, operation: str = "INSERT_BEFORE") -> Value:
    """An EnvoyFilter whose first patch is right, and a second one with `value`."""
    first = ef(GOOD)["spec"]["configPatches"][0]
    return ef_of(first, {"applyTo": applies_to, "patch": {"operation": operation, "value": value}})


FORWARDER = {"name": "envoy.filters.network.sni_dynamic_forward_proxy"}
BY_TYPE = {
    "name": "renamed",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.X"},
}
BY_CAMEL_TYPE = {"name": "renamed", "typedConfig": BY_TYPE["typed_config"]}
# istiod reads the camel one of two spellings (golang/protobuf, jsonpb).
BY_BOTH = {"name": "renamed", "typed_config": {}, "typedConfig": BY_TYPE["typed_config"]}
TYPE = "type.googleapis.com/envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig"
STRUCT = "type.googleapis.com/xds.type.v3.TypedStruct"
BY_STRUCT = {"name": "renamed", "typed_config": {"@type": STRUCT, "type_url": TYPE, "value": {}}}
BY_CAMEL_STRUCT = {"name": "renamed", "typed_config": {"@type": STRUCT, "typeUrl": TYPE, "value": {}}}
BY_DISCOVERY = {"name": "x", "config_discovery": {"config_source": {"ads": {}}, "type_urls": [TYPE]}}
ANY = "type.googleapis.com/google.protobuf.Any"
BY_ANY = {"name": "renamed", "typed_config": {"@type": ANY, "value": {"@type": TYPE}}}
NAMED = {"filter_chain_match": {"server_names": ["a.b"]}}
GOOD = {**NAMED, "filters": [FORWARDER]}
MATCHER: Value = {"matcher_tree": {}}
PATCHES = "spec.configPatches"
VALUE = f"{PATCHES}[0].patch.value"
SECOND = f"{VALUE}.filter_chains[1]"
CHAIN = "spec.configPatches[0].patch.value.filter_chains[0]"

REWRITTEN = [
    (
        "one match",
        vs({"hosts": ["a.b"], "tls": [{"match": [match("a.b")]}]}),
        ["spec.hosts", "spec.tls[0].match[0].sniHosts"],
    ),
    (
        "several routes and matches",
        vs({"hosts": ["a.b"], "tls": [{"match": [match("a.b"), match("c.d")]}, {"match": [match("e.f")]}]}),
        [
            "spec.hosts",
            "spec.tls[0].match[0].sniHosts",
            "spec.tls[0].match[1].sniHosts",
            "spec.tls[1].match[0].sniHosts",
        ],
    ),
    ("empty lists", vs({"hosts": [], "tls": [{"match": [match()]}]}), ["spec.hosts", "spec.tls[0].match[0].sniHosts"]),
    ("no TLS", vs({"hosts": ["a.b"], "http": [{"route": []}]}), ["spec.hosts"]),
    ("ServiceEntry", se(), ["spec.hosts"]),
    ("snake case", ef({"filter_chain_match": {"server_names": ["a.b"]}}), [f"{CHAIN}.filter_chain_match.server_names"]),
    ("camel case", ef({"filterChainMatch": {"serverNames": ["a.b"]}}), [f"{CHAIN}.filterChainMatch.serverNames"]),
    ("mixed case", ef({"filter_chain_match": {"serverNames": []}}), [f"{CHAIN}.filter_chain_match.serverNames"]),
    (
        "two chains",
        ef({"filter_chain_match": {"server_names": ["a.b"]}}, {"filter_chain_match": {"server_names": ["c.d"]}}),
        [
            f"{CHAIN}.filter_chain_match.server_names",
            "spec.configPatches[0].patch.value.filter_chains[1].filter_chain_match.server_names",
        ],
    ),
    (
        "a patch that is a chain itself",
        patch(GOOD, "FILTER_CHAIN"),
        [f"{VALUE}.filter_chain_match.server_names"],
    ),
    (
        "a chain in camel case throughout",
        patch({"filterChains": [{"filterChainMatch": {"serverNames": []}, "filters": [BY_CAMEL_TYPE]}]}),
        [f"{VALUE}.filterChains[0].filterChainMatch.serverNames"],
    ),
    (
        "names that a patch merges into a chain",
        patch({"filter_chain_match": {"server_names": ["a.b"]}}, "FILTER_CHAIN", "MERGE"),
        [f"{VALUE}.filter_chain_match.server_names"],
    ),
    (
        "a default chain that goes nowhere",
        ef(GOOD, default_filter_chain={"filters": [{"name": "tcp_proxy"}]}, filter_chain_matcher=None),
        [f"{CHAIN}.filter_chain_match.server_names"],
    ),
    (
        "names of things that are no filter",
        ef(
            {"name": "sni_dynamic_forward_proxy", "filters": [{"name": "tcp_proxy"}]},
            GOOD,
            stat_prefix="sni_dynamic_forward_proxy",
        ),
        [f"{SECOND}.filter_chain_match.server_names"],
    ),
    (
        "a matcher of a listener without a list",
        ef_of(
            ef(GOOD)["spec"]["configPatches"][0],
            patch({"filter_chain_matcher": MATCHER, "filter_chains": [{"filters": []}]})["spec"]["configPatches"][0],
        ),
        [f"{CHAIN}.filter_chain_match.server_names"],
    ),
    (
        "a chain among others that forward to a fixed cluster",
        ef(
            {"filter_chain_match": {"server_names": ["a.b"]}, "filters": [FORWARDER]},
            {"filters": [{"name": "tcp_proxy"}]},
        ),
        [f"{CHAIN}.filter_chain_match.server_names"],
    ),
]

UNTOUCHED = [
    (
        "another group",
        {"apiVersion": "networking.example.com/v1", "kind": "VirtualService", "spec": {"hosts": ["a.b"]}},
    ),
    ("no group", {"apiVersion": "v1", "kind": "ServiceEntry", "spec": {"hosts": ["a.b"]}}),
    (
        "another kind",
        {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "spec": {"servers": [{"hosts": ["a"]}]}},
    ),
    ("hosts outside of spec", {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "hosts": ["a.b"]}),
    ("spec that is none", {"apiVersion": "networking.istio.io/v1", "kind": "EnvoyFilter", "spec": ["a.b"]}),
    ("server_names outside of a match", ef({"server_names": ["a.b"]})),
    ("an SNI in the match of a patch", ef({})),
    ("a match by port", ef({"filter_chain_match": {"destination_port": 8443}})),
    ("a filter whose configuration is none", ef({"filters": [{"typed_config": "y"}]})),
    ("a patch that removes", ef_of({"applyTo": "LISTENER", "patch": {"operation": "REMOVE"}}, {"applyTo": "LISTENER"})),
    ("no tls, as null", {"apiVersion": "x/v1", "kind": "VirtualService", "spec": {"hosts": [], "tls": None}}),
]

REFUSED = [
    ("hosts missing", vs({"tls": []}), "spec.hosts", "must be present in a VirtualService"),
    ("hosts no list", vs({"hosts": "a.b"}), "spec.hosts", "must be a list of names"),
    ("hosts null", vs({"hosts": None}), "spec.hosts", "must be a list of names"),
    (
        "sniHosts missing",
        vs({"hosts": [], "tls": [{"match": [{"port": 443}]}]}),
        "spec.tls[0].match[0].sniHosts",
        "Istio refuses",
    ),
    (
        "sniHosts no list",
        vs({"hosts": [], "tls": [{"match": [{"sniHosts": "a.b"}]}]}),
        "spec.tls[0].match[0].sniHosts",
        "must be a list of names",
    ),
    ("tls no list", vs({"hosts": [], "tls": {"match": []}}), "spec.tls", "must be a list"),
    ("a route no mapping", vs({"hosts": [], "tls": [[match("a.b")]]}), "spec.tls[0]", "must be a mapping"),
    ("a null route", vs({"hosts": [], "tls": [None]}), "spec.tls[0]", "must be a mapping"),
    ("match no list", vs({"hosts": [], "tls": [{"match": match("*")}]}), "spec.tls[0].match", "must be a list"),
    ("a match no mapping", vs({"hosts": [], "tls": [{"match": ["*"]}]}), "spec.tls[0].match[0]", "must be a mapping"),
    ("no match", vs({"hosts": [], "tls": [{"route": []}]}), "spec.tls[0].match", "Istio refuses one without"),
    ("a null match", vs({"hosts": [], "tls": [{"match": None}]}), "spec.tls[0].match", "Istio refuses one without"),
    ("an empty match", vs({"hosts": [], "tls": [{"match": []}]}), "spec.tls[0].match", "Istio refuses one without"),
    (
        "sni_hosts",
        vs({"hosts": [], "tls": [{"match": [match("a.b", sni_hosts=["*"])]}]}),
        "spec.tls[0].match[0].sni_hosts",
        "is unknown to Istio's CRD, and the API server drops it; write sniHosts alone",
    ),
    ("workload_selector", se(workload_selector={"labels": {"a": "b"}}), "spec.workload_selector", "one place"),
    ("addresses", se(addresses=["192.0.2.1"]), "spec.addresses", "would send every domain of the list to one place"),
    ("endpoints", se(endpoints=[{"address": "192.0.2.1"}]), "spec.endpoints", "one place"),
    ("workloadSelector", se(workloadSelector={"labels": {"a": "b"}}), "spec.workloadSelector", "one place"),
    (
        "a chain that forwards any name",
        ef({"filter_chain_match": {"server_names": ["a.b"]}}, {"filters": [FORWARDER]}),
        "spec.configPatches[0].patch.value.filter_chains[1]",
        "forwards by SNI but has no filter_chain_match.server_names, so it would admit every name",
    ),
    ("a lone chain that does", ef({"filters": [FORWARDER]}), CHAIN, "would admit every name"),
    ("told by its type", ef({"filters": [BY_TYPE]}), CHAIN, "would admit every name"),
    ("told by its type in camel case", ef({"filters": [BY_CAMEL_TYPE]}), CHAIN, "would admit every name"),
    *(
        (f"a second chain told by {how}", ef(GOOD, {"filters": [entry]}), SECOND, "would admit every name; add filter_")
        for how, entry in {
            "the camel one of two spellings": BY_BOTH,
            "a TypedStruct": BY_STRUCT,
            "a TypedStruct in camel case": BY_CAMEL_STRUCT,
            "what it looks up": BY_DISCOVERY,
            "what an Any holds": BY_ANY,
        }.items()
    ),
    ("filters no list", ef(GOOD, {"filters": FORWARDER}), SECOND, "would admit every name"),
    ("filters no list, said so", ef(GOOD, {"filters": FORWARDER}), f"{SECOND}.filters", "must be a list"),
    ("a filter no mapping", ef({**NAMED, "filters": ["x"]}), f"{CHAIN}.filters[0]", "must be a mapping"),
    ("chains no list", patch({"filter_chains": GOOD}), f"{VALUE}.filter_chains", "must be a list"),
    ("a chain no mapping", ef(GOOD, [GOOD]), SECOND, "must be a mapping"),
    ("a match no mapping", ef({"filter_chain_match": ["a.b"]}), f"{CHAIN}.filter_chain_match", "must be a mapping"),
    ("patches no list", {**envoy_filter(), "spec": {"configPatches": {}}}, "spec.configPatches", "must be a list"),
    ("a patch no mapping", ef_of("x", {"patch": "y"}), "spec.configPatches[0]", "must be a mapping"),
    ("a body no mapping", ef_of({}, {"patch": "y"}), "spec.configPatches[1].patch", "must be a mapping"),
    (
        "two spellings of the match",
        ef({**GOOD, "filterChainMatch": {}}),
        f"{CHAIN}.filterChainMatch",
        "is the same field as filter_chain_match beside it, and istiod reads this one alone; keep one of them",
    ),
    (
        "two spellings of the names",
        ef({"filter_chain_match": {"server_names": [], "serverNames": []}, "filters": [FORWARDER]}),
        f"{CHAIN}.filter_chain_match.serverNames",
        "is the same field as server_names beside it",
    ),
    (
        "two spellings of the chains",
        patch({"filter_chains": [GOOD], "filterChains": [{"filters": []}]}),
        f"{VALUE}.filterChains",
        "is the same field as filter_chains beside it",
    ),
    (
        "what the other spelling holds",
        patch({"filter_chains": [GOOD], "filterChains": []}),
        f"{CHAIN}.filter_chain_match",
        "none",
    ),
    ("a filter by itself", beside("NETWORK_FILTER", FORWARDER), f"{PATCHES}[1].patch.value", "outside of a filter"),
    ("one by its type", beside("NETWORK_FILTER", BY_STRUCT), f"{PATCHES}[1].patch.value.typed_config", "outside of"),
    (
        "a filter that pretends to be a chain",
        beside("NETWORK_FILTER", {**FORWARDER, **GOOD}),
        f"{PATCHES}[1].patch.value",
        "so it would admit every name; move it to the filters of a chain in filter_chains (applyTo: LISTENER), with ",
    ),
    (
        "a discovered one",
        beside("EXTENSION_CONFIG", BY_TYPE, "ADD"),
        f"{PATCHES}[1].patch.value.typed_config",
        "outside of a",
    ),
    (
        "a listener of another kind of patch",
        beside("BOOTSTRAP", {"static_resources": {"listeners": [{"filter_chains": [NAMED]}]}}, "MERGE"),
        f"{PATCHES}[1].patch.value.static_resources.listeners[0].filter_chains[0].filter_chain_match",
        "stands where Envoy reads none; move it to a chain in filter_chains (applyTo: LISTENER)",
    ),
    ("a chain as a listener", patch(NAMED), f"{VALUE}.filter_chain_match", "stands where Envoy reads none"),
    (
        "a chain merged into all chains",
        patch(GOOD, "FILTER_CHAIN", "MERGE_AND_REPLACE_LIST"),
        VALUE,
        "would be merged into chains for other names, the default one too; write operation: ADD",
    ),
    *(
        (f"the default chain, {how}", ef(GOOD, **{key: chain}), f"{VALUE}.{key}", "move it to filter_chains, with ")
        for key in ("default_filter_chain", "defaultFilterChain")
        for how, chain in {
            f"{key} with names": GOOD,
            f"{key} with names alone": NAMED,
            f"{key} that forwards": {"filters": [BY_BOTH]},
            f"{key} in a list": [{"filters": FORWARDER}],
        }.items()
    ),
    *(
        (f"{key} beside {how}", value, f"{VALUE}.{key}", "makes Envoy ignore every server_names of the listener")
        for key in ("filter_chain_matcher", "filterChainMatcher")
        for how, value in {
            "names": ef(GOOD, **{key: MATCHER}),
            "names, empty": ef(GOOD, **{key: {}}),
            "nothing, merged": patch({key: MATCHER}, "LISTENER", "MERGE"),
        }.items()
    ),
    ("a match without names", ef({"filter_chain_match": {}, "filters": [FORWARDER]}), CHAIN, "would admit every name"),
    ("a null match", ef({"filter_chain_match": None, "filters": [FORWARDER]}), CHAIN, "would admit every name"),
    (
        "the default chain of a listener",
        patch({"default_filter_chain": {"filters": [FORWARDER]}}),
        "spec.configPatches[0].patch.value.default_filter_chain",
        "would admit every name",
    ),
    (
        "server_names no list",
        ef({"filter_chain_match": {"server_names": "a.b"}}),
        f"{CHAIN}.filter_chain_match.server_names",
        "must be a list of names",
    ),
    (
        "server_names null",
        ef({"filter_chain_match": {"server_names": None}, "filters": [FORWARDER]}),
        f"{CHAIN}.filter_chain_match.server_names",
        "must be a list of names",
    ),
]


@pytest.mark.parametrize(("value", "paths"), [case[1:] for case in REWRITTEN], ids=[case[0] for case in REWRITTEN])
def test_rewritten(value: Value, paths: list[str]) -> None:
    assert places(value) == paths
    before = copy.deepcopy(value)
    outcome = run(value, LIST)
    assert outcome.code == 0, outcome.words
    after = outcome.items[0]
    for path in paths:
        *way, last = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]
        holder: Any = after
        original: Any = before
        for step in way:
            holder, original = holder[step], original[step]
        assert holder[last] == HOSTS, path
        holder[last] = original[last]
    before["metadata"]["labels"][STATE] = "injected"
    assert after == before, "something else changed"


@pytest.mark.parametrize("value", [case[1] for case in UNTOUCHED], ids=[case[0] for case in UNTOUCHED])
def test_untouched(value: Value) -> None:
    assert places(value) == []
    bystander = copy.deepcopy(value)
    bystander.setdefault("metadata", {"name": "bystander"}).pop("annotations", None)
    bystander["metadata"].pop("labels", None)
    assert run(virtual_service(), bystander, LIST).items[1] == bystander


@pytest.mark.parametrize(("value", "path", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused_with_its_path(value: Value, path: str, said: str) -> None:
    outcome = run(value, LIST)
    assert outcome.code == 1
    assert any(f", {path}: " in fault and said in fault for fault in outcome.faults), outcome.faults
    result = next(result for result in outcome.value["results"] if said in result["message"])
    assert result["field"] == {"path": path}


def test_every_site_has_its_tables() -> None:
    for table in (REWRITTEN, UNTOUCHED, REFUSED):
        kinds = {dict(case[1])["kind"] for case in table}  # type: ignore[call-overload]
        assert kinds >= {"VirtualService", "ServiceEntry", "EnvoyFilter"}, "a kind without a case"
