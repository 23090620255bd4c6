"""Sidecar and gateway each hold the list: neither alone lets a name through that the other lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mesh.processes import eventually
from mesh.proxy import now

import quick_yaml as yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

EXTRA = "tampered.example.org"
ADDRESS = "185.15.59.230"


@pytest.fixture
def rendered(overlays: Overlays) -> list[dict[str, Any]]:
    """staging's objects, for a test to tamper with."""
    return [item for item in yaml.safe_load_all(overlays.build("staging")) if item]


@pytest.fixture(autouse=True)
def restored(mesh: Mesh, internet: Internet, overlays: Overlays, gateway: Proxy, sidecar: Proxy) -> Iterator[None]:
    """One more site on the internet; staging as rendered again afterwards."""
    internet.serve(EXTRA, ADDRESS)
    yield
    mesh.cluster.sync(overlays.build("staging"))
    eventually(
        lambda: EXTRA not in gateway.allowed_names() | sidecar.routed_names(), within=20, what="staging restored"
    )


def one(rendered: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The one object of a kind."""
    (found,) = (item for item in rendered if item["kind"] == kind)
    return found


def test_a_name_added_to_the_virtual_service_alone_is_refused_by_the_gateway(  # noqa: PLR0917 -- fixtures
    mesh: Mesh,
    internet: Internet,
    rendered: list[dict[str, Any]],
    application: Application,
    sidecar: Proxy,
    gateway: Proxy,
) -> None:
    spec = one(rendered, "VirtualService")["spec"]
    spec["hosts"].append(EXTRA)
    spec["tls"][0]["match"][0]["sniHosts"].append(EXTRA)
    mesh.cluster.sync(yaml.safe_dump_all(rendered))
    eventually(lambda: EXTRA in sidecar.routed_names(), within=20, what="the tampered name in the sidecar")
    since = now()

    outcome = application.get(EXTRA)

    assert not outcome.ok, outcome
    # It did reach the gateway, which said no: it resolved nothing, and connected nowhere.
    (sent,) = sidecar.logged(since, requested_server_name=EXTRA)
    assert sent["upstream_host"] == f"{gateway.pod.address}:8443"
    (refused,) = gateway.logged(since, requested_server_name=EXTRA)
    assert refused["upstream_host"] == "-"
    assert refused["upstream_cluster"] == "-"
    assert internet.arrived(ADDRESS) == []


def test_a_name_added_to_the_envoy_filter_alone_is_never_sent_by_the_sidecar(
    mesh: Mesh,
    rendered: list[dict[str, Any]],
    application: Application,
    sidecar: Proxy,
    gateway: Proxy,
) -> None:
    patches = one(rendered, "EnvoyFilter")["spec"]["configPatches"]
    (listener,) = (value for value in (patch["patch"]["value"] for patch in patches) if "filter_chains" in value)
    listener["filter_chains"][0]["filter_chain_match"]["server_names"].append(EXTRA)
    mesh.cluster.sync(yaml.safe_dump_all(rendered))
    eventually(lambda: EXTRA in gateway.allowed_names(), within=20, what="the tampered name in the gateway")
    since = now()

    application.get(EXTRA)

    (sent,) = sidecar.logged(since, requested_server_name=EXTRA)
    assert sent["upstream_cluster"] == "PassthroughCluster"
    assert gateway.logged_nothing(since)
