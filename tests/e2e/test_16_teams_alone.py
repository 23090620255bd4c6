"""Where every list is some team's, other sidecars can be kept from the gateway itself: they are as in an empty mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mesh.overlays import for_clients_alone
from mesh.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

NAME, ADDRESS = "api.stripe.com", "185.15.61.10"


@pytest.fixture(scope="module", autouse=True)
def _lists_of_payments_alone(mesh: Mesh, overlays: Overlays, internet: Internet, gateway: Proxy) -> Iterator[None]:
    internet.serve(NAME, ADDRESS)
    components = ("client-lists", "restrict-direct-egress")
    made = overlays.make([NAME], components=components, clients="payments", patches=for_clients_alone("payments"))
    mesh.cluster.sync(made)
    eventually(lambda: gateway.allowed_names() == {NAME}, within=30, what="the one list in the gateway")
    yield
    mesh.cluster.sync(overlays.build("staging"))
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=20, what="staging in the gateway")


def _known(sidecar: Proxy) -> set[str]:
    """The hosts that a sidecar may send to, but for the API server, which an empty mesh has too."""
    hosts = {name.rpartition("|")[2] for name in sidecar.config("clusters") if name.startswith("outbound|")}
    return hosts - {"kubernetes.default.svc.cluster.local"}


def test_a_sidecar_without_a_list_has_the_clusters_of_an_empty_mesh(mesh: Mesh) -> None:
    stranger = mesh.sidecar("stranger-alone", "stranger")

    assert _known(stranger) == set()
    assert not mesh.application(stranger.pod).get(NAME).ok


def test_the_clients_of_the_list_go_on(mesh: Mesh) -> None:
    payments = mesh.sidecar("payments-alone", "payments")

    eventually(lambda: payments.routed_names() == {NAME}, within=30, what="the list in the sidecar of payments")
    assert _known(payments) == {NAME, "egressgateway.istio-egress.svc.cluster.local"}
    assert mesh.application(payments.pod).get(NAME).page == NAME
