"""base-ambient/: what istiod's waypoint lets through by itself, and what with the lists, in its Envoy by pilot-agent.

ztunnel does not run here: a client that speaks HBONE as it does stands in for it (mesh/hbone.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mesh.network import NODE
from mesh.policy import enforce_egress, stop_enforcing
from mesh.processes import eventually
from mesh.waypoint import standing

import quick_yaml as yaml
from conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.waypoint import Waypoint

WILDCARD, OTHERS, EXACT = "*.ways.example.com", "*.others.example.com", "lie.exact.example.org"
SHOP, LIE, THEIRS, UNLISTED = "shop.ways.example.com", "lie.ways.example.com", "shop.others.example.com", "other.net"
SITE, THEIR_SITE, STRANGER, INSIDE = "185.15.63.20", "185.15.63.21", "185.15.63.22", "10.0.0.2"


@pytest.fixture(scope="module")
def manifests(overlays: Overlays) -> str:
    return overlays.build(ROOT / "tests/e2e/ways/ambient")


@pytest.fixture(scope="module")
def waypoint(mesh: Mesh, internet: Internet, manifests: str) -> Iterator[Waypoint]:
    for name, address in ((SHOP, SITE), (THEIRS, THEIR_SITE), (UNLISTED, STRANGER), (LIE, INSIDE), (EXACT, INSIDE)):
        internet.serve(name, address)
    mesh.cluster.namespace("others")
    mesh.cluster.namespace("istio-egress")
    with standing(mesh, manifests) as found:
        yield found


def reached(waypoint: Waypoint, internet: Internet, name: str | None, at: str, namespace: str = "apps") -> set[str]:
    """The addresses that were connected to."""
    before = len(internet.arrivals)
    waypoint.title(name, at=at, namespace=namespace)
    return {one.address for one in internet.arrivals[before:]}


def test_each_list_admits_its_names_for_its_clients_alone(waypoint: Waypoint, internet: Internet) -> None:
    assert waypoint.title(SHOP, at=WILDCARD) == SHOP
    assert waypoint.title(SHOP.upper(), at=WILDCARD) == SHOP.upper()
    assert waypoint.title(THEIRS, at=OTHERS, namespace="others") == THEIRS
    for name, at in ((UNLISTED, WILDCARD), (None, WILDCARD), ("ways.example.com", WILDCARD), (UNLISTED, EXACT)):
        assert reached(waypoint, internet, name, at) == set(), (name, at)
    for at in (OTHERS, WILDCARD, EXACT):
        assert reached(waypoint, internet, THEIRS, at) == set(), at
    for address in (STRANGER, INSIDE):
        assert reached(waypoint, internet, SHOP, address) == set(), address


def test_addresses_inside_are_refused_for_wildcards_by_envoy_and_for_exact_names_by_the_policy(
    waypoint: Waypoint, internet: Internet, mesh: Mesh
) -> None:
    assert reached(waypoint, internet, LIE, WILDCARD) == set()
    assert reached(waypoint, internet, EXACT, EXACT) == {INSIDE}
    policy = mesh.cluster.get("networkpolicy", "egress", "--namespace=istio-egress")
    enforce_egress(waypoint.proxy.pod, policy, selected=[NODE])
    try:
        assert waypoint.title(SHOP, at=WILDCARD) == SHOP
        assert reached(waypoint, internet, EXACT, EXACT) == set()
    finally:
        stop_enforcing(waypoint.proxy.pod)


def test_what_verify_says_is_not_promised_is_so(waypoint: Waypoint, internet: Internet) -> None:
    """A listed name of somebody's in the handshake leads to the address of an exact name, whatever its server says."""
    assert reached(waypoint, internet, SHOP, EXACT) == {INSIDE}


def test_without_the_policy_a_waypoint_takes_any_name_and_without_the_filter_any_address(
    waypoint: Waypoint, internet: Internet, mesh: Mesh, manifests: str
) -> None:
    kinds = ("AuthorizationPolicy", "EnvoyFilter")
    ours: list[dict[str, Any]] = [one for one in yaml.safe_load_all(manifests) if one["kind"] in kinds]
    for one in ours:
        mesh.cluster.kubectl("delete", one["kind"], one["metadata"]["name"], "--namespace=istio-egress")
    bare = {"envoy.extensions.filters.network.sni_dynamic_forward_proxy", "envoy.filters.network.tcp_proxy"}
    eventually(lambda: set(waypoint.filters()[WILDCARD]) == bare, within=30, what="the waypoint as istiod makes it")
    assert reached(waypoint, internet, UNLISTED, WILDCARD) == {STRANGER}
    assert reached(waypoint, internet, LIE, WILDCARD) == {INSIDE}
    mesh.cluster.apply(yaml.safe_dump_all(ours))
    eventually(lambda: len(waypoint.filters()[WILDCARD]) == 4, within=30, what="the lists and the filter")
    assert reached(waypoint, internet, UNLISTED, WILDCARD) == set()
