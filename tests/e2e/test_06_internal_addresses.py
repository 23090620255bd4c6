"""An allowed name is no way to an internal address, whatever DNS says about it and whenever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mesh.network import SEARCH
from mesh.policy import enforce_egress, stop_enforcing
from mesh.processes import eventually
from mesh.proxy import now
from mesh.resolver import Resolver, is_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesh.application import Application, Outcome
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

GLOBAL = "185.15.59.224"
DEAD = "185.15.59.199"
INTERNAL_BEHIND = "192.168.7.7"
# Servers stand on all of these (but for the gateway's own loopback), so that only the policy keeps them out of reach.
INTERNAL = ["10.0.0.1", "192.168.7.7", "169.254.169.254", "100.64.0.7", "172.17.0.1", "198.18.0.7", "127.0.0.1"]


@pytest.fixture(scope="module", autouse=True)
def staging(mesh: Mesh, internet: Internet, overlays: Overlays, gateway: Proxy, sidecar: Proxy) -> Iterator[None]:
    """The overlay that allows *.wikipedia.org, and a server on each internal address."""
    mesh.cluster.sync(overlays.build("staging"))
    both = lambda: "*.wikipedia.org" in gateway.allowed_names() & sidecar.routed_names()  # noqa: E731
    eventually(both, within=20, what="staging in both proxies")
    for address in INTERNAL:
        internet.listen(address)
    yield
    for name in [name for name in internet.dns.records if name.endswith(".internal.wikipedia.org")]:
        del internet.dns.records[name]


@pytest.mark.parametrize("address", INTERNAL)
def test_a_name_that_resolves_to_an_internal_address(
    address: str, internet: Internet, application: Application, gateway: Proxy
) -> None:
    name = f"a{address.replace('.', '-')}.internal.wikipedia.org"
    internet.dns.records[name] = [address]
    before, since = len(internet.arrived(address)), now()

    # The application itself may have been told any address: the sidecar goes by the name.
    outcome = application.get(name, address=GLOBAL)

    assert not outcome.ok, outcome
    assert len(internet.arrived(address)) == before, "the gateway connected, even if it sent nothing"
    (refused,) = gateway.logged(since, requested_server_name=name)
    assert "rbac_access_denied_matched_policy[not-global]" in refused.text
    assert refused["upstream_host"] == "-"


def test_an_answer_that_changes_between_two_requests(
    internet: Internet, application: Application, gateway: Proxy
) -> None:
    """DNS rebinding: allowed and global at first, internal when the gateway asks again."""
    name, internal = "rebinding.internal.wikipedia.org", "10.0.0.1"
    internet.dns.records[name] = [GLOBAL]
    assert application.get(name, address=GLOBAL).page == name
    before, since = len(internet.arrived(internal)), now()

    internet.dns.records[name] = [internal]

    # The gateway keeps an answer for a few seconds whatever its TTL; until then the old address is used.
    eventually(lambda: not application.get(name, address=GLOBAL).ok, within=90, what="the new answer refused")
    assert len(internet.arrived(internal)) == before
    refused = gateway.logged(since, requested_server_name=name, upstream_host="-")
    assert "not-global" in refused[-1].text


def test_an_answer_that_becomes_global_again_is_reached_again(internet: Internet, application: Application) -> None:
    name = "healed.internal.wikipedia.org"
    internet.dns.records[name] = ["10.0.0.1"]
    assert not application.get(name, address=GLOBAL).ok

    internet.dns.records[name] = [GLOBAL]

    eventually(lambda: application.get(name, address=GLOBAL).title == name, within=90, what="the global answer used")


def test_nobody_answers_for_a_name_below_the_pods_search_domains(internet: Internet, application: Application) -> None:
    """Who may make Services could point a listed name elsewhere: ghcr.io is ghcr.io.svc.cluster.local to a resolver."""
    name = "search.internal.wikipedia.org"
    internet.dns.records |= {name: [GLOBAL], **{f"{name}.{domain}": [DEAD] for domain in SEARCH}}
    asked = len(internet.dns.queries)

    assert application.get(name, address=GLOBAL).page == name

    assert {query for query in internet.dns.queries[asked:] if query.startswith("search.")} == {name}


@pytest.mark.parametrize("internal_first", [True, False], ids=["internal first", "global first"])
def test_internal_addresses_beside_a_global_one(
    internal_first: bool, internet: Internet, application: Application
) -> None:
    """Several answers at once: nothing internal is connected to, in whichever order they come."""
    name, internal = f"mixed-{int(internal_first)}.internal.wikipedia.org", "192.168.7.7"
    before = len(internet.arrived(internal))

    internet.dns.records[name] = [internal, GLOBAL] if internal_first else [GLOBAL, internal]
    for _ in range(5):
        application.get(name, address=GLOBAL)

    assert len(internet.arrived(internal)) == before


def test_by_base_alone_an_internal_address_behind_a_dead_one_is_reached(
    internet: Internet, application: Application
) -> None:
    """The counter-proof of the next two: Envoy checks the first address of an answer, and tries the others too."""
    before = len(internet.arrived(INTERNAL_BEHIND))

    ask_for_dead_then_internal("unpoliced", internet, application)

    assert len(internet.arrived(INTERNAL_BEHIND)) > before


@pytest.mark.usefixtures("resolver")
def test_with_the_resolver_it_is_out_of_reach_without_any_policy(internet: Internet, application: Application) -> None:
    before = len(internet.arrived(INTERNAL_BEHIND))

    outcome = ask_for_dead_then_internal("stripped", internet, application)

    assert not outcome.ok, outcome
    assert len(internet.arrived(INTERNAL_BEHIND)) == before
    internet.dns.records["beside.internal.wikipedia.org"] = [INTERNAL_BEHIND, GLOBAL]
    assert application.get("beside.internal.wikipedia.org", address=GLOBAL).page
    assert len(internet.arrived(INTERNAL_BEHIND)) == before


def test_a_resolver_that_fails_opens_nothing(
    resolver: Resolver, internet: Internet, application: Application, gateway: Proxy
) -> None:
    assert application.get("en.wikipedia.org").page
    resolver.stop()
    name, since = "unresolved.internal.wikipedia.org", now()
    internet.dns.records[name] = [GLOBAL]

    outcome = application.get(name, address=GLOBAL)

    assert not outcome.ok, outcome
    (refused,) = gateway.logged(since, requested_server_name=name)
    assert "not-resolved" in refused.text
    resolver.start()
    eventually(lambda: application.get(name, address=GLOBAL).ok, within=30, what="the name, once it is back")


@pytest.fixture
def resolver(mesh: Mesh, overlays: Overlays, gateway: Proxy, sidecar: Proxy) -> Iterator[Resolver]:
    """components/resolver: its container beside the proxy, and the gateway's pod replaced."""
    if not is_here():
        pytest.skip("NOT RUN: unbound is missing (apt-get install unbound)")

    def roll_out(manifests: str) -> None:
        mesh.cluster.sync(manifests)
        mesh.roll_out(gateway, "sni-egressgateway")
        both = lambda: "*.wikipedia.org" in gateway.allowed_names() & sidecar.routed_names()  # noqa: E731
        eventually(both, within=30, what="the list in both proxies")

    mesh.cluster.sync(overlays.make(["*.wikipedia.org"], components=["resolver"]))
    beside = Resolver(mesh.cluster, gateway.pod, mesh.logs)
    with beside.mounted():
        beside.start()
        roll_out(overlays.make(["*.wikipedia.org"], components=["resolver"]))
        yield beside
        beside.stop()
    roll_out(overlays.build("staging"))


