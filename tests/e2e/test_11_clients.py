"""Lists for some clients: two teams and a stranger at one gateway, by their sidecars and past them.

Everything is real: a sidecar a namespace, and the certificate that istiod issued to each. What steals one is a client
in a pod of its own without a sidecar, that holds the files which the sidecar's pilot-agent was told to write.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mesh.application import answered
from mesh.decisions import decided
from mesh.mesh import SIDECARS_NAME, Impostor
from mesh.processes import eventually
from mesh.proxy import now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

OVERLAYS = Path(__file__).with_name("clients")
TEAMS = ("payments", "blog", "stranger")
FORWARDER = "envoy://sni_listener/"

# Who reaches what, and why.
EVERYBODY = frozenset(TEAMS)
REACH: dict[str, frozenset[str]] = {
    "pypi.org": EVERYBODY,
    "www.bank.example.com": EVERYBODY,  # also though payments has a wildcard above it
    "docs.open.example.com": EVERYBODY,  # also though blog lists it below everybody's wildcard
    "api.stripe.com": frozenset({"payments"}),
    "us.bank.example.com": frozenset({"payments"}),
    "cdn.blog.example.com": frozenset({"blog"}),
    "de.eu.bank.example.com": frozenset({"blog", "payments"}),  # each by a wildcard of its own
    "admin.bank.example.com": frozenset({"blog"}),  # payments denies it below its wildcard, for itself
    "a.vault.bank.example.com": frozenset(),  # likewise, and nobody else lists it
    "tills.example.net": frozenset(),  # of payments' other service account alone
    "nobodys.example.net": frozenset(),
}
SITES = {name: f"185.15.60.{number}" for number, name in enumerate(REACH, 10)}

# What their sidecars are to know; that of payments knows its whole namespace's.
SHARED = {"pypi.org", "www.bank.example.com", "*.open.example.com"}
KNOWN = {
    "payments": {*SHARED, "api.stripe.com", "*.bank.example.com", "tills.example.net"},
    "blog": {*SHARED, "cdn.blog.example.com", "*.eu.bank.example.com", "admin.bank.example.com"},
    "stranger": SHARED,
}
DENIED = {"admin.bank.example.com", "a.vault.bank.example.com"}
"""What payments denies: its sidecar refuses it, since no list of the namespace opens it."""
NOWHERE = "outbound|443||denied.egress-domains.invalid"


@dataclass(frozen=True)
class Team:
    """A namespace with an application behind a sidecar, and a thief that has the sidecar's certificate."""

    name: str
    sidecar: Proxy
    application: Application
    thief: Impostor

    @property
    def identity(self) -> str:
        """The SPIFFE identity of its workload."""
        return f"spiffe://cluster.local/ns/{self.name}/sa/sleep"


@pytest.fixture(scope="module")
def teams(mesh: Mesh, internet: Internet, overlays: Overlays, gateway: Proxy) -> Mapping[str, Team]:
    """All teams, with their lists in the gateway and in the sidecars."""
    for name, address in SITES.items():
        internet.serve(name, address)
    mesh.cluster.sync(overlays.build(OVERLAYS / "registry"))
    found = {name: _team(name, mesh) for name in TEAMS}
    arrive(found, gateway)
    return found


def arrive(teams: Mapping[str, Team], gateway: Proxy) -> None:
    """Waits until every proxy holds its lists."""
    eventually(
        lambda: gateway.allowed_names() == set().union(*KNOWN.values()), within=30, what="all lists in the gateway"
    )
    for name, team in teams.items():
        eventually(
            lambda: team.sidecar.routed_names() == KNOWN[name],  # noqa: B023 -- called before the next turn
            within=30,
            what=f"the lists of {name} in its sidecar",
        )


@pytest.fixture(scope="module", autouse=True)
def _staging_again(mesh: Mesh, overlays: Overlays, gateway: Proxy) -> Iterator[None]:
    yield
    mesh.cluster.sync(overlays.build("staging"))
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=20, what="staging in the gateway")


def _team(name: str, mesh: Mesh) -> Team:
    sidecar, certificate, key = mesh.robbed(f"{name}-0", name)
    past = mesh.application(mesh.pod_network(f"past-{name}"))
    return Team(name, sidecar, mesh.application(sidecar.pod), Impostor(past, certificate, key))


