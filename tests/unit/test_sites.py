"""Where domains go, kind by kind: what is rewritten, and beside it what is left alone."""

from __future__ import annotations

import copy
import re
from hashlib import sha256
from typing import Any

import pytest

from builders import (
    INJECT,
    PLACEHOLDER,
    SHARD,
    STATE,
    Value,
    domains,
    dump,
    envoy_filter,
    generated,
    names_of,
    run,
    run_legacy,
    service_entry,
    sites,
    virtual_service,
)
from egress_overlays.inject import apply, edited, plan
from egress_overlays.resource import Resource
from egress_overlays.sites import SITES, Place, find
from egress_overlays.sites.place import dotted
from istio import ServerNames, faults_of

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
        assert kinds >= set(SITES), "a kind without a case"


def test_resources_without_the_annotation_keep_their_names_and_label() -> None:
    others = sites()
    for item in others:
        del item["metadata"]["annotations"]
        item["metadata"]["name"] += "-other"
    outcome = run(*others, virtual_service(), LIST)
    assert outcome.items[:3] == others


def test_what_is_accepted_istio_and_envoy_accept() -> None:
    text = "\n".join(
        [".example.com", "*.b.example.com", "*.example.org", "example.net", "b\u00fccher.example", *generated(700)]
    )
    outcome = run(*sites(), domains(text))
    assert faults_of(outcome.items) == []
    (names,) = names_of(outcome.items)["server_names"]
    table = ServerNames(names)
    assert table.match("a.b.example.com")
    assert table.match("EXAMPLE.net")
    assert not table.match("example.org")


@pytest.mark.parametrize("labels", [None, {}, {"app": "x"}])
def test_the_state_label_is_set_whatever_labels_there_were(labels: Any) -> None:
    item = virtual_service()
    item["metadata"]["labels"] = labels
    after = run(item, LIST).item("VirtualService")
    assert after["metadata"]["labels"] == {**(labels or {}), STATE: "injected"}


def test_the_state_label_is_set_where_labels_are_missing() -> None:
    item = virtual_service()
    del item["metadata"]["labels"]
    assert run(item, LIST).item("VirtualService")["metadata"]["labels"] == {STATE: "injected"}


@pytest.mark.parametrize("annotations", [None, {}, {"a": "b"}])
def test_a_list_is_marked_local_whatever_annotations_there_were(annotations: Any) -> None:
    item = domains()
    item["metadata"]["annotations"] = annotations
    after = run(virtual_service(), item).item("ConfigMap")
    assert after["metadata"]["annotations"] == {**(annotations or {}), "config.kubernetes.io/local-config": "true"}


class TestKeepHosts:
    """Names that a VirtualService keeps in spec.hosts beside the list."""

    KEEP = "egress-overlays.dev/keep-hosts"

    def test_are_added_to_hosts_alone(self) -> None:
        item = virtual_service(annotations={self.KEEP: "egress.mesh.example, Other.example."})
        outcome = run(item, LIST)
        after = outcome.item("VirtualService")["spec"]
        assert after["hosts"] == [*HOSTS, "egress.mesh.example", "other.example"]
        assert after["tls"][0]["match"][0]["sniHosts"] == HOSTS
        assert faults_of(outcome.items) == []
        assert run(*outcome.items).items == outcome.items

    @pytest.mark.parametrize(
        ("kept", "said"),
        [
            ("*.keep.example", "keep exact names"),
            (".keep.example", "keep exact names"),
            ("example.com", "is on the list already"),
            ("a.example.com", "is on the list already"),
            ("a.keep.example,a.keep.example", "is on the list already"),
            ("a_b.example", "with an underscore"),
            ("", "names nothing"),
            ("a.example,,", "names nothing"),
            ("a.example b.example", "white space inside"),
        ],
    )
    def test_are_refused_where_istio_or_the_list_would_object(self, kept: str, said: str) -> None:
        (fault, *_) = run(virtual_service(annotations={self.KEEP: kept}), LIST).faults
        assert f"annotation {self.KEEP}" in fault
        assert said in fault

    @pytest.mark.parametrize("item", [service_entry, envoy_filter])
    def test_are_for_a_virtual_service(self, item: Any) -> None:
        assert "meant for a VirtualService" in run(item(annotations={self.KEEP: "a.example"}), LIST).faults[0]


