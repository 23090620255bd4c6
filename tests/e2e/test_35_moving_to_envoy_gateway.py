"""From the gateway to Envoy Gateway and back by the steps of docs/envoy-gateway.md, under load: no request is lost.

What Envoy Gateway makes of the same objects is served by an Envoy of its own; the pods that have moved have no sidecar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mesh.application import Load
from mesh.components import installed
from mesh.envoy_gateway import PORT, Running, translated, values
from mesh.moving import Guide, Move, Moving
from mesh.processes import eventually
from mesh.samples import ADMITTED, ASKED, DOMAINS, LISTED

import quick_yaml as yaml

if TYPE_CHECKING:
    from pathlib import Path

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

NAMES = ["shop.moving.example.com", "exact.moving.example.org"]
SITE = "185.15.63.32"


@pytest.fixture(scope="module")
def programs(mesh: Mesh) -> dict[str, Path]:
    """Envoy, and egctl with the CRDs of its kinds, which the API server gets."""
    found = {**mesh.components, **installed("egctl")}
    for kind in ("backends", "envoypatchpolicies"):
        crd = found["egctl"].parent / f"crds/gateway.envoyproxy.io_{kind}.yaml"
        mesh.cluster.kubectl("apply", "--server-side", "-f", str(crd))
    mesh.cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    mesh.cluster.namespace("envoy-gateway-system")
    return found


def test_no_request_is_lost_forward_and_back(  # noqa: PLR0917 - fixtures
    mesh: Mesh,
    overlays: Overlays,
    gateway: Proxy,
    sidecar: Proxy,
    application: Application,
    internet: Internet,
    programs: dict[str, Path],
    tmp_path: Path,
) -> None:
    for name in ASKED:
        internet.serve(name, SITE)
    guide = Guide("docs/envoy-gateway.md", overlays, tmp_path, DOMAINS)
    move = Move(mesh, guide, gateway, sidecar, LISTED, "envoy-gateway")
    move.begin()
    eventually(lambda: all(application.get(name).ok for name in NAMES), within=30, what="the gateway serves")
    pod, without = mesh.pod_network("envoy-gateway"), mesh.application(mesh.pod_network("without-sidecar"))
    workloads = Moving(application.get)
    workloads.new = lambda name: without.get(name, address=pod.address, port=PORT)
    directory = mesh.directory / "pods/envoy-gateway"
    directory.mkdir(parents=True)
    envoy = Running(programs["envoy"], pod, directory)
    try:
        with Load(workloads, NAMES, rate=10) as load:
            objects = [one for one in yaml.safe_load_all(move.both()) if "istio.io" not in one["apiVersion"]]
            listener, clusters = translated(programs["egctl"], objects, directory)
            envoy.start(listener, clusters)
            eventually(lambda: all(workloads.new(name).ok for name in NAMES), within=30, what="Envoy Gateway serves")
            move.there_and_back(workloads, load)
        assert load.failures == []
        assert min(workloads.by_old, workloads.by_new) > 40
        # The names in Envoy are the list's, and of those that are nearly on it these alone are let out.
        assert {name for found in values(listener["filterChains"], "serverNames") for name in found} == LISTED
        assert "defaultFilterChain" not in listener
        assert {name for name in ASKED if workloads.new(name).ok} == ADMITTED
    finally:
        envoy.stop()
        mesh.cluster.sync(overlays.build("staging"))
        eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=60, what="staging in the gateway")