@pytest.mark.usefixtures("network_policy")
def test_with_the_network_policy_enforced_that_is_out_of_reach_too(
    internet: Internet, application: Application
) -> None:
    before = len(internet.arrived(INTERNAL_BEHIND))

    outcome = ask_for_dead_then_internal("policed", internet, application)

    assert not outcome.ok, outcome
    assert len(internet.arrived(INTERNAL_BEHIND)) == before
    assert application.get("en.wikipedia.org").page


def ask_for_dead_then_internal(label: str, internet: Internet, application: Application) -> Outcome:
    """Asks for a name whose first address nobody answers at and whose second one is internal."""
    name = f"{label}.internal.wikipedia.org"
    internet.dns.records[name] = [DEAD, INTERNAL_BEHIND]
    return application.get(name, address=GLOBAL)


@pytest.fixture
def network_policy(mesh: Mesh, gateway: Proxy) -> Iterator[None]:
    """The gateway's NetworkPolicy as applied, enforced in its pod as a network plugin would."""
    policy = mesh.cluster.get("networkpolicy", "sni-egressgateway", "--namespace=istio-egress")
    enforce_egress(gateway.pod, policy)
    yield
    stop_enforcing(gateway.pod)


def test_the_internal_servers_are_really_there(internet: Internet, application: Application) -> None:
    """The counter-proof: without the gateway in the way (a name that is not listed), each of them answers."""
    for address in (address for address in INTERNAL if not address.startswith("127.")):
        name = f"direct-{address.replace('.', '-')}.example.net"
        internet.dns.records[name] = [address]
        assert application.get(name).page == name
