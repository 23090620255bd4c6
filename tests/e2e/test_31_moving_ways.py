"""From the gateway to base-direct/ and back by the steps of docs/direct.md, under load: no request is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesh.application import Load
from mesh.processes import eventually
from mesh.proxy import EGRESS, now

from conftest import ROOT

if TYPE_CHECKING:
    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

STEPS = ROOT / "tests/e2e/ways/moving"
WILDCARD, EXACT = "*.moving.example.com", "exact.moving.example.org"
NAMES = ["shop.moving.example.com", EXACT]
SITE = "185.15.63.30"
DIRECTLY = {f"outbound|443||{name}" for name in (WILDCARD, EXACT)}


def test_no_request_is_lost_forward_and_back(  # noqa: PLR0917 - fixtures
    mesh: Mesh, overlays: Overlays, gateway: Proxy, sidecar: Proxy, application: Application, internet: Internet
) -> None:
    for name in NAMES:
        internet.serve(name, SITE)

    def leads(*clusters: str) -> bool:
        """Whether the sidecar leads the names to these clusters, and to none of the other way."""
        found = {one for one in (EGRESS, *DIRECTLY) if sidecar.routed_names(one) & {WILDCARD, EXACT}}
        return found == set(clusters)

    def step(name: str, *clusters: str) -> None:
        mesh.cluster.sync(overlays.build(STEPS / name))
        eventually(lambda: leads(*clusters), within=30, what=f"the step {name}")
        done = load.done
        eventually(lambda: load.done > done + 20, within=30, what="requests after it")

    mesh.cluster.sync(overlays.build(STEPS / "gateway"))
    eventually(lambda: gateway.allowed_names() == {WILDCARD, EXACT}, within=60, what="the list in the gateway")
    eventually(lambda: all(application.get(name).ok for name in NAMES), within=30, what="the gateway serves")
    try:
        with Load(application, NAMES, rate=10) as load:
            step("both", EGRESS)
            step("apart", *DIRECTLY)
            assert gateway.allowed_names() == {WILDCARD, EXACT}
            step("direct", *DIRECTLY)
            since = now()
            step("direct", *DIRECTLY)
            assert gateway.logged_nothing(since)
            step("apart", *DIRECTLY)
            eventually(lambda: gateway.allowed_names() == {WILDCARD, EXACT}, within=60, what="the gateway has it again")
            step("both", EGRESS)
            step("gateway", EGRESS)
        assert load.failures == []
        assert load.done > 100
    finally:
        mesh.cluster.sync(overlays.build("staging"))
        eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=60, what="staging in the gateway")
