"""Names at other ports than 443: each listed pair of name and port is reached through the gateway, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mesh.guard import attempt, on_guard
from mesh.network import add_internet_address
from mesh.processes import eventually
from mesh.proxy import now

import quick_yaml as yaml
from builds import OWNER
from postgresql import ANSWER, PostgreSQL, postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Impostor, Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

ADDRESS = "185.15.62.40"
BROKER, API = "broker.ports.example.net", "api.shops.example.net"
DATABASE, ITS_ADDRESS = "db.ports.example.net", "185.15.62.41"
NAMES = ("en.wikipedia.org", f"{BROKER}:9093", "*.shops.example.net:8443", f"{DATABASE}:5432")
COMPONENTS = ("ports", "restrict-direct-egress", "ports/restrict-direct-egress")
PORTS = {9093: 9093, 8443: 32443}
"""The ports of the list, each with the one where the gateway listens for it."""


def _sent(port: int) -> str:
    return f"outbound|{port}|wildcard|egressgateway.istio-egress.svc.cluster.local"


def _held(gateway: Proxy, port: int) -> set[str]:
    chains = gateway.config("listeners").get(f"port_{port}_sni_listener", {}).get("filter_chains", [])
    return {name for chain in chains for name in chain["filter_chain_match"]["server_names"]}


@pytest.fixture(scope="module", autouse=True)
def listed(mesh: Mesh, internet: Internet, overlays: Overlays, gateway: Proxy, sidecar: Proxy) -> Iterator[None]:
    """The list in both proxies, and a TLS server at every port of it."""
    for port in (443, *PORTS):
        internet.listen(ADDRESS, port, tls=True)
    internet.dns.records |= {"*.ports.example.net": [ADDRESS], "*.shops.example.net": [ADDRESS]}
    mesh.cluster.sync(overlays.make(NAMES, components=COMPONENTS))
    mesh.expose(gateway.pod, "egressgateway", "istio-egress")
    eventually(
        lambda: (
            _held(gateway, 5432) == sidecar.routed_names(_sent(5432)) == {DATABASE}
            and _held(gateway, 9093) == sidecar.routed_names(_sent(9093)) == {BROKER}
            and _held(gateway, 8443) == sidecar.routed_names(_sent(32443)) == {"*.shops.example.net"}
            and gateway.allowed_names() == sidecar.routed_names() == {"en.wikipedia.org"}
        ),
        within=60,
        what="the list at each port in both proxies",
    )
    yield
    mesh.cluster.sync(overlays.build("staging"))
    mesh.expose(gateway.pod, "egressgateway", "istio-egress")


@pytest.fixture(scope="module")
def impostor(mesh: Mesh) -> Impostor:
    """A client of the mesh that goes past its sidecar."""
    return mesh.impostor("ports")


@pytest.mark.parametrize(("name", "port"), [(BROKER, 9093), (API, 8443)])
def test_a_listed_pair_is_reached_at_its_port(
    name: str, port: int, application: Application, gateway: Proxy, sidecar: Proxy
) -> None:
    since = now()
    eventually(lambda: application.get(name, port=port).title == name, within=20, what=f"{name}:{port}")
    (sent, *_) = sidecar.logged(since, requested_server_name=name, upstream_cluster=_sent(PORTS[port]))
    assert sent["upstream_host"] == f"{gateway.pod.address}:{PORTS[port]}"
    gateway.logged(since, requested_server_name=name, upstream_host=f"{ADDRESS}:{port}")


def test_names_at_443_are_reached_as_before(application: Application) -> None:
    assert application.get("en.wikipedia.org").page == "en.wikipedia.org"


@pytest.mark.parametrize(
    ("name", "port"),
    [(BROKER, 443), (BROKER, 8443), (API, 443), (API, 9093), ("other.ports.example.net", 9093), (BROKER, 9094)],
)
def test_a_name_at_one_port_is_not_reached_at_another(
    name: str, port: int, application: Application, internet: Internet
) -> None:
    before = len(internet.arrived(ADDRESS))
    assert not application.get(name, port=port).ok
    assert len(internet.arrived(ADDRESS)) == before


@pytest.mark.parametrize(("name", "arrives"), [(BROKER, 8443), (BROKER, 32443), (API, 8443), (API, 9093)])
@pytest.mark.parametrize("outer", [443, 9093, 32443])
def test_past_the_sidecar_no_outer_name_opens_a_name_at_another_port(  # noqa: PLR0917 -- fixtures
    name: str, arrives: int, outer: int, impostor: Impostor, gateway: Proxy, internet: Internet
) -> None:
    before, since = len(internet.arrived(ADDRESS)), now()
    forged = f"outbound_.{outer}_.wildcard_.egressgateway.istio-egress.svc.cluster.local"
    assert not impostor.through(gateway, name, outer=forged, port=arrives).ok
    assert len(internet.arrived(ADDRESS)) == before
    gateway.logged(since, requested_server_name=name, upstream_host="-")


def test_past_the_sidecar_the_port_of_arrival_alone_decides_where_a_connection_goes(
    impostor: Impostor, internet: Internet, gateway: Proxy
) -> None:
    outcome = impostor.through(gateway, BROKER, port=9093)
    assert outcome.page == BROKER
    assert internet.arrived(ADDRESS)[-1].port == 9093


def test_without_a_certificate_of_the_mesh_no_port_is_open(impostor: Impostor, gateway: Proxy) -> None:
    for arrives in PORTS.values():
        outcome = impostor.application.get(BROKER, address=gateway.pod.address, port=arrives, unverified=True)
        assert not outcome.ok


def test_a_listed_pair_is_no_way_to_an_internal_address(
    application: Application, internet: Internet, gateway: Proxy
) -> None:
    internet.listen("10.0.0.9", 8443, tls=True)
    internet.dns.records["inside.shops.example.net"] = ["10.0.0.9"]
    since = now()
    assert not application.get("inside.shops.example.net", address=ADDRESS, port=8443).ok
    assert not internet.arrived("10.0.0.9")
    (refused, *_) = gateway.logged(since, requested_server_name="inside.shops.example.net", upstream_host="-")
    assert "rbac_access_denied_matched_policy[not-global]" in refused.text


@pytest.fixture(scope="module")
def database(internet: Internet) -> Iterator[PostgreSQL]:
    """A real PostgreSQL 17 at 5432 of an address of its own."""
    with postgresql() as programs:
        add_internet_address(ITS_ADDRESS)
        internet.dns.records[DATABASE] = [ITS_ADDRESS]
        process = programs.start(ITS_ADDRESS, 5432, *internet.authority.leaf(DATABASE))
        yield programs
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.parametrize("negotiation", ["direct", "postgres"])
def test_a_real_postgresql_is_reached_by_direct_tls_alone(
    negotiation: str, database: PostgreSQL, application: Application, internet: Internet, gateway: Proxy
) -> None:
    since = now()
    words = {"host": DATABASE, "hostaddr": ITS_ADDRESS, "sslnegotiation": negotiation}
    outcome = database.asked(words, internet.authority.root, application.pod.command())
    assert outcome.stdout == (ANSWER if negotiation == "direct" else ""), outcome.stderr
    if negotiation == "direct":
        gateway.logged(since, requested_server_name=DATABASE, upstream_host=f"{ITS_ADDRESS}:5432")


def test_with_admission_the_owner_changes_every_port_and_a_team_none(mesh: Mesh, overlays: Overlays) -> None:
    made = [one for one in yaml.safe_load_all(overlays.make(NAMES, components=COMPONENTS)) if one]
    copies = [one for one in made if "egress-overlays.dev/shard" in one["metadata"].get("annotations", {})]
    opened = [one for one in made if "egress-overlays.dev/ports" in one["metadata"].get("annotations", {})]
    assert (len(copies), {one["kind"] for one in opened}) == (9, {"Gateway", "Service", "NetworkPolicy"})
    with on_guard(mesh.cluster, overlays):
        for one in (*copies, *opened):
            one["metadata"]["annotations"]["example.com/changed"] = "yes"
            assert attempt(mesh.cluster, one, OWNER) == "", one["metadata"]["name"]
            assert "ValidatingAdmissionPolicy 'egress-gateway-" in attempt(mesh.cluster, one), one["metadata"]["name"]
