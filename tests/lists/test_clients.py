"""Lists for some clients only: what is read, who gets what, and that nothing opens by accident."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import PLACEHOLDER, domains, envoy_filter, generated, service_entry, virtual_service
from egress_overlays.lists.clients import Client
from egress_overlays.names.domain import Domain
from limited import CLIENTS, chain_of, decide, limited_list, of_kind, placed, run, spiffe


def test_each_gets_its_own_and_the_shared_names() -> None:
    values, _ = run(
        domains("shared.com"),
        limited_list("pay.com\n*.bank.com\n", "payments\nshop/till", name="pay"),
        limited_list("eu.bank.com\n", "*/reporter", name="reports"),
        virtual_service(),
        service_entry(),
        placed(),
    )
    chain = chain_of(values)
    assert chain["filter_chain_match"]["server_names"] == ["*.bank.com", "eu.bank.com", "pay.com", "shared.com"]
    rules = chain["filters"][1]["typed_config"]
    assert rules["matcher"] == rules["shadow_matcher"]
    decisions = {
        (namespace, account, host): decide(rules["matcher"], spiffe(namespace, account), host)
        for namespace, account in (
            ("payments", "x"),
            ("shop", "till"),
            ("shop", "x"),
            ("blog", "reporter"),
            ("blog", "x"),
        )
        for host in ("shared.com", "pay.com", "us.bank.com", "eu.bank.com", "bank.com", "other.com")
    }
    allowed = {key: found for key, found in decisions.items() if found}
    everyone = {("payments", "x"), ("shop", "till"), ("shop", "x"), ("blog", "reporter"), ("blog", "x")}
    assert allowed == {
        **{(*who, "shared.com"): "default" for who in everyone},
        **{(*who, host): "pay" for who in (("payments", "x"), ("shop", "till")) for host in ("pay.com", "us.bank.com")},
        # Covered through the wildcard, although the name stands in somebody else's list.
        ("payments", "x", "eu.bank.com"): "pay",
        ("shop", "till", "eu.bank.com"): "pay",
        ("blog", "reporter", "eu.bank.com"): "reports",
    }


@pytest.mark.parametrize(
    "identity",
    [
        "",
        "-",
        "spiffe://evil.example/ns/payments/sa/x",
        "spiffe://cluster.local.evil/ns/payments/sa/x",
        "spiffe://clusterxlocal/ns/payments/sa/x",
        "spiffe://cluster.local/ns/payments-evil/sa/x",
        "spiffe://cluster.local/ns/payments/sa/",
        "spiffe://cluster.local/ns/payments/sa/x/y",
        "spiffe://cluster.local/ns/blog/sa/x,spiffe://cluster.local/ns/payments/sa/x",
        "spiffe://cluster.local/ns/payments/sa/x,spiffe://cluster.local/ns/blog/sa/x",
        "xspiffe://cluster.local/ns/payments/sa/x",
    ],
)
def test_no_other_identity_is_taken_for_a_client(identity: str) -> None:
    values, _ = run(domains("shared.com"), limited_list("pay.com", "payments"), virtual_service(), placed())
    matcher = chain_of(values)["filters"][1]["typed_config"]["matcher"]
    assert decide(matcher, spiffe("payments", "x"), "pay.com") == "team"
    assert decide(matcher, identity, "pay.com") is None


def test_trust_domains_are_a_setting() -> None:
    annotation = {"egress-overlays.dev/trust-domains": "corp.example, old.example"}
    lists = (domains("a.com"), limited_list("pay.com", "payments"))
    values, _ = run(*lists, virtual_service(), placed(annotations=annotation))
    matcher = chain_of(values)["filters"][1]["typed_config"]["matcher"]
    assert decide(matcher, spiffe("payments", "x", "corp.example"), "pay.com") == "team"
    assert decide(matcher, spiffe("payments", "x"), "pay.com") is None
    assert decide(matcher, spiffe("any", "x", "corp.example"), "a.com") == "default"
    assert decide(matcher, spiffe("any", "x", "old.example"), "a.com") == "default"
    assert decide(matcher, spiffe("any", "x"), "a.com") is None


def test_sidecars_learn_of_a_list_in_its_clients_namespaces_alone() -> None:
    values, _ = run(
        domains("shared.com"),
        limited_list("pay.com", "payments\nshop/till", name="pay"),
        limited_list("shop.com\npay.com", "shop", name="shop"),
        limited_list("*.report.com", "*/reporter", name="reports"),
        limited_list("eu.report.com", "shop", name="more"),
        virtual_service(),
        service_entry(),
        placed(),
    )
    for kind, root in (("VirtualService", "routes"), ("ServiceEntry", "wildcard")):
        specs = of_kind(values, kind)
        assert {name: (spec["hosts"], spec.get("exportTo")) for name, spec in specs.items()} == {
            root: (["*.report.com", "shared.com"], None),
            f"{root}-for.payments.shop": (["pay.com"], ["payments", "shop"]),
            f"{root}-for.shop": (["eu.report.com", "shop.com"], ["shop"]),
        }
    copies = [spec for name, spec in of_kind(values, "VirtualService").items() if name != "routes"]
    for spec in copies:
        assert spec["gateways"] == ["mesh"]
        assert spec["tls"][0]["match"][0]["sniHosts"] == spec["hosts"]
        assert "tcp" not in spec


@pytest.mark.parametrize("identity", ["", "-", "spiffe://elsewhere.example/ns/a/sa/b"])
def test_without_limited_lists_nobody_is_asked_who_they_are(identity: str) -> None:
    """A mesh of another trust domain, or of proxies that carry no identity, is not closed by the filter alone."""
    values, _ = run(domains("a.com\n*.b.com"), virtual_service(), placed())
    for key in ("matcher", "shadow_matcher"):
        matcher = chain_of(values)["filters"][1]["typed_config"][key]
        assert decide(matcher, identity, "a.com") == decide(matcher, identity, "x.b.com") == "default"
        assert decide(matcher, identity, "b.com") is None


def test_copies_keep_the_hosts_that_their_first_one_keeps() -> None:
    """Sidecars build the routes of a VirtualService where one of its hosts is in the registry."""
    keep = {"egress-overlays.dev/keep-hosts": "kept.example.internal"}
    values, _ = run(domains("a.com"), limited_list("pay.com", "payments"), virtual_service(annotations=keep), placed())
    specs = of_kind(values, "VirtualService")
    assert {name: spec["hosts"] for name, spec in specs.items()} == {
        "routes": ["a.com", "kept.example.internal"],
        "routes-for.payments": ["pay.com", "kept.example.internal"],
    }
    assert specs["routes-for.payments"]["tls"][0]["match"][0]["sniHosts"] == ["pay.com"]


def test_a_list_for_some_never_renders_without_a_check_at_the_gateway() -> None:
    limited = limited_list("pay.com", "payments")
    for sites in ([virtual_service(), envoy_filter()], [virtual_service(), service_entry()]):
        values, messages = run(domains("a.com"), limited, *sites)
        assert values == []
        assert any("clients" in message and message.startswith("error") for message in messages), messages


def test_every_chain_with_a_list_needs_the_filter() -> None:
    gateway = placed()
    chains = gateway["spec"]["configPatches"][0]["patch"]["value"]["filter_chains"]
    chains.append({**chains[0], "filters": chains[0]["filters"][:1]})
    values, messages = run(limited_list("pay.com", "payments"), virtual_service(), gateway)
    assert values == []
    (fault,) = (message for message in messages if message.startswith("error"))
    assert "EnvoyFilter istio-system/sni-magic, spec.configPatches[0].patch.value.filter_chains[1]: has no" in fault
    chains[1]["filters"] = [*chains[1]["filters"], {"name": "egress-overlays.clients", "typedConfig": {}}]
    values, _ = run(limited_list("pay.com", "payments"), virtual_service(), gateway)
    first, second = of_kind(values, "EnvoyFilter")["sni-magic"]["configPatches"][0]["patch"]["value"]["filter_chains"]
    assert first["filters"][1]["typed_config"]["matcher"] == second["filters"][1]["typedConfig"]["matcher"]
    assert "typed_config" not in second["filters"][1]


def test_what_rules_for_clients_add_counts_where_client_side_apply_would_refuse_the_size() -> None:
    names = "\n".join(generated(3_900))
    _, messages = run(limited_list(names, "payments"), placed())
    (warning,) = (message for message in messages if message.startswith("warning"))
    assert re.search(r"EnvoyFilter istio-system/sni-magic: is 3\d\d,\d{3} bytes of JSON", warning)
    # Once in the list, twice in the rules; a VirtualService has them twice.
    assert not any("bytes" in message for message in run(domains(names), virtual_service(), envoy_filter())[1])


def test_copies_that_client_side_apply_would_refuse_are_named() -> None:
    _, messages = run(
        domains("a.com"), limited_list("\n".join(generated(6_000)), "payments"), virtual_service(), placed()
    )
    about = [message for message in messages if " bytes of JSON" in message]
    assert [message.partition(":")[2].partition(":")[0].strip() for message in about] == [
        "VirtualService istio-system/routes-for.payments",
        "EnvoyFilter istio-system/sni-magic",
    ]
    _, messages = run(limited_list("\n".join(generated(40_000)), "payments"), virtual_service(), placed())
    assert any(
        message.startswith("error: VirtualService istio-system/routes-for.payments: would be ") for message in messages
    )


def test_only_limited_lists_leave_the_shared_places_closed() -> None:
    values, _ = run(limited_list("pay.com", "payments"), virtual_service(), service_entry(), placed())
    assert of_kind(values, "VirtualService")["routes"]["hosts"] == [PLACEHOLDER]
    assert of_kind(values, "ServiceEntry")["wildcard"]["hosts"] == [PLACEHOLDER]
    matcher = chain_of(values)["filters"][1]["typed_config"]["matcher"]
    assert decide(matcher, spiffe("payments", "x"), "pay.com") == "team"
    assert decide(matcher, spiffe("blog", "x"), "pay.com") is None


def test_a_name_that_all_may_reach_is_no_secret_of_a_team_and_that_is_said() -> None:
    values, messages = run(
        domains("*.bank.com\nexact.com"),
        limited_list("eu.bank.com\nexact.com\nown.com", "payments"),
        virtual_service(),
        placed(),
    )
    assert sum("is open to every workload" in message and message.startswith("warning") for message in messages) == 2
    assert chain_of(values)["filter_chain_match"]["server_names"] == ["*.bank.com", "exact.com", "own.com"]


def test_a_shared_name_below_a_teams_wildcard_stays_shared() -> None:
    values, _ = run(domains("www.bank.com"), limited_list("*.bank.com", "payments"), virtual_service(), placed())
    matcher = chain_of(values)["filters"][1]["typed_config"]["matcher"]
    assert decide(matcher, spiffe("blog", "x"), "www.bank.com") == "default"
    assert decide(matcher, spiffe("blog", "x"), "api.bank.com") is None
    assert decide(matcher, spiffe("payments", "x"), "api.bank.com") == "team"


def test_long_limited_lists_are_sharded_too_and_many_namespaces_get_a_short_name() -> None:
    names = "".join(f"n{number}.com\n" for number in range(300))
    clients = "".join(f"namespace-{number}\n" for number in range(60))
    values, _ = run(limited_list(names, clients), virtual_service(), service_entry(), placed())
    entries = of_kind(values, "ServiceEntry")
    assert len(entries) == 3
    assert all(len(name) < 253 and len(spec["hosts"]) <= 256 for name, spec in entries.items())
    assert sorted(host for spec in entries.values() for host in spec["hosts"] if host != PLACEHOLDER) == sorted(
        names.split()
    )
    assert run(*values)[0] == values


def test_running_again_changes_nothing() -> None:
    first, _ = run(
        domains("shared.com"), limited_list("pay.com", "payments"), virtual_service(), service_entry(), placed()
    )
    second, messages = run(*first)
    assert second == first, messages


_NAMES = st.sampled_from(["a.com", "*.a.com", "x.a.com", "*.x.a.com", "y.x.a.com", "b.com", "*.b.com"])
_WHO = st.sampled_from(["n/*", "m/*", "n/s", "m/s", "*/s", "*/t"])
_LISTS = st.lists(
    st.tuples(st.sets(_NAMES, min_size=1), st.one_of(st.none(), st.sets(_WHO, min_size=1))), min_size=1, max_size=5
)


@pytest.mark.long
@given(_LISTS)
def test_gateway_and_sidecars_let_through_what_the_lists_say(lists: list[tuple[set[str], set[str] | None]]) -> None:
    """A workload reaches a name where some list that is for it has an entry that matches, and nowhere else.

    Matching as Envoy documents server_names: exact, or a wildcard at any depth below its base.
    """
    sources = [
        domains("\n".join(names), name=f"list-{number}", annotations={CLIENTS: "\n".join(who)} if who else None)
        for number, (names, who) in enumerate(lists)
    ]
    values, messages = run(*sources, virtual_service(), service_entry(), placed())
    assert values, messages
    chain = chain_of(values)
    matcher = chain["filters"][1]["typed_config"]["matcher"]
    listed = [Domain(name) for name in chain["filter_chain_match"]["server_names"]]
    routes = of_kind(values, "VirtualService").values()
    for spec in routes:
        hosts = [Domain(host) for host in spec["hosts"]]
        assert not any(
            one != other and one.matches(other.base) and other.base != one.base for one in hosts for other in hosts
        )
    for host in ("a.com", "x.a.com", "q.a.com", "y.x.a.com", "z.y.x.a.com", "b.com", "q.b.com", "c.com"):
        for namespace in ("n", "m", "o"):
            known = any(
                Domain(entry).matches(host)
                for spec in routes
                if spec.get("exportTo") is None or namespace in spec["exportTo"]
                for entry in spec["tls"][0]["match"][0]["sniHosts"]
            )
            for account in ("s", "t", "u"):
                meant = any(
                    (who is None or any(Client(client).admits(namespace, account) for client in who))
                    and any(Domain(name).matches(host) for name in names)
                    for names, who in lists
                )
                decided = decide(matcher, spiffe(namespace, account), host)
                through = decided is not None and any(name.matches(host) for name in listed)
                assert through == meant, (host, namespace, account, decided)
                assert known or not meant, (host, namespace)
