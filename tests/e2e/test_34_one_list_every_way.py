"""One set of lists in each way of a mesh: the names in the real Envoy are the list's, and no others are let out.

Envoy Gateway's is in test_35; what a way does not keep of a list is in tests/build/test_four_ways.py.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from mesh.envoy_gateway import values
from mesh.processes import eventually
from mesh.proxy import EGRESS
from mesh.samples import ADMITTED, ASKED, LISTED
from mesh.waypoint import standing

from conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

WAYS = ROOT / "tests/e2e/ways/moving"
SITE = "185.15.63.33"


@pytest.fixture(autouse=True, scope="module")
def served(internet: Internet, mesh: Mesh, overlays: Overlays, gateway: Proxy) -> Iterator[None]:
    for name in ASKED:
        internet.serve(name, SITE)
    yield
    mesh.cluster.sync(overlays.build("staging"))
    mesh.roll_out(gateway, "sni-egressgateway")  # its account was gone in between
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=60, what="staging in the gateway")


def let_out(internet: Internet, ask: Callable[[str], object]) -> set[str]:
    """The names by which a server is reached."""
    found = set()
    for name in ASKED:
        # At whatever address: a proxy may know an earlier one of the name still.
        before = len(internet.arrivals)
        ask(name)
        found |= {name} if len(internet.arrivals) > before else set()
    return found


def test_through_the_gateway(  # noqa: PLR0917 - fixtures
    mesh: Mesh, overlays: Overlays, gateway: Proxy, sidecar: Proxy, application: Application, internet: Internet
) -> None:
    mesh.cluster.sync(overlays.build(WAYS / "closed"))
    eventually(lambda: gateway.allowed_names() == LISTED, within=60, what="the list in the gateway")
    eventually(lambda: sidecar.routed_names(EGRESS) == LISTED, within=60, what="the list in the sidecar")
    eventually(lambda: all(application.get(name).ok for name in ADMITTED), within=30, what="the gateway serves")
    assert let_out(internet, application.get) == ADMITTED


def test_by_the_sidecars(
    mesh: Mesh, overlays: Overlays, sidecar: Proxy, application: Application, internet: Internet
) -> None:
    mesh.cluster.sync(overlays.build(WAYS / "direct"))

    def names() -> set[str]:
        return {name for one in LISTED for name in sidecar.routed_names(f"outbound|443||{one}")}

    eventually(
        lambda: names() == LISTED and not sidecar.routed_names(EGRESS), within=60, what="the list in the sidecar"
    )
    eventually(lambda: all(application.get(name).ok for name in ADMITTED), within=30, what="the sidecar serves")
    assert let_out(internet, application.get) == ADMITTED


def test_at_a_waypoint(mesh: Mesh, overlays: Overlays, internet: Internet) -> None:
    mesh.cluster.namespace("istio-egress")
    with standing(mesh, overlays.build(WAYS / "ambient")) as waypoint:
        policy = values(waypoint.proxy.config("listeners")["main_internal"], "requested_server_name")
        names = {one.get("exact") or f"*{one['suffix']}" for one in policy}
        assert set(waypoint.filters()) == names == LISTED
        eventually(
            lambda: waypoint.title("shop.moving.example.com", at="*.moving.example.com"),
            within=30,
            what="the waypoint serves",
        )
        # At whatever address it is asked: that of an exact name takes the others too, as `verify` warns.
        for address in waypoint.addresses().values():
            assert let_out(internet, partial(waypoint.title, at=address)) == ADMITTED, address
