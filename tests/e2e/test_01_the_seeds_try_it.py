"""The seed's "try it", from the rendered staging overlay: the same requests, and its log lines field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mesh.processes import eventually
from mesh.proxy import EGRESS, now

from conftest import IBM, WIKIPEDIA

if TYPE_CHECKING:
    from mesh.application import Application
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import LogLine, Proxy


@pytest.fixture(scope="module", autouse=True)
def staging(mesh: Mesh, overlays: Overlays, gateway: Proxy, sidecar: Proxy) -> None:
    """The overlay that lists wikipedia.org, arrived in both proxies."""
    mesh.cluster.sync(overlays.build("staging"))
    eventually(
        lambda: {"*.wikipedia.org"} <= gateway.allowed_names() & sidecar.routed_names(),
        within=20,
        what="staging's list in both proxies",
    )


def nothing_went_wrong(line: LogLine) -> None:
    """The fields of a TCP line that say how it ended: as in each of the seed's lines."""
    assert line["request"] == "- - -"
    assert line["response_code"] == "0"
    assert line["response_flags"] == "-", line.text
    assert line["response_code_details"] == "-"
    assert line["transport_failure"] == "-"
    assert int(line["bytes_received"]) > 0
    assert int(line["bytes_sent"]) > 0


@pytest.mark.parametrize("name", ["en.wikipedia.org", "de.wikipedia.org"])
def test_wikipedia_goes_through_sidecar_and_gateway(
    name: str, application: Application, sidecar: Proxy, gateway: Proxy
) -> None:
    since = now()

    assert application.get(name).page == name

    (sent,) = sidecar.logged(since, requested_server_name=name)
    (forwarded,) = gateway.logged(since, requested_server_name=name)
    (received,) = gateway.logged(since, upstream_cluster="sni_cluster")
    for line in (sent, received, forwarded):
        nothing_went_wrong(line)

    # The sidecar: to the gateway's pod, by the subset `wildcard`; the application meant the site's own address.
    assert sent["upstream_cluster"] == EGRESS
    assert sent["upstream_host"] == f"{gateway.pod.address}:8443"
    assert sent["downstream_local_address"] == f"{WIKIPEDIA}:443"
    assert sent["downstream_remote_address"].startswith(f"{sidecar.pod.address}:")
    # The gateway's mesh listener: from that connection, by the SNI of mutual TLS, into the forwarder.
    assert received["upstream_host"] == "envoy://sni_listener/"
    assert received["upstream_local_address"] == "envoy://internal_client_address/"
    assert received["downstream_local_address"] == f"{gateway.pod.address}:8443"
    assert received["downstream_remote_address"] == sent["upstream_local_address"]
    assert received["requested_server_name"] == "outbound_.443_.wildcard_.egressgateway.istio-egress.svc.cluster.local"
    # The forwarder: by the inner SNI, to the address the gateway resolved itself.
    assert forwarded["upstream_cluster"] == "dynamic_forward_proxy_cluster"
    assert forwarded["upstream_host"] == f"{WIKIPEDIA}:443"
    assert forwarded["upstream_local_address"].startswith(f"{gateway.pod.address}:")
    assert forwarded["downstream_local_address"] == "envoy://sni_listener/"
    assert forwarded["downstream_remote_address"] == "envoy://internal_client_address/"
    # The same bytes all the way.
    assert sent["bytes_sent"] == received["bytes_sent"] == forwarded["bytes_sent"]


def test_a_name_that_is_not_listed_goes_out_directly(application: Application, sidecar: Proxy, gateway: Proxy) -> None:
    since = now()

    assert application.get("cloud.ibm.com").page == "cloud.ibm.com"

    (sent,) = sidecar.logged(since, requested_server_name="cloud.ibm.com")
    nothing_went_wrong(sent)
    assert sent["upstream_cluster"] == "PassthroughCluster"
    assert sent["upstream_host"] == sent["downstream_local_address"] == f"{IBM}:443"
    assert gateway.logged_nothing(since)


def test_with_restrict_direct_egress_it_is_refused(
    mesh: Mesh, overlays: Overlays, application: Application, sidecar: Proxy, gateway: Proxy
) -> None:
    mesh.cluster.sync(overlays.make(["*.wikipedia.org"], components=["restrict-direct-egress"]))
    eventually(
        lambda: not application.get("cloud.ibm.com").ok, within=20, what="the sidecar refuses what is not listed"
    )
    since = now()

    assert not application.get("cloud.ibm.com").ok
    assert application.get("en.wikipedia.org").page == "en.wikipedia.org"

    # On a busy machine the sidecar may come to an earlier connection of the waiting above only now.
    refused = sidecar.logged(since, requested_server_name="cloud.ibm.com")
    assert {(line["upstream_cluster"], line["upstream_host"]) for line in refused} == {("BlackHoleCluster", "-")}
    assert gateway.logged(since, requested_server_name="en.wikipedia.org")
