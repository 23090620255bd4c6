"""A forwarder behind chains with lists is taken in the form of components/steady-connections, and in no other."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from builds import build, overlay
from egress_overlays.manifest.resource import Resource
from egress_overlays.sites import BadPlace, find
from live import findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from command import Run

    Object = dict[str, Any]
    Change = Callable[[list[Object]], object]

FORWARDER, FRONT, CLUSTER = 2, 4, 5


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    directory = tmp_path_factory.mktemp("steady")
    return build(overlay(directory, ("steady-connections",), ("pypi.org", "*.wikipedia.org", "example.com")))


def value(patches: list[Object], index: int) -> Any:
    return patches[index]["patch"]["value"]


def proxy(cluster: str) -> Object:
    kind = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
    return {
        "name": "envoy.filters.network.tcp_proxy",
        "typed_config": {"@type": kind, "stat_prefix": "x", "cluster": cluster},
    }


def listener(*chains: Object, **fields: Any) -> Object:
    body = {"operation": "ADD", "value": {"name": "more", "filter_chains": list(chains), **fields}}
    return {"applyTo": "LISTENER", "match": {"context": "GATEWAY"}, "patch": body}


def second_cluster(patches: list[Object]) -> None:
    """Another cluster to the same listener, and a chain without a list that leads to it."""
    more = copy.deepcopy(patches[CLUSTER])
    more["patch"]["value"]["name"] = "around"
    patches += [more, listener({"filters": [proxy("around")]}, internal_listener={})]


WAYS_IN: dict[str, Change] = {
    "an address": lambda p: value(p, FORWARDER).update(
        address={"socket_address": {"address": "0.0.0.0", "port_value": 9}}  # noqa: S104 - what is refused
    ),
    "no internal listener": lambda p: value(p, FORWARDER).pop("internal_listener"),
    "a second chain": lambda p: value(p, FORWARDER)["filter_chains"].append({"filters": []}),
    "a default chain": lambda p: value(p, FORWARDER).update(default_filter_chain={"filters": []}),
    "a matcher of chains": lambda p: value(p, FORWARDER).update(filter_chain_matcher={}),
    "the first cluster": lambda p: value(p, 0)["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"][
        "address"
    ]["envoy_internal_address"].update(server_listener_name="sni_forwarder"),
    "a chain in front without a list": lambda p: value(p, FRONT)["filter_chains"][0].pop("filter_chain_match"),
    "a list in front that is empty": lambda p: value(p, FRONT)["filter_chains"][0]["filter_chain_match"].update(
        server_names=[]
    ),
    "a list in front with an empty name": lambda p: value(p, FRONT)["filter_chains"][0]["filter_chain_match"].update(
        server_names=["pypi.org", ""]
    ),
    "a chain more in front": lambda p: value(p, FRONT)["filter_chains"].append(
        {"filters": [proxy("forwarder_cluster")]}
    ),
    "a default chain in front": lambda p: value(p, FRONT).update(
        default_filter_chain={"filters": [proxy("forwarder_cluster")]}
    ),
    "the mesh listener": lambda p: value(p, 3)["typed_config"].update(cluster="forwarder_cluster"),
    "a listener more": lambda p: p.append(listener({"filters": [proxy("forwarder_cluster")]}, internal_listener={})),
    "a cluster more": second_cluster,
    "nobody in front": lambda p: p.pop(FRONT),
}


def changed(steady: list[Object], change: Change) -> list[Object]:
    objects = copy.deepcopy(steady)
    (own,) = [one for one in objects if one["kind"] == "EnvoyFilter"]
    change(own["spec"]["configPatches"])
    return objects


def test_the_component_as_it_is_has_no_fault(run: Run, steady: list[Object]) -> None:
    assert findings(run, steady) == []


@pytest.mark.parametrize("way", WAYS_IN)
def test_any_other_way_in_is_an_error(way: str, run: Run, steady: list[Object]) -> None:
    found = findings(run, changed(steady, WAYS_IN[way]))
    assert [one["rule"] for one in found if one["severity"] == "error"] != []


@pytest.mark.parametrize("way", [one for one in WAYS_IN if one not in ("the first cluster", "a second chain")])
def test_the_site_alone_takes_it_for_a_place_that_opens(way: str, steady: list[Object]) -> None:
    """What no other manifest is needed for: the function refuses it too."""
    (own,) = [one for one in changed(steady, WAYS_IN[way]) if one["kind"] == "EnvoyFilter"]
    assert any(isinstance(place, BadPlace) and place.opens for place in find(Resource(own)))


@pytest.mark.parametrize(
    "way",
    [
        {"applyTo": "CLUSTER", "name": "stolen", "listener": "sni_forwarder"},
        {"applyTo": "LISTENER", "cluster": "forwarder_cluster"},
    ],
    ids=["a cluster", "a listener"],
)
def test_another_envoy_filter_that_leads_there_is_an_error(way: Object, run: Run, steady: list[Object]) -> None:
    (own,) = [one for one in steady if one["kind"] == "EnvoyFilter"]
    patches: list[Object]
    if way["applyTo"] == "CLUSTER":
        more = copy.deepcopy(own["spec"]["configPatches"][CLUSTER])
        more["patch"]["value"]["name"] = way["name"]
        patches = [more, listener({"filters": [proxy(way["name"])]}, internal_listener={})]
    else:
        patches = [listener({"filters": [proxy(way["cluster"])]}, internal_listener={})]
    other = {
        "apiVersion": own["apiVersion"],
        "kind": "EnvoyFilter",
        "metadata": {"name": "other", "namespace": own["metadata"]["namespace"]},
        "spec": {"workloadSelector": own["spec"]["workloadSelector"], "configPatches": patches},
    }
    found = findings(run, [*steady, other])
    assert "bypass" in {one["rule"] for one in found if one["severity"] == "error"}
