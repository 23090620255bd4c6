"""From the gateway to Envoy Gateway and back by the steps of docs/envoy-gateway.md, under load: no request is lost.

What Envoy Gateway makes of the same objects is served by an Envoy of its own; the pods that have moved have no sidecar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mesh.application import Load
from mesh.components import installed
from mesh.envoy_gateway import PORT, Running, translated, values
from mesh.moving import PODS, Guide, Moving, some_more
from mesh.processes import eventually
from mesh.proxy import EGRESS
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
    mesh.cluster.sync(guide.build("gateway"))
    eventually(lambda: gateway.allowed_names() == LISTED, within=60, what="the list in the gateway")
    eventually(lambda: all(application.get(name).ok for name in NAMES), within=30, what="the gateway serves")
    pod, without = mesh.pod_network("envoy-gateway"), mesh.application(mesh.pod_network("without-sidecar"))
    workloads = Moving(application.get)
    workloads.new = lambda name: without.get(name, address=pod.address, port=PORT)
    directory = mesh.directory / "pods/envoy-gateway"
    directory.mkdir(parents=True)
    both = guide.build("both")
    envoy = Running(programs["envoy"], pod, directory)
    try:
        with Load(workloads, NAMES, rate=10) as load:
            mesh.cluster.sync(both)
            objects = [one for one in yaml.safe_load_all(both) if "istio.io" not in one["apiVersion"]]
            listener, clusters = translated(programs["egctl"], objects, directory)
            envoy.start(listener, clusters)
            there_and_back(mesh, guide, gateway, sidecar, workloads, load)
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


def there_and_back(  # noqa: PLR0917 - what stands
    mesh: Mesh, guide: Guide, gateway: Proxy, sidecar: Proxy, workloads: Moving, load: Load
) -> None:
    """Each step with both ways there, and the one without the gateway."""
    eventually(lambda: all(workloads.new(name).ok for name in NAMES), within=30, what="Envoy Gateway serves")
    assert sidecar.routed_names(EGRESS) == LISTED
    some_more(load)
    for workloads.moved in range(1, PODS + 1):
        some_more(load)
    mesh.cluster.sync(guide.build("envoy-gateway"))
    gateway.stop()  # its Deployment is gone
    eventually(lambda: not sidecar.routed_names(EGRESS) & LISTED, within=30, what="base/ is gone")
    some_more(load)
    mesh.cluster.sync(guide.build("both"))
    mesh.roll_out(gateway, "sni-egressgateway")
    eventually(lambda: gateway.allowed_names() == LISTED, within=60, what="the gateway has the list again")
    eventually(lambda: sidecar.routed_names(EGRESS) == LISTED, within=30, what="sidecars lead there again")
    for workloads.moved in reversed(range(PODS)):
        some_more(load)
    mesh.cluster.sync(guide.build("gateway"))
    some_more(load)
