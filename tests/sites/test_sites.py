"""Where domains go, kind by kind: what is rewritten, and beside it what is left alone."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from builders import (
    STATE,
    Value,
    run,
    virtual_service,
)
from places import (
    BY_CAMEL_TYPE,
    CHAIN,
    FORWARDER,
    GOOD,
    HOSTS,
    LIST,
    MATCHER,
    SECOND,
    VALUE,
    ef,
    ef_of,
    match,
    patch,
    places,
    se,
    vs,
)

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


def test_every_site_has_its_tables() -> None:
    for table in (REWRITTEN, UNTOUCHED):
        kinds = {dict(case[1])["kind"] for case in table}  # type: ignore[call-overload]
        assert kinds >= {"VirtualService", "ServiceEntry", "EnvoyFilter"}, "a kind without a case"
