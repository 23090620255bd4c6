"""Other TLS-passthrough gateways of the mesh keep their destinations beside ours, and lose them beside the seed's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mesh.overlays import only
from mesh.processes import eventually

import quick_yaml as yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

ISTIO = ("networking.istio.io", "telemetry.istio.io")
SHOP = "shop.example.com"
SHOP_ADDRESS = "185.15.59.240"
OTHER_PORT = 9443  # On the egress gateway's own pod.
SAME_PORT = 8443  # On a pod with other labels.
INGRESS = {"app": "ingress", "istio": "ingressgateway"}
BACKEND = f"outbound|443||{SHOP}"


def passthrough(name: str, selector: dict[str, str], port: int) -> list[dict[str, Any]]:
    """A Gateway that passes TLS for the shop through on a port of the selected pods, and its VirtualService."""
    metadata = {"name": name, "namespace": "shop"}
    server = {
        "port": {"number": port, "name": f"tls-{name}", "protocol": "TLS"},
        "hosts": [SHOP],
        "tls": {"mode": "PASSTHROUGH"},
    }
    match = [{"port": port, "sniHosts": [SHOP]}]
    route = [{"destination": {"host": SHOP, "port": {"number": 443}}}]
    return [
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": metadata,
            "spec": {"selector": selector, "servers": [server]},
        },
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": metadata,
            "spec": {"hosts": [SHOP], "gateways": [name], "tls": [{"match": match, "route": route}]},
        },
    ]


@pytest.fixture(scope="module")
def shop(mesh: Mesh, internet: Internet) -> Iterator[None]:
    """The shop, behind a gateway on another port of our pod and one on the same port of other pods."""
    internet.serve(SHOP, SHOP_ADDRESS)
    mesh.cluster.namespace("shop")
    entry = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {
            "hosts": [SHOP],
            "exportTo": ["*"],
            "ports": [{"number": 443, "name": "tls", "protocol": "TLS"}],
            "resolution": "DNS",
        },
    }
    objects = [
        entry,
        *passthrough("other-port", {"istio": "sni-egressgateway"}, OTHER_PORT),
        *passthrough("same-port", {"istio": "ingressgateway"}, SAME_PORT),
    ]
    manifests = yaml.safe_dump_all(objects)
    mesh.cluster.apply(manifests)
    yield
    mesh.cluster.kubectl("delete", "-f", "-", stdin=manifests)  # Every sidecar would go on knowing the shop.


@pytest.fixture(scope="module")
def ingress_gateway(mesh: Mesh, shop: None) -> Proxy:
    """A second gateway pod, with labels of its own."""
    del shop
    return mesh.router("ingress-0", "shop", INGRESS)


@pytest.fixture(scope="module")
def outsider(mesh: Mesh) -> Application:
    """A client outside the mesh, as a shop's customers are."""
    return mesh.application(mesh.pod_network("customer-0"))


@pytest.fixture(params=[OTHER_PORT, SAME_PORT], ids=["another port of our pods", "the same port of other pods"])
def other_gateway(request: pytest.FixtureRequest, gateway: Proxy, ingress_gateway: Proxy) -> tuple[Proxy, int]:
    """Each of the two other gateways: its pod's proxy and its port."""
    return (gateway if request.param == OTHER_PORT else ingress_gateway), request.param


@pytest.fixture
def ours(mesh: Mesh, overlays: Overlays, gateway: Proxy) -> None:
    """staging."""
    mesh.cluster.sync(overlays.build("staging"))
    eventually(lambda: "*.adyen.com" in gateway.allowed_names(), within=20, what="staging in the gateway")


@pytest.fixture
def the_seeds(mesh: Mesh, overlays: Overlays, gateway: Proxy) -> None:
    """The seed's configuration for our workload and Service."""
    seed = Path(__file__).with_name("seed.yaml").read_text().replace("istio: egressgateway", "istio: sni-egressgateway")
    seed = only(seed, groups=ISTIO)
    workload = [item for item in yaml.safe_load_all(overlays.build("staging")) if "istio.io" not in item["apiVersion"]]
    mesh.cluster.sync(yaml.safe_dump_all(workload) + "---\n" + seed)
    eventually(lambda: gateway.allowed_names() == {"*.wikipedia.org"}, within=20, what="the seed's list in the gateway")


def tcp_proxy_clusters(proxy: Proxy, port: int) -> set[str]:
    """Where the filter chains of a gateway's listener send connections."""
    listener = proxy.config("listeners")[f"0.0.0.0_{port}"]
    return {
        filter_["typed_config"]["cluster"]
        for chain in listener["filter_chains"]
        for filter_ in chain["filters"]
        if "cluster" in filter_["typed_config"]
    }


@pytest.mark.usefixtures("ours")
def test_ours_leaves_it_alone(other_gateway: tuple[Proxy, int], outsider: Application) -> None:
    proxy, port = other_gateway
    eventually(lambda: f"0.0.0.0_{port}" in proxy.config("listeners"), within=20, what="the other gateway's listener")

    assert tcp_proxy_clusters(proxy, port) == {BACKEND}
    # It may still be asking DNS for the shop's address.
    eventually(
        lambda: outsider.get(SHOP, address=proxy.pod.address, port=port).title == SHOP, within=20, what="the shop"
    )


@pytest.mark.usefixtures("ours")
def test_ours_is_in_the_egress_gateway_alone(gateway: Proxy, ingress_gateway: Proxy) -> None:
    assert tcp_proxy_clusters(gateway, 8443) == {"sni_cluster"}
    listeners = gateway.config("listeners")
    assert "sni_listener" in listeners
    limit = "per_connection_buffer_limit_bytes"
    assert listeners["0.0.0.0_8443"][limit] == 32768
    assert limit not in listeners[f"0.0.0.0_{OTHER_PORT}"]
    assert "sni_listener" not in ingress_gateway.config("listeners")
    assert "sni_cluster" not in ingress_gateway.config("clusters")


@pytest.mark.usefixtures("the_seeds")
def test_the_seeds_takes_it_over(other_gateway: tuple[Proxy, int], outsider: Application) -> None:
    proxy, port = other_gateway
    eventually(lambda: tcp_proxy_clusters(proxy, port) == {"sni_cluster"}, within=20, what="the seed's patch")

    assert "sni_listener" in proxy.config("listeners")
    assert not outsider.get(SHOP, address=proxy.pod.address, port=port).ok, json.dumps(proxy.config("listeners"))


@pytest.mark.usefixtures("the_seeds")
def test_moving_from_the_seeds_to_ours_needs_no_restart(mesh: Mesh, overlays: Overlays, gateway: Proxy) -> None:
    """Envoy refuses other settings for a DNS cache of the same name, and all later lists with them: ours is new."""
    mesh.cluster.sync(overlays.build("staging"))

    eventually(lambda: "*.adyen.com" in gateway.allowed_names(), within=20, what="staging in the running gateway")
