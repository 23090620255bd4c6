"""A rolling restart of the gateway under load: the pod that goes ends no connection before its time is over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from mesh.application import Application, Load
from mesh.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

NAME = "sni-egressgateway"
ZONE = "rolling.example.net"
NAMES = [f"{word}.{ZONE}" for word in ("a", "b", "c")]
PORTS = [{"name": "tls-egress", "port": 8443, "protocol": "TCP"}]
LONG = 50  # seconds: Envoy's drain, and the 30 s that this component gave before, are over


def serve(mesh: Mesh, *pods: Proxy) -> None:
    """What the Service's controller does as these pods, and no others, are ready and not ending."""
    mesh.cluster.endpoints("egressgateway", "istio-egress", {one.pod.name: one.pod.address for one in pods}, PORTS)


@pytest.fixture
def pods(mesh: Mesh, internet: Internet, overlays: Overlays, gateway: Proxy, sidecar: Proxy) -> Iterator[list[Proxy]]:
    """Two pods of components/high-availability, of which the first one serves."""
    internet.serve(f"*.{ZONE}", "185.15.59.251")
    mesh.cluster.sync(overlays.make([f"*.{ZONE}"], components=["high-availability"]))
    made = [mesh.second_pod(f"{NAME}-{word}", NAME, "istio-egress") for word in ("goes", "comes")]
    for one in made:
        eventually(lambda: one.allowed_names() == {f"*.{ZONE}"}, within=30, what="the list in the gateway")  # noqa: B023 -- used at once
    eventually(lambda: f"*.{ZONE}" in sidecar.routed_names(), within=30, what="the list in the sidecar")
    serve(mesh, made[0])
    yield made
    serve(mesh, gateway)
    mesh.cluster.sync(overlays.build("staging"))
    for one in made:
        one.stop()


def lines(proxy: Proxy) -> int:
    return len(proxy.log.read_text(errors="replace").splitlines())


def test_no_request_and_no_connection_is_lost(
    mesh: Mesh, pods: list[Proxy], sidecar: Proxy, application: Application
) -> None:
    goes, comes = pods
    holder = mesh.application(sidecar.pod)
    eventually(lambda: application.get(NAMES[0]).ok and lines(goes) > 0, within=30, what="the first pod serves")
    for name in NAMES:
        assert holder.get_held(name, name).ok
    with Load(application, NAMES, rate=20) as load:
        serve(mesh, goes, comes)
        before = lines(comes)
        eventually(lambda: lines(comes) > before + 5, within=30, what="requests by the second pod")
        serve(mesh, comes)
        goes.terminate()
        started = time.monotonic()
        lived = 0.0
        while time.monotonic() - started < LONG and all(holder.get_held(name, name).ok for name in NAMES):
            lived = time.monotonic() - started
            time.sleep(1)
    assert load.failures == []
    assert load.done > 100
    assert lived > LONG - 5, f"the held connections were cut after {lived:.0f} s"
    assert goes.running

    holder.stop()

    eventually(lambda: not goes.running, within=10, what="the pod ends with its last connection")
