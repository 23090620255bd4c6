"""components/compact-registry: the same names the same way, without a cluster for each. Memory: bench/registry.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mesh.application import Load
from mesh.processes import eventually
from mesh.proxy import EGRESS, now

from conftest import WIKIPEDIA

if TYPE_CHECKING:
    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

ZONE = "compact.example.net"
NAMES = ["*.wikipedia.org", *(f"host{number}.{ZONE}" for number in range(300))]
COMPACT = ["compact-registry"]


@pytest.fixture(autouse=True)
def site(internet: Internet) -> None:
    """All the names are one site."""
    internet.serve(f"*.{ZONE}", WIKIPEDIA)


def arrive(mesh: Mesh, manifests: str, gateway: Proxy, sidecar: Proxy) -> None:
    """Applies a list of NAMES and waits until both proxies hold it."""
    mesh.cluster.sync(manifests)
    wanted = set(NAMES)
    eventually(
        lambda: wanted == sidecar.routed_names() == gateway.allowed_names(), within=30, what="300 names everywhere"
    )


def per_name(proxy: Proxy) -> int:
    """How many of a proxy's clusters are there for one name each."""
    return sum(name.endswith((ZONE, ".wikipedia.org")) for name in proxy.config("clusters"))


@pytest.mark.parametrize("also", [[], ["restrict-direct-egress"]], ids=["", "with restrict-direct-egress"])
def test_it_routes_the_same_names_the_same_way(  # noqa: PLR0917 -- fixtures
    also: list[str], mesh: Mesh, overlays: Overlays, application: Application, gateway: Proxy, sidecar: Proxy
) -> None:
    mesh.cluster.sync(overlays.make(["placeholder.example.net"]))  # Nothing of the names from before.
    arrive(mesh, overlays.make(NAMES, components=[*COMPACT, *also]), gateway, sidecar)

    for name in ("en.wikipedia.org", f"host0.{ZONE}", f"host299.{ZONE}"):
        since = now()
        eventually(lambda: application.get(name).title == name, within=10, what=name)  # noqa: B023
        (sent, *_) = sidecar.logged(since, requested_server_name=name)
        assert sent["upstream_cluster"] == EGRESS
        assert sent["upstream_host"] == f"{gateway.pod.address}:8443"
        (forwarded, *_) = gateway.logged(since, requested_server_name=name)
        assert forwarded["upstream_cluster"] == "dynamic_forward_proxy_cluster"
        assert forwarded["upstream_host"] == f"{WIKIPEDIA}:443"

    since = now()
    assert application.get("cloud.ibm.com").ok is not bool(also)
    (sent,) = sidecar.logged(since, requested_server_name="cloud.ibm.com")
    assert sent["upstream_cluster"] == ("BlackHoleCluster" if also else "PassthroughCluster")


def test_it_saves_a_cluster_a_name_in_both_proxies(
    mesh: Mesh, overlays: Overlays, gateway: Proxy, sidecar: Proxy
) -> None:
    arrive(mesh, overlays.make(NAMES), gateway, sidecar)
    eventually(lambda: per_name(sidecar) == per_name(gateway) == len(NAMES), within=20, what="a cluster a name")

    arrive(mesh, overlays.make(NAMES, components=COMPACT), gateway, sidecar)
    eventually(lambda: per_name(sidecar) == per_name(gateway) == 0, within=20, what="the clusters gone")


def test_a_change_between_the_two_ways_loses_no_request(
    mesh: Mesh, overlays: Overlays, application: Application, gateway: Proxy, sidecar: Proxy
) -> None:
    """Switching the component on or off is an edit like any other: names stay reachable, through the gateway."""
    arrive(mesh, overlays.make(NAMES), gateway, sidecar)
    since = now()
    with Load(application, [f"host{number}.{ZONE}" for number in range(300)], rate=20) as load:
        for components in (COMPACT, [], COMPACT, []):
            arrive(mesh, overlays.make(NAMES, components=components), gateway, sidecar)

    assert load.failures == []
    assert len(sidecar.logged(since, lines=load.done, upstream_host=f"{gateway.pod.address}:8443")) == load.done
