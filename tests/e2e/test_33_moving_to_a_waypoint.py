"""From the gateway to base-ambient/ and back by the steps of docs/ambient.md, under load: no request is lost.

ztunnel does not run here: for pods that have moved, a client that speaks HBONE as it does asks the waypoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mesh import samples
from mesh.application import Load, Outcome
from mesh.moving import Guide, Move, Moving, some_more
from mesh.processes import eventually
from mesh.waypoint import ambient, running

import quick_yaml as yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy
    from mesh.waypoint import Waypoint

# The lists of every step, which stay as they are; those of `apps` are for the workload that asks, and nobody else.
DOMAINS = (
    samples.DOMAINS
    + """\
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: apps
  labels:
    egress-overlays.dev/set: default
  annotations:
    egress-overlays.dev/clients: apps
data:
  theirs: |
    *.apps.example.com
"""
)
HOSTS = {"shop.moving.example.com": "*.moving.example.com", "shop.apps.example.com": "*.apps.example.com"}
HOSTS["exact.moving.example.org"] = "exact.moving.example.org"
LISTED = set(HOSTS.values())
SITE = "185.15.63.31"


@pytest.fixture(scope="module")
def guide(overlays: Overlays, tmp_path_factory: pytest.TempPathFactory) -> Guide:
    return Guide("docs/ambient.md", overlays, tmp_path_factory.mktemp("guide"), DOMAINS)


def by_hbone(waypoint: Waypoint, namespace: str = "apps") -> Callable[[str], Outcome]:
    """Asks as whoever has no sidecar any more, at the addresses that istiod has given the hosts."""
    addresses = waypoint.addresses()

    def get(name: str) -> Outcome:
        title = waypoint.title(name, at=addresses[HOSTS[name]], namespace=namespace)
        return Outcome(title == name, title, None if title else "refused by the waypoint")

    return get


def test_no_request_is_lost_forward_and_back(  # noqa: PLR0917 - fixtures
    mesh: Mesh,
    overlays: Overlays,
    gateway: Proxy,
    sidecar: Proxy,
    application: Application,
    internet: Internet,
    guide: Guide,
) -> None:
    for name in HOSTS:
        internet.serve(name, SITE)
    move = Move(mesh, guide, gateway, sidecar, LISTED, "ambient", {"waypoint": "waypoint"})
    move.begin()
    eventually(lambda: all(application.get(name).ok for name in HOSTS), within=30, what="the gateway serves")
    workloads = Moving(application.get)
    try:
        with Load(workloads, list(HOSTS), rate=10) as load:
            with ambient(mesh), running(mesh, list(yaml.safe_load_all(move.both()))) as waypoint:
                workloads.new = by_hbone(waypoint)
                eventually(lambda: all(workloads.new(name).ok for name in HOSTS), within=30, what="the waypoint serves")
                # What ztunnel answers for a host is an address of the waypoint's entry: those of base/ have none.
                entries = mesh.cluster.get("serviceentries.networking.istio.io", "--namespace=istio-system")["items"]
                assert entries
                assert not [one for one in entries if one.get("status", {}).get("addresses")]
                move.there_and_back(workloads, load)
            some_more(load)
        assert load.failures == []
        assert min(workloads.by_old, workloads.by_new) > 40
    finally:
        mesh.cluster.sync(overlays.build("staging"))
        eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=60, what="staging in the gateway")
