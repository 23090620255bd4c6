"""Nobody but a workload of the mesh gets through the gateway's port 8443, whatever it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mesh.pki import Authority
from mesh.processes import eventually
from mesh.proxy import now

from conftest import WIKIPEDIA

if TYPE_CHECKING:
    from pathlib import Path

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

NAME = "en.wikipedia.org"
SUBSET = "outbound_.443_.wildcard_.egressgateway.istio-egress.svc.cluster.local"  # The SNI of the sidecars' mutual TLS.
WORKLOAD = "spiffe://cluster.local/ns/apps/sa/sleep"


@pytest.fixture(scope="module", autouse=True)
def staging(mesh: Mesh, overlays: Overlays, gateway: Proxy) -> None:
    """The overlay that allows the name everyone here asks for."""
    mesh.cluster.sync(overlays.build("staging"))
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=20, what="staging in the gateway")


@pytest.fixture(scope="module")
def outsider(mesh: Mesh) -> Application:
    """A client in a pod without a sidecar."""
    return mesh.application(mesh.pod_network("outsider-0"))


@pytest.fixture
def nothing_arrives(internet: Internet) -> list[int]:
    """How many connections the site has seen before the test."""
    return [len(internet.arrived(WIKIPEDIA))]


def certificate(authority: Authority) -> dict[str, str]:
    """A client certificate with a workload's identity, readable for the client."""
    files = authority.leaf(WORKLOAD)
    for path in files:
        path.chmod(0o644)
    return {"certificate": str(files[0]), "key": str(files[1])}


@pytest.mark.parametrize("sni", [NAME, SUBSET, None], ids=["allowed name", "the sidecars' SNI", "no SNI"])
def test_without_a_certificate(
    sni: str | None, outsider: Application, gateway: Proxy, internet: Internet, nothing_arrives: list[int]
) -> None:
    outcome = outsider.get(NAME, address=gateway.pod.address, port=8443, sni=sni, unverified=True)

    assert not outcome.ok
    assert [len(internet.arrived(WIKIPEDIA))] == nothing_arrives


def test_with_a_workloads_name_but_a_certificate_of_another_root(
    run_directory: Path, outsider: Application, gateway: Proxy, internet: Internet, nothing_arrives: list[int]
) -> None:
    since = now()
    imposter = certificate(Authority.new("not the mesh", run_directory / "imposter"))

    outcome = outsider.get(NAME, address=gateway.pod.address, port=8443, sni=SUBSET, unverified=True, **imposter)

    assert not outcome.ok
    assert [len(internet.arrived(WIKIPEDIA))] == nothing_arrives
    # The log says who knocked and why not.
    assert eventually(
        lambda: any("CERTIFICATE_VERIFY_FAILED" in line.text for line in gateway.access_log(since)),
        within=5,
        what="a line with the reason in the gateway's log",
    )


def test_in_plain_text(outsider: Application, gateway: Proxy, internet: Internet, nothing_arrives: list[int]) -> None:
    assert not outsider.get(NAME, address=gateway.pod.address, port=8443, plaintext=True).ok
    assert [len(internet.arrived(WIKIPEDIA))] == nothing_arrives


def test_with_the_meshs_root_it_would_get_in(mesh: Mesh, gateway: Proxy) -> None:
    """The counter-proof: with a certificate that the mesh's own root signed, a client of this kind gets its page."""
    impostor = mesh.impostor("impostor-0")
    # The module before this one has changed the gateway's clusters: a first connection may meet the old one.
    eventually(lambda: impostor.through(gateway, NAME).title == NAME, within=30, what="its page")
