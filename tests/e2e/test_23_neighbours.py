"""What stands in a mesh beside base/: what each neighbour does to real traffic, and that doctor finds it alone."""

from __future__ import annotations

import datetime as dt
import itertools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from mesh.meshes import LISTED_ADDRESS, ONLY, UNLISTED, UNLISTED_ADDRESS, examined, settled
from mesh.network import NODE
from mesh.policy import dns_at, enforce_egress, stop_enforcing
from mesh.processes import eventually
from mesh.proxy import EGRESS, now

import quick_yaml as yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

    Object = dict[str, Any]

NUMBERS = itertools.count(1)
GATEWAY = {"istio": "sni-egressgateway"}
HOST = "egressgateway.istio-egress.svc.cluster.local"


def made(kind: str, namespace: str, spec: Object, version: str = "networking.istio.io/v1") -> Object:
    """A neighbour's object."""
    metadata = {"name": "neighbour", "namespace": namespace}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def entry(host: str, **port: object) -> Object:
    """A ServiceEntry for 443."""
    ports = [{"number": 443, "name": "tls", "protocol": "TLS", **port}]
    return made("ServiceEntry", "apps", {"hosts": [host], "ports": ports, "resolution": "NONE"})


def route(host: str, to: str) -> Object:
    """A VirtualService that leads a name to a ServiceEntry's host."""
    destination = {"destination": {"host": to, "port": {"number": 443}}}
    tls = [{"match": [{"port": 443, "sniHosts": [host]}], "route": [destination]}]
    return made("VirtualService", "apps", {"hosts": [host], "tls": tls})


def proxy_protocol() -> Object:
    """A filter of the root namespace that makes every gateway expect PROXY protocol."""
    filters = [
        {
            "name": "envoy.filters.listener.proxy_protocol",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"
            },
        }
    ]
    patch = {"operation": "MERGE", "value": {"listener_filters": filters}}
    patches = [{"applyTo": "LISTENER", "match": {"context": "GATEWAY"}, "patch": patch}]
    return made("EnvoyFilter", "istio-system", {"configPatches": patches}, "networking.istio.io/v1alpha3")


def deny() -> Object:
    """A policy that refuses every connection to pods of the gateway's namespace."""
    return made("AuthorizationPolicy", "istio-egress", {"action": "DENY", "rules": [{}]}, "security.istio.io/v1")


@dataclass(frozen=True)
class Neighbour:
    """`objects` for a listed name and the wildcard over it; `rule` finds them, `then` the listed name goes that way.

    `then`: through or past the gateway, or dark. `opens`: unlisted names go out. `is_older`: it was there before base/.
    """

    objects: Callable[[str, str], list[Object]]
    rule: str
    then: str
    opens: bool = False
    is_older: bool = False


NEIGHBOURS = {
    "an older VirtualService for the wildcard": Neighbour(
        lambda listed, wildcard: [entry(listed), route(wildcard, listed)], "past-gateway", "past", is_older=True
    ),
    "a team's own route for a listed name": Neighbour(
        lambda listed, _: [entry(listed), route(listed, listed)], "past-gateway", "past"
    ),
    "a ServiceEntry with TCP on 443 and no addresses": Neighbour(
        lambda *_: [entry("db.neighbours.example.net", protocol="TCP")], "tcp-entry", "through", opens=True
    ),
    "a DestinationRule of the client's namespace": Neighbour(
        lambda *_: [made("DestinationRule", "apps", {"host": HOST})], "destination-rule", "dark"
    ),
    "PROXY protocol for every gateway": Neighbour(lambda *_: [proxy_protocol()], "selection", "dark"),
    "DENY in the gateway's namespace": Neighbour(lambda *_: [deny()], "authorization", "dark"),
}

SAMPLE = ("a team's own route for a listed name",)
CHOSEN = (
    NEIGHBOURS if os.environ.get("EGRESS_OVERLAYS_MESHES") == "all" else {name: NEIGHBOURS[name] for name in SAMPLE}
)


@pytest.fixture(scope="module", autouse=True)
def _usual_mesh_afterwards(mesh: Mesh, overlays: Overlays, internet: Internet, gateway: Proxy) -> Iterator[None]:
    internet.serve(UNLISTED, UNLISTED_ADDRESS)
    mesh.istiod.configure(ONLY, {})
    yield
    mesh.istiod.configure({}, {})
    mesh.cluster.sync(overlays.build("staging"))
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=60, what="staging in the gateway")


@pytest.fixture
def listed(internet: Internet) -> str:
    """A name of a zone that no test before had."""
    name = f"docs.neighbours-{next(NUMBERS)}.example.com"
    internet.serve(name, LISTED_ADDRESS)
    return name


def wildcard_over(name: str) -> str:
    """The wildcard that lists it."""
    return f"*.{name.partition('.')[2]}"


def way_of(name: str, application: Application, sidecar: Proxy) -> str:
    """How a request for a name leaves: through the gateway, past it, or not at all."""
    since = now()
    if not application.get(name).ok:
        return "dark"
    line = sidecar.logged(since, requested_server_name=name)[-1]
    return "through" if line["upstream_cluster"] == EGRESS else "past"