def arrivals(internet: Internet) -> dict[str, int]:
    """How many connections each site has seen."""
    return {name: len(internet.arrived(address)) for name, address in SITES.items()}


@pytest.mark.parametrize("name", TEAMS)
def test_a_sidecar_knows_the_lists_of_its_namespace_and_everybodys(name: str, teams: Mapping[str, Team]) -> None:
    sidecar = teams[name].sidecar
    assert sidecar.routed_names() == KNOWN[name]
    assert _clusters(sidecar) & set().union(*KNOWN.values()) == KNOWN[name]


def _clusters(sidecar: Proxy) -> set[str]:
    return {name.rpartition("|")[2] for name in sidecar.config("clusters")}


@pytest.mark.parametrize("name", TEAMS)
def test_each_application_reaches_its_own_and_the_shared_names(
    name: str, teams: Mapping[str, Team], gateway: Proxy, internet: Internet
) -> None:
    before, since = arrivals(internet), now()

    outcomes = {host: teams[name].application.get(host) for host in REACH}

    allowed = {host for host, reaching in REACH.items() if name in reaching}
    assert answered(outcomes, allowed), outcomes
    assert all(outcomes[host].title == host for host in allowed)
    assert arrivals(internet) == {host: count + (host in allowed) for host, count in before.items()}
    # Each one through the gateway, which knew who asked.
    for host in allowed:
        assert decided(gateway, since, teams[name].identity, host)["decision"] == "allowed"
        (forwarded,) = gateway.logged(since, requested_server_name=host)
        assert forwarded["upstream_host"] == f"{SITES[host]}:443"
    # What no list of the namespace holds does not leave the pod.
    unknown = {host for host in REACH if host not in allowed and host not in KNOWN[name]}
    assert all(gateway.logged_nothing(since, requested_server_name=host) for host in unknown)
    for host in unknown:
        (kept,) = teams[name].sidecar.logged(since, requested_server_name=host)
        is_denied = name == "payments" and host in DENIED
        assert kept["upstream_cluster"] in ((NOWHERE, "-") if is_denied else ("BlackHoleCluster",))
        assert (kept["response_flags"] == "NC") is is_denied


def test_the_sidecar_of_the_list_that_denies_knows_the_denials(teams: Mapping[str, Team]) -> None:
    denied = {name: team.sidecar.routed_names(NOWHERE) for name, team in teams.items()}
    assert denied == {
        "payments": {"admin.bank.example.com", "*.vault.bank.example.com"},
        "blog": set(),
        "stranger": set(),
    }


def test_the_gateway_tells_service_accounts_of_one_namespace_apart(
    mesh: Mesh, teams: Mapping[str, Team], gateway: Proxy, internet: Internet
) -> None:
    """The sidecar of payments routes the cashier's list; only the gateway knows which account asks."""
    name, since = "tills.example.net", now()
    before = arrivals(internet)[name]

    assert not teams["payments"].application.get(name).ok

    line = decided(gateway, since, teams["payments"].identity, name)
    assert line["decision"] == "denied"
    assert line["list"] is None
    assert arrivals(internet)[name] == before
    # The counter-proof: the account that is meant, of a certificate that the mesh's root signed.
    cashier = signed(mesh, teams, "spiffe://cluster.local/ns/payments/sa/cashier")
    assert cashier.through(gateway, name).page == name
    line = decided(gateway, since, "spiffe://cluster.local/ns/payments/sa/cashier", name)
    assert (line["decision"], line["list"]) == ("allowed", "cashier")


@pytest.mark.parametrize(
    "outer",
    [SIDECARS_NAME, "api.stripe.com", "cdn.blog.example.com", "pypi.org", None],
    ids=["the sidecars' name", "a name of payments", "a name of blog", "everybody's name", "no name"],
)
@pytest.mark.parametrize("name", TEAMS)
def test_past_its_sidecar_with_its_own_certificate_a_client_reaches_no_more(
    name: str, outer: str | None, teams: Mapping[str, Team], gateway: Proxy, internet: Internet
) -> None:
    before, since = arrivals(internet), now()

    outcomes = {host: teams[name].thief.through(gateway, host, outer=outer) for host in REACH}

    allowed = {host for host, reaching in REACH.items() if name in reaching}
    assert answered(outcomes, allowed)
    assert arrivals(internet) == {host: count + (host in allowed) for host, count in before.items()}
    # Who asked stands in the log of each refusal; nobody's name has no filter chain, and so no decision.
    for host in set(REACH) - allowed - {"nobodys.example.net"}:
        line = decided(gateway, since, teams[name].identity, host)
        by = "!payments" if host in DENIED else None
        assert (line["decision"], line["list"]) == ("denied", by)
        assert line["details"] == f"rbac_access_denied_matched_policy[{by or 'none'}]"
        # The forwarder's line: with this outer name the mesh listener leaves another one for it.
        (refused,) = gateway.logged(since, requested_server_name=host, downstream_local_address=FORWARDER)
        assert refused["upstream_host"] == "-"