class TestShards:
    """ServiceEntries past 256 hosts."""

    @pytest.mark.parametrize(("count", "objects"), [(1, 1), (256, 1), (257, 2), (1_000, None), (10_000, None)])
    def test_hold_256_hosts_at_most_and_all_names_together(self, count: int, objects: int | None) -> None:
        names = generated(count)
        outcome = run(service_entry(), domains("\n".join(names)))
        entries = [item for item in outcome.items if item["kind"] == "ServiceEntry"]
        assert sorted(host for entry in entries for host in entry["spec"]["hosts"]) == sorted(names)
        assert all(1 <= len(entry["spec"]["hosts"]) <= 256 for entry in entries)
        assert len({entry["metadata"]["name"] for entry in entries}) == len(entries)
        assert entries[0]["metadata"]["name"] == "wildcard"
        assert objects in {None, len(entries)}
        assert len(entries) <= 2 * (count // 128 + 1)

    def test_are_of_the_same_shape(self) -> None:
        outcome = run(service_entry(), domains("\n".join(generated(300))))
        first, second = (item for item in outcome.items if item["kind"] == "ServiceEntry")
        assert second["metadata"]["annotations"].pop(SHARD) == "1"
        assert second["metadata"].pop("name") == "wildcard-1"
        del first["metadata"]["name"], first["spec"]["hosts"], second["spec"]["hosts"]
        assert first == second

    def test_leave_behind_what_tools_noted_about_the_first(self) -> None:
        notes = {
            "internal.config.kubernetes.io/index": "3",
            "config.kubernetes.io/index": "3",
            "config.k8s.io/id": "2",
            "config.kubernetes.io/path": "a.yaml",
            "kept.example/index": "4",
        }
        outcome = run(service_entry(annotations=notes), domains("\n".join(generated(300))))
        first, second = (item["metadata"]["annotations"] for item in outcome.items if item["kind"] == "ServiceEntry")
        assert first == {INJECT: "default", **notes}
        # Not the path either: kpt refuses a second object without an index of its own in one file.
        assert second == {INJECT: "default", SHARD: "1", "kept.example/index": "4"}

    @pytest.mark.parametrize("change", ["added", "deleted"])
    def test_change_two_at_most_when_one_domain_is(self, change: str) -> None:
        names = generated(1_000)
        for extra in range(0, 400, 7):
            more = [*names, f"new-{extra}.example"] if change == "added" else names[:extra] + names[extra + 1 :]
            before, after = (
                {
                    item["metadata"]["name"]: item["spec"]["hosts"]
                    for item in apply_to(service_entry(), domains("\n".join(list_)))
                    if item["kind"] == "ServiceEntry"
                }
                for list_ in (names, more)
            )
            changed = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
            assert 1 <= len(changed) <= 2

    def test_go_again_when_the_list_shrinks(self) -> None:
        grown = run(service_entry(), domains("\n".join(generated(1_000)))).items
        shrunk = run(*(item for item in grown if item["kind"] == "ServiceEntry"), domains("a.example"))
        assert [item["metadata"]["name"] for item in shrunk.items] == ["wildcard", "egress-domains"]

    def test_are_made_anew_on_their_own_output(self) -> None:
        once = run(*sites(), domains("\n".join(generated(1_000))))
        assert run(*once.items).items == once.items

    def test_are_never_empty_whatever_the_hashes(self) -> None:
        ones = [name for name in generated(1_000) if sha256(name.encode()).digest()[0] >= 0x80][:300]
        outcome = run(service_entry(), domains("\n".join(ones)))
        first, second, _ = outcome.items
        assert first["metadata"]["name"] == "wildcard"
        assert first["spec"]["hosts"]
        assert sorted(first["spec"]["hosts"] + second["spec"]["hosts"]) == sorted(ones)

    def test_keep_their_names_when_names_chosen_for_their_hashes_are_added(self) -> None:
        hashes = {name: sha256(name.encode()).digest()[0] for name in generated(2_000)}
        low = [name for name, first in hashes.items() if first < 0x80][:100]
        high = [name for name, first in hashes.items() if first >= 0xC0][:257]
        before, after = (
            {
                item["metadata"]["name"]: item["spec"]["hosts"]
                for item in apply_to(service_entry(), domains("\n".join(list_)))
                if item["kind"] == "ServiceEntry"
            }
            for list_ in (low + high[:-1], low + high)
        )
        assert list(before) == ["wildcard", "wildcard-1"]
        assert list(after) == ["wildcard", "wildcard-1", "wildcard-111"]
        assert before["wildcard"] == after["wildcard"]

    @pytest.mark.parametrize("annotated", [False, True])
    def test_whose_name_another_has_are_a_fault(self, annotated: bool) -> None:
        other = service_entry("wildcard-1")
        if not annotated:
            del other["metadata"]["annotations"], other["metadata"]["labels"]
        (fault,) = run(service_entry(), other, domains("\n".join(generated(300)))).faults
        assert fault.startswith("ServiceEntry istio-system/wildcard-1: has the name that a further ServiceEntry needs")
        other["metadata"]["namespace"] = "elsewhere"
        assert run(service_entry(), other, domains("\n".join(generated(300)))).code == 0
        assert run(service_entry(), virtual_service("wildcard-1"), domains("\n".join(generated(300)))).code == 0

    def test_without_their_first_are_a_fault(self) -> None:
        orphan = service_entry(annotations={SHARD: "1"})
        (fault,) = run(virtual_service(), orphan, LIST).faults
        assert "the ServiceEntry that it continues is missing" in fault

    @pytest.mark.parametrize(
        "fields",
        [
            {"apiVersion": "evil.example/v1"},
            {"metadata.name": "another-1"},
            {"metadata.name": "wildcard-11"},
            {"metadata.name": "wildcard"},
            {"metadata.name": "-1"},
            {"metadata.namespace": "elsewhere"},
        ],
    )
    def test_are_taken_out_where_they_are_what_the_first_makes_and_a_fault_elsewhere(self, fields: Value) -> None:
        earlier = service_entry("wildcard-1", annotations={SHARD: "1"})
        first = service_entry()
        assert [item["kind"] for item in run(first, earlier, LIST).items] == ["ServiceEntry", "ConfigMap"]
        for field, value in fields.items():
            *way, last = field.split(".")
            (earlier[way[0]] if way else earlier)[last] = value
        (fault,) = run(first, earlier, LIST).faults
        assert f'carries {SHARD}: "1", which the function alone gives to copies' in fault
        assert "of one (ServiceEntry istio-system/wildcard-1, networking.istio.io); remove the annotation" in fault

    def test_that_an_outer_layer_gave_a_suffix_are_taken_out_too(self) -> None:
        """Kustomize renames the copies of an inner layer as it does their first: the suffix comes last."""
        once = run(service_entry(), domains("\n".join(generated(300)))).items
        for item in once[:2]:
            item["metadata"]["name"] = f"a-1-{item['metadata']['name']}-prod-1"
        again = run(*once).items
        assert [item["metadata"]["name"] for item in again[:-1]] == ["a-1-wildcard-prod-1", "a-1-wildcard-prod-1-1"]

    def test_whose_set_has_no_list_are_no_fault_of_their_own(self) -> None:
        faults = run(service_entry(), service_entry("wildcard-1", annotations={SHARD: "1"})).faults
        assert len(faults) == 1
        assert 'takes the set "default", which no ConfigMap declares' in faults[0]

    def test_need_a_name_to_begin_theirs_with(self) -> None:
        item = service_entry()
        item["metadata"]["generateName"] = item["metadata"].pop("name") + "-"
        assert run(item, LIST).code == 0
        (fault,) = run(item, domains("\n".join(generated(300)))).faults
        assert "needs 1 further ServiceEntry for its list and has no name" in fault
        assert "write metadata.name" in fault

    def test_need_a_name_that_leaves_room_for_theirs(self) -> None:
        names = domains("\n".join(generated(300)))
        (fault,) = run(service_entry("a" * 252), names).faults
        assert "name begins with its own and has 254 characters, of which Kubernetes allows 253; give it" in fault
        assert "a name of at most 251" in fault
        assert run(service_entry("a" * 252), LIST).code == 0
        assert len(run(service_entry("a" * 251), names).items[1]["metadata"]["name"]) == 253


class TestLists:
    """kind: List, which kustomize takes apart and others hand over whole."""

    @pytest.mark.parametrize("kind", ["List", "VirtualServiceList"])
    def test_with_what_takes_part_are_a_fault(self, kind: str, tmp_path: Any) -> None:
        whole = {"apiVersion": "v1", "kind": kind, "items": [{"kind": "Pod"}, virtual_service()]}
        said = (
            f"{kind} without a name, items[1]: holds VirtualService istio-system/routes, which takes part, in a list "
            "that the function does not look into; give each resource a document of its own"
        )
        (fault,) = run(virtual_service("other"), whole, LIST).faults
        assert said in fault
        runner = "apiVersion: egress-overlays.dev/v1alpha1\nkind: EgressDomains\nmetadata: {name: x}\n"
        stream = "\n---\n".join(map(dump, (virtual_service("other"), whole, LIST)))
        assert said in run_legacy(stream, runner, tmp_path).words

    def test_of_lists_and_of_domains_too(self) -> None:
        whole = {"apiVersion": "v1", "kind": "List", "items": [{"kind": "List", "items": [LIST]}]}
        (fault,) = run(virtual_service(), whole, LIST).faults
        assert "List without a name, items[0].items[0]: holds ConfigMap egress-domains, which takes part" in fault

    @pytest.mark.parametrize("items", [None, "x", [], [{"kind": "Pod", "metadata": {"name": "egress-overlays.dev/"}}]])
    def test_with_nothing_of_ours_pass(self, items: Any) -> None:
        whole = {"apiVersion": "v1", "kind": "List", "items": items}
        assert run(virtual_service(), whole, LIST).items[1] == whole


class TestSize:
    """What the API server, etcd and kubectl say of large objects."""

    def test_4000_names_are_fine(self) -> None:
        assert run(*sites(), domains("\n".join(generated(4_000)))).words == ""

    def test_what_client_side_apply_refuses_is_a_warning_with_the_way_out(self) -> None:
        outcome = run(*sites(), domains("\n".join(generated(10_000))))
        assert outcome.code == 0
        (one, two) = outcome.words.splitlines()
        assert "warning: VirtualService istio-system/routes: is " in one
        assert "kubectl apply --server-side" in one
        assert "warning: EnvoyFilter istio-system/sni-magic: is " in two

    def test_what_it_is_annotated_with_counts_for_client_side_apply_too(self) -> None:
        """The API server limits all annotations together, and the one of kubectl repeats the others."""
        for length, warned in ((120_000, False), (140_000, True)):
            outcome = run(virtual_service(annotations={"note": "x" * length}), LIST)
            assert (" bytes of JSON, more than client-side apply can keep" in outcome.words) is warned

    def test_what_stands_there_already_counts(self) -> None:
        item = virtual_service()
        item["spec"]["http"] = [{"name": "x" * 250_000}]
        assert run(item, LIST).words == ""
        item["spec"]["http"] = [{"name": "x" * 261_000}]
        assert run(item, LIST).words == ""
        item["spec"]["http"] = [{"name": "<" * 60_000}, {"name": "x" * 100_000}]
        assert " bytes of JSON, more than client-side apply can keep" in run(item, LIST).words
        item["spec"]["http"] = [{"name": "x" * 262_000}]
        assert " bytes of JSON, more than client-side apply can keep" in run(item, LIST).words

    def test_what_etcd_refuses_is_an_error(self) -> None:
        outcome = run(virtual_service(), domains("\n".join(generated(40_000))))
        (fault,) = outcome.faults
        assert "and etcd refuses objects over 1.5 MiB; divide the list" in fault


def apply_to(*items: Value) -> list[Value]:
    resources = [Resource(item) for item in items]
    return apply(resources, plan(resources))


def test_a_plan_with_errors_is_not_applied() -> None:
    resources = [Resource(virtual_service())]
    with pytest.raises(ValueError, match="cannot be applied"):
        apply(resources, plan(resources))


def test_applying_leaves_its_arguments_as_they_are() -> None:
    items = [*sites(), domains("\n".join(generated(300)))]
    before = copy.deepcopy(items)
    after = apply_to(*items)
    assert items == before
    assert after == run(*items).items


def test_editing_shares_what_it_does_not_touch() -> None:
    value = {"a": {"b": [1, {"c": 2}]}, "d": {"e": 1}}
    after = edited(value, {("a", "b", 1, "c"): "new", ("a", "x", "y"): "made", ("d", "e"): None, ("d", "f"): None})
    assert after == {"a": {"b": [1, {"c": "new"}], "x": {"y": "made"}}, "d": {}}
    assert value == {"a": {"b": [1, {"c": 2}]}, "d": {"e": 1}}


@pytest.mark.parametrize(
    "value", [None, [], "text", {}, {"metadata": []}, {"metadata": {"labels": 5, "name": 1}, "kind": 3}]
)
def test_a_resource_of_any_shape_answers(value: Any) -> None:
    resource = Resource(value)
    assert resource.title == "resource without a name"
    assert (resource.group, resource.labels, resource.is_domains_kind) == ("", {}, False)


def test_annotation_keys_that_are_no_text_are_passed_over() -> None:
    item = service_entry()
    item["metadata"]["annotations"][5] = "x"
    outcome = run(item, domains("\n".join(generated(300))))
    assert outcome.code == 0
    assert all(entry["metadata"]["annotations"][5] == "x" for entry in outcome.items[:2])


def test_a_placeholder_never_stands_beside_a_name() -> None:
    outcome = run(*sites(), LIST)
    assert PLACEHOLDER not in outcome.text