def await_way(way: str, name: str, application: Application, sidecar: Proxy) -> None:
    """Waits until requests for a name leave that way."""
    eventually(lambda: way_of(name, application, sidecar) == way, within=60, what=f"{name} {way}")


@pytest.mark.parametrize("neighbour", list(CHOSEN.values()), ids=list(CHOSEN))
def test_doctor_finds_the_neighbour_and_nothing_else(  # noqa: PLR0917 -- fixtures
    neighbour: Neighbour,
    mesh: Mesh,
    overlays: Overlays,
    gateway: Proxy,
    sidecar: Proxy,
    application: Application,
    listed: str,
) -> None:
    wildcard = wildcard_over(listed)
    planted = yaml.safe_dump_all(neighbour.objects(listed, wildcard))
    ours = overlays.make([wildcard])
    mesh.cluster.sync(ours)
    if neighbour.is_older:
        route = ("direct-wildcard-through-egress-gateway", "--namespace=istio-system")
        mesh.cluster.kubectl("delete", "virtualservice", *route)
        mesh.cluster.apply(planted)
        second = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(seconds=1)
        eventually(lambda: dt.datetime.now(dt.UTC) > second, within=5, what="the next second")
        mesh.cluster.sync(ours)
    else:
        settled(wildcard, gateway, sidecar)
        await_way("through", listed, application, sidecar)
        assert not application.get(UNLISTED).ok
        assert examined(mesh) == set()
        mesh.cluster.apply(planted)
    try:
        assert examined(mesh) == {neighbour.rule}
        await_way(neighbour.then, listed, application, sidecar)
        if neighbour.opens:
            eventually(lambda: application.get(UNLISTED).ok, within=30, what="the unlisted name")
        else:
            assert not application.get(UNLISTED).ok
    finally:
        mesh.cluster.kubectl("delete", "-f", "-", stdin=planted)
    assert examined(mesh) == set()
    await_way("through", listed, application, sidecar)
    eventually(lambda: not application.get(UNLISTED).ok, within=30, what="the unlisted name closed again")


def test_registry_only_takes_meshconfig_where_namespaces_have_sidecars_of_their_own(  # noqa: PLR0917 -- fixtures
    mesh: Mesh, overlays: Overlays, gateway: Proxy, sidecar: Proxy, application: Application, listed: str
) -> None:
    wildcard = wildcard_over(listed)
    mesh.istiod.configure({}, {})
    mesh.cluster.sync(overlays.make([wildcard], components=["restrict-direct-egress"]))
    settled(wildcard, gateway, sidecar)
    eventually(lambda: not application.get(UNLISTED).ok, within=30, what="the component's Sidecar")
    assert examined(mesh) == set()
    own = yaml.safe_dump(made("Sidecar", "apps", {"egress": [{"hosts": ["*/*"]}]}))
    mesh.cluster.apply(own)
    try:
        assert examined(mesh) == {"outbound"}
        eventually(lambda: application.get(UNLISTED).ok, within=30, what="the way that the own Sidecar opens")
        mesh.istiod.configure(ONLY, {})
        eventually(lambda: not application.get(UNLISTED).ok, within=30, what="meshConfig in the sidecar")
        assert examined(mesh) == set()
        await_way("through", listed, application, sidecar)
    finally:
        mesh.cluster.kubectl("delete", "-f", "-", stdin=own)


@pytest.fixture
def dns_at_5353(mesh: Mesh, gateway: Proxy) -> Iterator[None]:
    """Queries of the gateway's pod arrive at 5353, as behind a Service of port 53; OpenShift's Service is there."""
    ports = [{"name": name, "port": 53, "targetPort": 5353, "protocol": name.upper()} for name in ("udp", "tcp")]
    mesh.cluster.namespace("openshift-dns")
    metadata = {"name": "dns-default", "namespace": "openshift-dns"}
    service = yaml.safe_dump({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports}})
    mesh.cluster.apply(service)
    with dns_at(5353, gateway.pod):
        yield
    stop_enforcing(gateway.pod)
    mesh.cluster.kubectl("delete", "-f", "-", stdin=service)


@pytest.mark.usefixtures("dns_at_5353")
def test_dns_pods_at_5353_take_components_openshift(  # noqa: PLR0917 -- fixtures
    mesh: Mesh, overlays: Overlays, gateway: Proxy, sidecar: Proxy, application: Application, listed: str
) -> None:
    wildcard = wildcard_over(listed)
    mesh.cluster.sync(overlays.make([wildcard]))
    settled(wildcard, gateway, sidecar)
    assert examined(mesh) == {"dns-port"}
    enforce(mesh, gateway)
    assert way_of(listed, application, sidecar) == "dark"

    mesh.cluster.sync(overlays.make([wildcard], components=["openshift"]))
    assert examined(mesh) == set()
    stop_enforcing(gateway.pod)
    enforce(mesh, gateway)
    await_way("through", listed, application, sidecar)
    assert not application.get(UNLISTED).ok


def enforce(mesh: Mesh, gateway: Proxy) -> None:
    """Enforces the NetworkPolicies of the gateway's namespace; pods that they name are the DNS server."""
    policies = mesh.cluster.get("networkpolicies", "--namespace=istio-egress")["items"]
    enforce_egress(gateway.pod, *policies, selected=[f"{NODE}/32"])
