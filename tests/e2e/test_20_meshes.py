"""base/ in meshes that are set up otherwise: a row each. `make e2e-meshes` runs all of them, `make e2e` a sample."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from mesh.meshes import LISTED_ADDRESS, ONLY, UNLISTED, UNLISTED_ADDRESS, examined, settled
from mesh.processes import eventually
from mesh.proxy import EGRESS, now

import quick_yaml as yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

NUMBERS = itertools.count(1)


def denied(namespace: str) -> dict[str, Any]:
    """A policy that allows nothing."""
    metadata = {"name": "deny-all", "namespace": namespace}
    return {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": metadata, "spec": {}}


@dataclass(frozen=True)
class Row:
    """A mesh: meshConfig's `settings`, istiod's `environment`, `objects` that stand there.

    `components` mend it; `rule` is what doctor finds without them. `direct`: what is not listed goes past the gateway.
    A `trust_domain` of the mesh's own takes proxies that start with it.
    """

    settings: dict[str, Any] = field(default_factory=lambda: dict(ONLY))
    environment: dict[str, str] = field(default_factory=dict)
    objects: tuple[dict[str, Any], ...] = ()
    components: tuple[str, ...] = ()
    rule: str = ""
    direct: bool = False
    trust_domain: str = ""


HIDDEN = {f"default{kind}ExportTo": ["."] for kind in ("Service", "VirtualService", "DestinationRule")}
DISCOVERED: dict[str, Any] = {"discoverySelectors": [{"matchLabels": {"istio-discovery": "enabled"}}]}
ROWS = {
    "default": Row({}, direct=True),
    "REGISTRY_ONLY": Row(),
    "exportTo of . and ALLOW_ANY": Row(HIDDEN, direct=True),
    "exportTo of .": Row({**ONLY, **HIDDEN}),
    "root namespace elsewhere": Row({**ONLY, "rootNamespace": "mesh-config"}),
    "gateways scoped to their namespace": Row(environment={"PILOT_SCOPE_GATEWAY_TO_NAMESPACE": "true"}),
    "discoverySelectors": Row({**ONLY, **DISCOVERED}, components=("discovery",), rule="discovery"),
    "deny-all in the root namespace": Row(
        objects=(denied("istio-system"),), components=("authorization",), rule="authorization"
    ),
    "dual stack": Row(environment={"ISTIO_DUAL_STACK": "true"}, components=("dual-stack",)),
    "another trust domain": Row({**ONLY, "trustDomain": "corp.example"}, trust_domain="corp.example"),
}
SAMPLE = ("exportTo of .", "deny-all in the root namespace")
CHOSEN = ROWS if os.environ.get("EGRESS_OVERLAYS_MESHES") == "all" else {name: ROWS[name] for name in SAMPLE}


@pytest.fixture(scope="module", autouse=True)
def _unlisted(internet: Internet) -> None:
    internet.serve(UNLISTED, UNLISTED_ADDRESS)


@pytest.fixture(scope="module", autouse=True)
def _usual_mesh_afterwards(mesh: Mesh, overlays: Overlays, gateway: Proxy) -> Iterator[None]:
    yield
    mesh.istiod.configure({}, {})
    mesh.cluster.sync(overlays.build("staging"))
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=60, what="staging in the gateway")


@pytest.fixture(params=list(CHOSEN.values()), ids=list(CHOSEN))
def row(request: pytest.FixtureRequest, mesh: Mesh, gateway: Proxy, sidecar: Proxy) -> Iterator[Row]:
    """A mesh, set up; what stands there besides is taken away again."""
    row: Row = request.param
    mesh.istiod.configure(row.settings, row.environment)
    if "discoverySelectors" in row.settings:
        for name in ("apps", "istio-system"):
            mesh.cluster.kubectl("label", "namespace", name, "istio-discovery=enabled", "--overwrite")
        mesh.cluster.kubectl("label", "namespace", "istio-egress", "istio-discovery-")
    if row.trust_domain:
        for proxy in (gateway, sidecar):
            proxy.start(mesh.cluster, mesh.istiod, trust_domain=row.trust_domain)
            assert f"spiffe://{row.trust_domain}/ns/{proxy.namespace}/" in proxy.admin("certs")
    manifests = yaml.safe_dump_all(row.objects)
    if row.objects:
        mesh.cluster.apply(manifests)
    yield row
    if row.objects:
        mesh.cluster.kubectl("delete", "-f", "-", stdin=manifests)
    if row.trust_domain:
        mesh.istiod.configure(ONLY, {})
        for proxy in (gateway, sidecar):
            proxy.start(mesh.cluster, mesh.istiod)


def test_base_works_in_it(  # noqa: PLR0917 -- fixtures
    row: Row,
    mesh: Mesh,
    overlays: Overlays,
    internet: Internet,
    gateway: Proxy,
    sidecar: Proxy,
    application: Application,
) -> None:
    zone = f"mesh-{next(NUMBERS)}.example.com"
    listed, wildcard = f"docs.{zone}", f"*.{zone}"
    internet.serve(listed, LISTED_ADDRESS)
    if not row.direct:
        eventually(lambda: not application.get(UNLISTED).ok, within=30, what="the new mesh in the sidecar")
    if row.rule:
        mesh.cluster.sync(overlays.make([wildcard]))
        assert examined(mesh) == {row.rule}
        if row.rule == "authorization":
            settled(wildcard, gateway, sidecar)
        assert not application.get(listed).ok
    mesh.cluster.sync(overlays.make([wildcard], components=row.components))
    assert examined(mesh) == ({"outbound"} if row.direct else set())
    settled(wildcard, gateway, sidecar)
    eventually(lambda: application.get(listed).title == listed, within=30, what="the listed name")
    since = now()
    assert application.get(listed).page == listed
    (line,) = sidecar.logged(since, requested_server_name=listed)
    assert line["upstream_cluster"] == EGRESS

    assert application.get(UNLISTED).ok is row.direct
    before = len(internet.arrived(UNLISTED_ADDRESS))
    assert not mesh.impostor("a workload").through(gateway, UNLISTED).ok
    outsider = mesh.impostor("a workload").application
    for name in (listed, UNLISTED):
        assert not outsider.get(name, address=gateway.pod.address, port=8443, sni=name, unverified=True).ok
    assert len(internet.arrived(UNLISTED_ADDRESS)) == before


STOCK_LABELS = {"app": "istio-egressgateway", "istio": "egressgateway"}
STOCK_SERVICE = "istio-egressgateway.stock.svc.cluster.local"
SHOP, SHOP_ADDRESS = "shop.meshes.example.org", "185.15.62.12"
NEWS, NEWS_ADDRESS = "news.meshes.example.org", "185.15.62.13"
BANK, BANK_ADDRESS = "bank.meshes.example.org", "185.15.62.14"


def stock(root: Path) -> list[dict[str, Any]]:
    """What Istio's tasks for egress gateways set up, and a Gateway for every name beside it.

    TLS passthrough (SHOP), HTTP (NEWS), and TLS that the gateway begins, for a client without any (BANK); `root`: whose
    certificates it takes then.
    """

    def made(kind: str, name: str, spec: dict[str, Any], version: str = "networking.istio.io/v1") -> dict[str, Any]:
        return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "stock"}, "spec": spec}

    def gateway(name: str, host: str, number: int = 443) -> dict[str, Any]:
        port = {"number": number, "name": f"port-{number}", "protocol": "TLS" if number == 443 else "HTTP"}
        passthrough = {"tls": {"mode": "PASSTHROUGH"}} if number == 443 else {}
        servers = [{"port": port, "hosts": [host], **passthrough}]
        return made("Gateway", name, {"selector": {"istio": "egressgateway"}, "servers": servers})

    def routed(name: str, host: str, kind: str, number: int, to: int) -> dict[str, Any]:
        names = {"sniHosts": [host]} if kind == "tls" else {}
        hops = [("mesh", STOCK_SERVICE, number), (name, host, to)]
        routes = [
            {
                "match": [{"gateways": [hop], "port": number, **names}],
                "route": [{"destination": {"host": destination, "port": {"number": port}}}],
            }
            for hop, destination, port in hops
        ]
        return made("VirtualService", name, {"hosts": [host], "gateways": ["mesh", name], kind: routes})

    def entry(name: str, host: str, ports: dict[int, str]) -> dict[str, Any]:
        listed = [{"number": number, "name": f"port-{number}", "protocol": it} for number, it in ports.items()]
        return made("ServiceEntry", name, {"hosts": [host], "ports": listed, "resolution": "DNS"})

    ports = [{"name": "tls", "port": 443, "targetPort": 8443}, {"name": "http", "port": 80, "targetPort": 8080}]
    begun = {"port": {"number": 443}, "tls": {"mode": "SIMPLE", "caCertificates": str(root), "sni": BANK}}
    return [
        made("Service", "istio-egressgateway", {"selector": STOCK_LABELS, "ports": ports}, "v1"),
        entry("shop", SHOP, {443: "TLS"}),
        gateway("shop", SHOP),
        gateway("everything", "*"),
        routed("shop", SHOP, "tls", 443, 443),
        entry("news", NEWS, {80: "HTTP"}),
        gateway("news", NEWS, 80),
        routed("news", NEWS, "http", 80, 80),
        entry("bank", BANK, {80: "HTTP", 443: "HTTPS"}),
        gateway("bank", BANK, 80),
        routed("bank", BANK, "http", 80, 443),
        made("DestinationRule", "bank", {"host": BANK, "trafficPolicy": {"portLevelSettings": [begun]}}),
    ]


@pytest.fixture(scope="module")
def stock_gateway(mesh: Mesh, internet: Internet) -> Proxy:
    """Istio's own egress gateway: a pod with its usual labels. Its Service and samples come and go."""
    for name, address in ((SHOP, SHOP_ADDRESS), (NEWS, NEWS_ADDRESS), (BANK, BANK_ADDRESS)):
        internet.serve(name, address)
        internet.listen(address, 80)
    mesh.istiod.configure(ONLY, {})
    proxy = mesh.router("stock-egress-0", "stock", STOCK_LABELS)
    ports = [{"name": name, "port": port, "protocol": "TCP"} for name, port in (("tls", 8443), ("http", 8080))]
    mesh.cluster.endpoints("istio-egressgateway", "stock", {"stock-egress-0": proxy.pod.address}, ports)
    return proxy


