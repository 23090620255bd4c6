"""Places that are refused, kind by kind, with the path and the reason."""

from __future__ import annotations

import pytest

from builders import (
    Value,
    envoy_filter,
    run,
)
from places import (
    BY_ANY,
    BY_BOTH,
    BY_CAMEL_STRUCT,
    BY_CAMEL_TYPE,
    BY_DISCOVERY,
    BY_STRUCT,
    BY_TYPE,
    CHAIN,
    FORWARDER,
    GOOD,
    LIST,
    MATCHER,
    NAMED,
    PATCHES,
    SECOND,
    VALUE,
    beside,
    ef,
    ef_of,
    match,
    patch,
    se,
    vs,
)

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


@pytest.mark.parametrize(("value", "path", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused_with_its_path(value: Value, path: str, said: str) -> None:
    outcome = run(value, LIST)
    assert outcome.code == 1
    assert any(f", {path}: " in fault and said in fault for fault in outcome.faults), outcome.faults
    result = next(result for result in outcome.value["results"] if said in result["message"])
    assert result["field"] == {"path": path}


def test_every_site_has_its_tables() -> None:
    kinds = {dict(case[1])["kind"] for case in REFUSED}
    assert kinds >= {"VirtualService", "ServiceEntry", "EnvoyFilter"}, "a kind without a case"
