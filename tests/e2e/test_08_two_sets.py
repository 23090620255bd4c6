"""Two sets with a gateway each: every name takes its own set's gateway, and the other one refuses it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mesh.processes import eventually
from mesh.proxy import now

if TYPE_CHECKING:
    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

DOCUMENTATION = "en.wikipedia.org"
PARTNER = "api.partner.example.net"
PARTNERS_ROUTE = "outbound|443|wildcard|egressgateway-partners.istio-egress.svc.cluster.local"


@pytest.fixture(scope="module")
def partners_gateway(mesh: Mesh, internet: Internet, overlays: Overlays, gateway: Proxy, sidecar: Proxy) -> Proxy:
    """The second gateway; both sets have arrived everywhere."""
    internet.serve(PARTNER, "185.15.59.245")
    rendered = [overlays.build(Path(__file__).with_name("two_sets") / name) for name in ("documentation", "partners")]
    mesh.cluster.sync("---\n".join(rendered))
    partners = mesh.gateway("sni-egressgateway-partners", "egressgateway-partners", "istio-egress")
    eventually(
        lambda: (
            gateway.allowed_names() == sidecar.routed_names() == {"*.wikipedia.org"}
            and partners.allowed_names()
            == sidecar.routed_names(PARTNERS_ROUTE)
            == {"partner.example.net", "*.partner.example.net"}
        ),
        within=30,
        what="each set in its own gateway, both in the sidecar",
    )
    return partners


@pytest.mark.parametrize("name", [DOCUMENTATION, PARTNER])
def test_each_name_takes_the_gateway_of_its_set(
    name: str, application: Application, gateway: Proxy, partners_gateway: Proxy
) -> None:
    its_own, the_other = (gateway, partners_gateway) if name == DOCUMENTATION else (partners_gateway, gateway)
    since = now()

    assert application.get(name).page == name

    (forwarded,) = its_own.logged(since, requested_server_name=name)
    assert forwarded["upstream_cluster"] == "dynamic_forward_proxy_cluster"
    assert the_other.logged_nothing(since)


@pytest.mark.parametrize("name", [DOCUMENTATION, PARTNER])
def test_a_workload_that_asks_the_other_sets_gateway_is_refused(
    name: str, mesh: Mesh, gateway: Proxy, partners_gateway: Proxy
) -> None:
    """With a certificate of the mesh and past its own sidecar, as a compromised workload would."""
    its_own, the_other = (gateway, partners_gateway) if name == DOCUMENTATION else (partners_gateway, gateway)
    workload = mesh.impostor("workload-of-the-mesh")
    # A gateway whose clusters have just changed refuses for a moment, also what it is for.
    eventually(lambda: workload.through(its_own, name).title == name, within=10, what=f"{name} by its own gateway")
    since = now()

    assert not workload.through(the_other, name).ok

    (refused,) = the_other.logged(since, requested_server_name=name)
    assert refused["upstream_host"] == "-"