def answers_without_tls(application: Application, name: str) -> bool:
    """Whether a client that speaks plain HTTP gets an answer."""
    return application.get(name, plaintext=True, port=80).ok


def without_istio(manifests: str) -> str:
    """The objects that Kubernetes itself reads."""
    found = [one for one in yaml.safe_load_all(manifests) if one and "istio.io" not in one["apiVersion"]]
    return yaml.safe_dump_all(found)


@pytest.mark.parametrize("first", ["the samples", "base"])
def test_istios_own_egress_gateway_and_base_leave_each_other_alone(  # noqa: PLR0917 -- fixtures
    first: str,
    mesh: Mesh,
    overlays: Overlays,
    internet: Internet,
    gateway: Proxy,
    stock_gateway: Proxy,
    sidecar: Proxy,
    application: Application,
) -> None:
    zone = f"stock-{next(NUMBERS)}.example.com"
    listed, wildcard = f"docs.{zone}", f"*.{zone}"
    internet.serve(listed, LISTED_ADDRESS)
    samples = yaml.safe_dump_all(stock(internet.authority.root))
    # What Istio reads of ours goes. The service account stays: the gateway's token is bound to it.
    ours = overlays.make([wildcard])
    mesh.cluster.sync(without_istio(ours))
    if first == "base":
        mesh.cluster.sync(ours)
    mesh.cluster.apply(samples)
    mesh.cluster.sync(ours)
    settled(wildcard, gateway, sidecar)
    since = now()

    eventually(lambda: application.get(SHOP).title == SHOP, within=30, what="the shop, by Istio's gateway")
    eventually(lambda: application.get(listed).title == listed, within=30, what="the listed name, by ours")
    for name, address in ((NEWS, NEWS_ADDRESS), (BANK, BANK_ADDRESS)):
        begun = len(internet.arrived(address))
        eventually(partial(answers_without_tls, application, name), within=30, what=name)
        arrived = internet.arrived(address)[begun:]
        assert {one.peer for one in arrived} == {stock_gateway.pod.address}
        assert {tuple(one.server_name) for one in arrived} == ({(BANK,)} if name == BANK else {()})

    assert gateway.logged(since, requested_server_name=listed)
    for name in (SHOP, NEWS, BANK):
        assert gateway.logged_nothing(since, requested_server_name=name)
    (chain,) = gateway.config("listeners")["0.0.0.0_8443"]["filter_chains"]
    assert chain["transport_socket"]["typed_config"]["require_client_certificate"] is True
    assert "sni_listener" not in stock_gateway.config("listeners")
    outsider = mesh.impostor("a workload").application
    for name in (listed, SHOP, NEWS, BANK, UNLISTED):
        assert not outsider.get(name, address=gateway.pod.address, port=8443, sni=name, unverified=True).ok
    assert examined(mesh) == set()
    mesh.cluster.kubectl("delete", "-f", "-", stdin=samples)
