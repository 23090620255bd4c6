"""Names over filter chains by a hash: each in one chain, for good, whatever else comes or goes."""

from __future__ import annotations

from typing import Any

import pytest

from builders import LOCAL, PLACEHOLDER, domains, envoy_filter, generated, run, sites, virtual_service
from egress_overlays.injection import spreading
from egress_overlays.injection.spreading import number_of, spread
from egress_overlays.manifest.resource import CHAINS_ANNOTATION

NAMES = [*generated(300), "*.example.net"]
FORWARDER = {"name": "envoy.filters.network.sni_dynamic_forward_proxy", "typed_config": {"port_value": 443}}


def chained(chains: str = "24", filters: list[Any] | None = None) -> dict[str, Any]:
    chain = {
        "name": "allowed",
        "filter_chain_match": {"server_names": [PLACEHOLDER]},
        "filters": filters or [FORWARDER],
    }
    return envoy_filter(chain=chain, annotations={CHAINS_ANNOTATION: chains})


def chains_of(item: dict[str, Any]) -> dict[str, list[str]]:
    """The names of each chain."""
    chains = item["spec"]["configPatches"][0]["patch"]["value"]["filter_chains"]
    return {chain["name"]: chain["filter_chain_match"]["server_names"] for chain in chains}


def filled(*names: str, item: dict[str, Any] | None = None, marked: bool = False) -> dict[str, Any]:
    lists = domains("\n".join(names), annotations={LOCAL: "true"} if marked else None)
    outcome = run(item or chained(), *sites()[1:2], virtual_service(), lists)
    assert outcome.code == 0, outcome.words
    return outcome.item("EnvoyFilter")


def test_every_name_stands_in_one_chain_and_no_chain_is_empty() -> None:
    found = chains_of(filled(*NAMES))
    assert len(found) == 24
    assert sorted(name for names in found.values() for name in names) == sorted(NAMES)
    assert all(found.values())
    assert chains_of(filled("a.example.com")) == {f"allowed-{number_of('a.example.com', 24)}": ["a.example.com"]}


def test_where_a_name_stands_goes_by_nothing_but_the_name() -> None:
    """Written down, so that another version of this program or of Python moves no name."""
    assert [number_of(name, 24) for name in ("pypi.org", "*.wikipedia.org", "a.example.com")] == WRITTEN_DOWN


WRITTEN_DOWN = [2, 15, 5]


def test_a_name_more_or_less_changes_the_chain_of_that_name_alone() -> None:
    before, after = chains_of(filled(*NAMES)), chains_of(filled(*NAMES[1:]))
    assert [name for name in before if before[name] != after.get(name)] == [f"allowed-{number_of(NAMES[0], 24)}"]


def test_a_second_run_changes_nothing() -> None:
    once = filled(*NAMES)
    assert filled(*NAMES, item=once) == once
    fewer = filled(*NAMES[:1], item=once, marked=True)
    assert fewer == filled(*NAMES[:1])
    assert filled(*NAMES, item=fewer, marked=True) == once


def test_an_empty_list_is_the_placeholder_in_one_chain() -> None:
    lists = domains({}, annotations={"egress-overlays.dev/allow-empty": "true"})
    outcome = run(chained(), *sites()[1:2], virtual_service(), lists)
    assert list(chains_of(outcome.item("EnvoyFilter")).values()) == [[PLACEHOLDER]]


def test_the_matches_of_a_virtual_service_share_the_list_and_its_hosts_hold_all() -> None:
    item = virtual_service(annotations={CHAINS_ANNOTATION: "8"})
    item["spec"]["tls"][0]["match"].append({"port": 8443, "sniHosts": [PLACEHOLDER]})
    outcome = run(item, domains("\n".join(NAMES)), *sites()[1:])
    spec = outcome.item("VirtualService")["spec"]
    assert sorted(spec["hosts"]) == sorted(NAMES)
    matches = spec["tls"][0]["match"]
    assert [match["port"] for match in matches] == [443] * 8 + [8443] * 8
    for half in (matches[:8], matches[8:]):
        assert [match["sniHosts"] for match in half] == list(spread(spec["hosts"], 8).values())


def test_a_limited_list_has_the_rules_of_each_chain_and_of_the_wildcards_above() -> None:
    clients = {"name": "egress-overlays.clients", "typed_config": {"matcher": {}, "shadow_matcher": {}}}
    for_some = domains(
        "*.example.com\na.shop.net\n", name="some", annotations={"egress-overlays.dev/clients": "shop\n"}
    )
    item = chained(filters=[clients, FORWARDER])
    outcome = run(item, *sites()[1:2], virtual_service(), domains("x.example.com\nb.org\n"), for_some)
    assert outcome.code == 0, outcome.words
    chains = outcome.item("EnvoyFilter")["spec"]["configPatches"][0]["patch"]["value"]["filter_chains"]
    for chain in chains:
        config = chain["filters"][0]["typed_config"]
        assert config["matcher"] == config["shadow_matcher"]
        groups = config["matcher"]["matcher_tree"]["custom_match"]["typed_config"]["domain_matchers"]
        ruled = {name for group in groups for name in group["domains"]}
        own = set(chain["filter_chain_match"]["server_names"])
        # A client of *.example.com reaches x.example.com by it, whoever lists that.
        assert ruled == own | ({"*.example.com"} if "x.example.com" in own else set())


@pytest.mark.parametrize("text", ["", "1", "0", "-3", "129", "many", "\u0663", "24 "])
def test_a_number_of_chains_that_is_none_is_refused(text: str) -> None:
    outcome = run(chained(text), *sites()[1:2], virtual_service(), domains("example.com"))
    assert outcome.code == 1
    assert "is no number of filter chains; write 2 to 128" in outcome.words


def test_a_kind_without_chains_cannot_share_a_list() -> None:
    first, entry, last = sites()
    entry["metadata"]["annotations"][CHAINS_ANNOTATION] = "24"
    outcome = run(first, entry, last, domains("example.com"))
    assert outcome.code == 1
    assert f"carries {CHAINS_ANNOTATION}, which is for a VirtualService or an EnvoyFilter with chains" in outcome.words


@pytest.mark.parametrize("form", ["n{}.load.example.net", "host{}.example-{}.org", "*.site-{}.example.com"])
def test_what_a_change_takes_with_it_and_why_there_are_24_chains(form: str) -> None:
    """Of the connections to 200 names, a change of one ends those of its chain."""
    names = [form.format(number, number) for number in range(200)]

    def shares(chains: int) -> list[float]:
        parts = spread(names, chains)
        return [len(parts[number_of(name, chains)]) / len(names) for name in names]

    assert sum(shares(24)) / len(names) <= 1 / 16
    assert max(shares(24)) <= 1 / 8
    assert sum(shares(16)) / len(names) > 1 / 16


def test_names_are_spread_once_although_their_chains_have_rules_too(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def counted(names: list[str], chains: int) -> dict[int, list[str]]:
        calls.append(len(names))
        return spread(names, chains)

    monkeypatch.setattr(spreading, "spread", counted)
    clients = {"name": "egress-overlays.clients", "typed_config": {"matcher": {}, "shadow_matcher": {}}}
    outcome = run(chained(filters=[clients, FORWARDER]), *sites()[1:2], virtual_service(), domains("\n".join(NAMES)))
    assert outcome.code == 0, outcome.words
    assert calls == [len(NAMES)]
