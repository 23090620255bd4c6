"""A name denied inside an allowed wildcard: refused by the sidecar, and by the gateway past it, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mesh.processes import eventually
from mesh.proxy import EGRESS, now

from conftest import WIKIPEDIA

if TYPE_CHECKING:
    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

ZONE = "holes.example.net"
LIST = ["*.wikipedia.org", f"*.{ZONE}", f"!admin.{ZONE}", f"!*.internal.{ZONE}"]
DENIED = (f"admin.{ZONE}", f"a.internal.{ZONE}", f"a.b.internal.{ZONE}")
ALLOWED = (f"www.{ZONE}", f"internal.{ZONE}", f"x.admin.{ZONE}", "en.wikipedia.org")
NOWHERE = "outbound|443||denied.egress-domains.invalid"
DENIALS = {f"admin.{ZONE}", f"*.internal.{ZONE}"}


@pytest.fixture(
    scope="module",
    autouse=True,
    params=[[], ["compact-registry"], ["client-lists", "steady-connections"]],
    ids=lambda components: " and ".join(components) or "base",
)
def _denials(  # noqa: PLR0917 -- fixtures
    request: pytest.FixtureRequest, mesh: Mesh, internet: Internet, overlays: Overlays, gateway: Proxy, sidecar: Proxy
) -> None:
    for name in (f"*.{ZONE}", f"*.internal.{ZONE}", f"*.b.internal.{ZONE}", f"*.admin.{ZONE}"):
        internet.serve(name, WIKIPEDIA)
    mesh.cluster.sync(overlays.make(LIST, components=request.param))
    eventually(
        lambda: (
            gateway.allowed_names() == {"*.wikipedia.org", f"*.{ZONE}", *DENIALS}
            and sidecar.routed_names(EGRESS) == {"*.wikipedia.org", f"*.{ZONE}"}
            and sidecar.routed_names(NOWHERE) == DENIALS
        ),
        within=30,
        what="the list and its denials in both proxies",
    )


@pytest.mark.parametrize("name", DENIED)
def test_a_denied_name_is_refused_by_the_sidecar(name: str, application: Application, sidecar: Proxy) -> None:
    since = now()
    assert not application.get(name).ok
    (refused,) = sidecar.logged(since, requested_server_name=name)
    assert refused["response_flags"] == "NC"
    assert refused["upstream_host"] == "-"
    assert refused["upstream_cluster"] in (NOWHERE, "-")


@pytest.mark.parametrize("name", DENIED)
def test_a_denied_name_is_refused_by_the_gateway_past_the_sidecar(name: str, mesh: Mesh, gateway: Proxy) -> None:
    workload = mesh.impostor("denied-and-past-its-sidecar")
    allowed = ALLOWED[0]
    eventually(lambda: workload.through(gateway, allowed).title == allowed, within=10, what=allowed)
    since = now()
    assert not workload.through(gateway, name).ok
    (refused,) = gateway.logged(since, requested_server_name=name)
    assert refused["upstream_host"] == "-"
    assert "rbac_access_denied_matched_policy[denied]" in refused.text
    assert f"{name} denied " in refused.text


@pytest.mark.parametrize("name", ALLOWED)
def test_what_stands_beside_a_denial_is_reached(name: str, application: Application, gateway: Proxy) -> None:
    since = now()
    eventually(lambda: application.get(name).title == name, within=10, what=name)
    (forwarded, *_) = gateway.logged(since, requested_server_name=name)
    assert forwarded["upstream_host"] == f"{WIKIPEDIA}:443"
