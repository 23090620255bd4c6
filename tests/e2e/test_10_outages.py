"""Parts of the mesh fail one at a time: traffic to allowed names goes on, and nothing opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mesh.application import Load
from mesh.processes import eventually
from mesh.proxy import now

if TYPE_CHECKING:
    from mesh.application import Application
    from mesh.cluster import Cluster
    from mesh.istiod import Istiod
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

ALLOWED = ["en.wikipedia.org", "de.wikipedia.org"]
NOT_ALLOWED = "cloud.ibm.com"


@pytest.fixture(scope="module", autouse=True)
def restricted(mesh: Mesh, overlays: Overlays, gateway: Proxy, sidecar: Proxy, application: Application) -> None:
    """wikipedia.org alone, and no way past the gateway: whatever opens shows as an answer of cloud.ibm.com."""
    mesh.cluster.sync(overlays.make(["*.wikipedia.org"], components=["restrict-direct-egress"]))
    wanted = {"*.wikipedia.org"}
    eventually(
        lambda: gateway.allowed_names() == wanted <= sidecar.routed_names() and not application.get(NOT_ALLOWED).ok,
        within=20,
        what="the restricted list",
    )


def test_istiod_down_and_up_again(
    istiod: Istiod, application: Application, mesh: Mesh, overlays: Overlays, gateway: Proxy
) -> None:
    with Load(application, ALLOWED, rate=10) as load:
        istiod.stop()
        eventually(lambda: load.done > 10, within=30, what="some requests without istiod")
        assert not application.get(NOT_ALLOWED).ok
        istiod.start()
        mesh.cluster.sync(overlays.make(["*.wikipedia.org", "new.example.net"], components=["restrict-direct-egress"]))
        eventually(
            lambda: "new.example.net" in gateway.allowed_names(), within=60, what="a change through the new istiod"
        )
        assert not application.get(NOT_ALLOWED).ok
    assert load.failures == []


def test_the_api_server_down_and_up_again(cluster: Cluster, application: Application) -> None:
    with Load(application, ALLOWED, rate=10) as load:
        cluster.api_server.stop()
        eventually(lambda: load.done > 20, within=30, what="some requests without the API server")
        assert not application.get(NOT_ALLOWED).ok
        cluster.start_api_server()
    assert load.failures == []


def test_the_gateway_down_and_up_again(application: Application, gateway: Proxy, sidecar: Proxy) -> None:
    assert application.get(ALLOWED[0]).page
    gateway.stop()
    try:
        since = now()
        assert not application.get(ALLOWED[0]).ok  # Closed, not sent around the gateway.
        assert not application.get(NOT_ALLOWED).ok
        (failed,) = sidecar.logged(since, requested_server_name=ALLOWED[0])
        assert failed["upstream_host"] == f"{gateway.pod.address}:8443"
        assert "UF" in failed["response_flags"].split(",")
    finally:
        gateway.restart()
    eventually(lambda: application.get(ALLOWED[0]).ok, within=30, what="an allowed name through the new gateway")
    assert gateway.allowed_names() >= {"*.wikipedia.org"}
    assert not application.get(NOT_ALLOWED).ok


def test_a_gateway_that_starts_without_istiod_lets_nothing_through(
    istiod: Istiod, application: Application, gateway: Proxy
) -> None:
    """No configuration is no way out: the new pod is not even ready until istiod is back."""
    istiod.stop()
    try:
        with pytest.raises(TimeoutError):
            gateway.restart(within=3)
        for name in (*ALLOWED, NOT_ALLOWED):
            assert not application.get(name).ok
    finally:
        istiod.start()
        gateway.restart()
    eventually(lambda: application.get(ALLOWED[0]).ok, within=30, what="an allowed name with istiod back")