@pytest.mark.parametrize("name", TEAMS)
def test_a_forged_name_reaches_the_site_of_that_name_alone(
    name: str, teams: Mapping[str, Team], internet: Internet
) -> None:
    """To another team's site, under a name that everybody may reach: the gateway goes by the name, not the address."""
    victim = "cdn.blog.example.com" if name == "payments" else "api.stripe.com"
    before = arrivals(internet)

    outcome = teams[name].application.get(victim, address=SITES[victim], sni="pypi.org", unverified=True)

    assert outcome.page == "pypi.org"
    assert arrivals(internet) == {**before, "pypi.org": before["pypi.org"] + 1}


@pytest.mark.parametrize(
    "names",
    [
        ("spiffe://elsewhere.example/ns/payments/sa/sleep",),
        ("spiffe://cluster.local.elsewhere.example/ns/payments/sa/sleep",),
        ("spiffe://cluster.local/ns/payments-x/sa/sleep", "spiffe://cluster.local/ns/payments/sa/sleep"),
        ("spiffe://cluster.local/ns/payments/sa/sleep/x",),
        ("payments.example.net",),
    ],
    ids=["another trust domain", "a longer one", "two identities", "a longer path", "no identity"],
)
def test_an_identity_that_is_none_of_the_mesh_reaches_nothing(
    names: tuple[str, ...], mesh: Mesh, teams: Mapping[str, Team], gateway: Proxy, internet: Internet
) -> None:
    """Not everybody's names either, though the mesh's own root signed the certificate."""
    before = arrivals(internet)
    client = signed(mesh, teams, *names)

    assert [host for host in REACH if client.through(gateway, host).ok] == []
    assert arrivals(internet) == before


def signed(mesh: Mesh, teams: Mapping[str, Team], *names: str) -> Impostor:
    """A client with a certificate for these names that whoever has the mesh's root made; in the stranger's pod."""
    certificate, key = mesh.istiod.authority(mesh.directory / "mesh-root").leaf(*names)
    key.chmod(0o644)
    return Impostor(teams["stranger"].thief.application, certificate, key)


def test_with_compact_registry_each_reaches_the_same(
    mesh: Mesh, overlays: Overlays, teams: Mapping[str, Team], gateway: Proxy
) -> None:
    mesh.cluster.sync(overlays.build(OVERLAYS / "compact"))
    arrive(teams, gateway)

    for name, team in teams.items():
        since = now()
        allowed = {host for host, reaching in REACH.items() if name in reaching}
        assert answered({host: team.application.get(host) for host in REACH}, allowed)
        for host in allowed:
            assert decided(gateway, since, team.identity, host)["decision"] == "allowed"
        assert not _clusters(team.sidecar) & set().union(*KNOWN.values())


def test_a_list_that_changes_hands_is_closed_to_those_who_had_it(
    mesh: Mesh, overlays: Overlays, teams: Mapping[str, Team], gateway: Proxy
) -> None:
    name = "cdn.blog.example.com"
    rendered = overlays.build(OVERLAYS / "registry")
    blog, stranger = teams["blog"], teams["stranger"]
    assert blog.thief.through(gateway, name).page == name

    mesh.cluster.sync(_given(rendered, "blog", "stranger"))

    eventually(lambda: stranger.application.get(name).title == name, within=30, what="the new client's access")
    eventually(lambda: not blog.application.get(name).ok, within=30, what="the end of the old one's")
    assert not blog.thief.through(gateway, name).ok


def _given(rendered: str, old: str, new: str) -> str:
    """The manifests with what is the one namespace's given to the other: exportTo, and the gateway's rules."""
    changed = rendered.replace(f"/ns/{old}/sa/", f"/ns/{new}/sa/").replace(f"- {old}\n", f"- {new}\n")
    assert changed != rendered
    return changed
