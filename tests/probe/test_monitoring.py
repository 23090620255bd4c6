"""components/monitoring: every alert and panel finds its series in the real Envoy with Istio's statistics settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import quick_yaml as yaml
from builds import build, built_of, config_map, overlay
from egress_overlays.lists.clients import Client
from egress_overlays.probe import envoy, probe
from metrics import (
    BY_LIST,
    Series,
    istio_statistics,
    pod_annotations,
    queries,
    selectors,
    series,
    total,
    without_series,
)

QUERIES = queries()
OF_LISTS = queries(by_list=True)
COMPONENTS = {
    "monitoring alone": ("monitoring",),
    "lists for clients": ("client-lists", "monitoring"),
    "dual stack": ("dual-stack", "monitoring"),
}


def exposed(envoy_binary: Path, directory: Path, components: tuple[str, ...], **asked: Any) -> list[Series]:
    """What the metrics endpoint of a gateway with these components has after the first round of a probe."""
    return series(all_exposed(envoy_binary, directory, components, **asked)[0])


def all_exposed(envoy_binary: Path, directory: Path, components: tuple[str, ...], **asked: Any) -> list[str]:
    """What it has after each round; `asked` goes to `probe`."""
    clients = "apps/sleep" if "client-lists" in components else ""
    domains = ("*.wikipedia.org", "broker.example.com:9093") if "ports" in components else ("*.wikipedia.org",)
    made = overlay(directory, components, domains, clients)
    if "report" in components:
        till = config_map(("api.stripe.com",), "till")
        till["metadata"]["name"] = "till"
        till["metadata"]["annotations"] |= {
            "egress-overlays.dev/enforce": "report",
            "egress-overlays.dev/report-until": "2099-12-31",
        }
        with (made / "domains.yaml").open("a") as file:
            file.write(f"---\n{yaml.safe_dump(till)}")
    return watched(envoy_binary, build(made), **asked)


def watched(envoy_binary: Path, manifests: list[dict[str, Any]], **asked: Any) -> list[str]:
    """What the metrics endpoint of a gateway has after each round of a probe; `asked` goes to `probe`."""
    kept: list[str] = []

    class Watched(envoy.Envoy):
        def __init__(self, binary: Path, config: dict[str, object], directory: Path) -> None:
            super().__init__(binary, {**config, **istio_statistics(pod_annotations(manifests))}, directory)

        def __exit__(self, *details: object) -> None:
            kept.append(self.get("/stats/prometheus"))
            super().__exit__(*details)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(envoy, "Envoy", Watched)
        probe(manifests, binary=envoy_binary, **asked)
    return kept


@pytest.fixture(scope="module", params=list(COMPONENTS.values()), ids=list(COMPONENTS))
def gateway(request: pytest.FixtureRequest, newest: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Series]:
    return exposed(newest, tmp_path_factory.mktemp("overlay"), request.param)


@pytest.fixture(scope="module")
def gateway_of_clients(newest: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Series]:
    return exposed(newest, tmp_path_factory.mktemp("overlay"), COMPONENTS["lists for clients"])


def test_every_alert_and_panel_finds_its_series(gateway: list[Series]) -> None:
    assert len(QUERIES) > 15
    assert without_series(gateway, QUERIES) == {}


@pytest.mark.long
def test_it_finds_them_in_the_oldest_envoy_too(envoys: dict[str, Path], version: str, tmp_path: Path) -> None:
    assert without_series(exposed(envoys[version], tmp_path, COMPONENTS["monitoring alone"]), QUERIES) == {}


def test_what_was_let_out_and_what_was_refused_was_counted(gateway: list[Series]) -> None:
    for name in (
        "EgressAddressRefused",
        "EgressNamesRefused",
        "Connections: let out, refused: let out",
        "Connections: let out, refused: refused: not on the list",
        "Connections: let out, refused: refused: address not global",
        "Bytes: to applications",
        "Bytes: to destinations",
        "DNS: queries",
        "DNS: failed",
        "DNS: names in the cache",
    ):
        assert total(gateway, QUERIES[name]) > 0, name


def test_a_client_that_may_not_is_a_name_refused_and_no_address(gateway_of_clients: list[Series]) -> None:
    """The two refusals by RBAC are told apart, and neither is counted twice."""
    of_clients = {"__name__": "envoy_egress_clients__rbac", "authz_enforce_result": "denied"}
    (denied,) = (one for one in gateway_of_clients if of_clients.items() <= one.labels.items())
    (no_chain,) = (
        one for one in gateway_of_clients if one.labels["__name__"].endswith("sni_listener_no_filter_chain_match")
    )
    (address,) = (
        one
        for one in gateway_of_clients
        if {**of_clients, "__name__": "envoy_egress_rbac"}.items() <= one.labels.items()
    )

    assert denied.value > 0
    assert total(gateway_of_clients, QUERIES["EgressNamesRefused"]) == denied.value + no_chain.value
    assert total(gateway_of_clients, QUERIES["EgressAddressRefused"]) == address.value


@pytest.mark.long
def test_istio_drops_what_no_annotation_names(newest: Path, tmp_path: Path) -> None:
    missing = without_series(exposed(newest, tmp_path, ()), QUERIES)

    assert {
        "EgressNamesRefused",
        "EgressConnectFailing",
        "EgressDnsFailing",
        "Bytes: to applications",
    } <= missing.keys()
    assert "EgressAddressRefused" not in missing  # Istio keeps every RBAC filter's counters.


@pytest.mark.long
def test_what_comes_of_a_port_of_the_list_is_counted_as_at_443(newest: Path, tmp_path: Path) -> None:
    """The PodMonitor turns the series of a port into those that the alerts ask for, with a label."""
    scrapes = [series(text) for text in all_exposed(newest, tmp_path, ("ports", "monitoring"))]

    assert without_series(scrapes[0], QUERIES) == {}
    at_port = [one for found in scrapes for one in found if one.labels.get("port") == "9093"]
    for name in ("Connections: let out, refused: let out", "Connections: let out, refused: refused: not on the list"):
        assert total(at_port, QUERIES[name]) > 0, name
    assert total(at_port, QUERIES["EgressNamesRefused"]) > 0
    assert not [one for found in scrapes for one in found if "_port_9093_" in one.labels["__name__"]]


@pytest.mark.long
def test_what_comes_of_plain_http_is_counted_as_by_tls(newest: Path, tmp_path: Path) -> None:
    """With a label for the protocol, and one for the port of what was let out; no two series are one."""
    names = ("a.wikipedia.org", "http://*.mirror.example.com", "http://*.mirror.example.com:11371")
    lists = {"all": ("\n".join(names), {}), "shop": ("http://own.example.com\n", {"clients": "shop"})}
    made = built_of(tmp_path, lists, ("client-lists", "plain-http", "plain-http/client-lists", "monitoring"))
    hosts = ("a.wikipedia.org", "http://x.mirror.example.com", "http://own.example.com", "http://evil.example")
    kept = watched(newest, made, hosts=(*hosts, "http://y.mirror.example.com:11371"))
    scrapes = [series(text) for text in kept]
    found = [one for scrape in scrapes for one in scrape if one.labels.get("protocol") == "http"]

    def count(query: str, **labels: str) -> float:
        return total([one for one in found if labels.items() <= one.labels.items()], QUERIES[query])

    let_out = "Connections: let out, refused: let out"
    assert (count(let_out, port="80"), count(let_out, port="11371")) == (1, 1)
    assert count("Connections: let out, refused: refused: not on the list", filter="listed") == 1
    assert count("Connections: let out, refused: refused: not on the list", filter="clients") == 1
    assert count("EgressNamesRefused") == 2
    assert count("Bytes: to applications") > 0
    for scrape in scrapes:
        keys = [tuple(sorted(one.labels.items())) for one in scrape]
        assert len(keys) == len(set(keys))
    by_list = {
        (one.labels["list"], one.labels["decision"]): one.value
        for one in scrapes[1]
        if one.labels["__name__"] == BY_LIST
    }
    assert by_list == {("default", "allowed"): 1, ("", "denied"): 1}


@pytest.mark.long
def test_an_internal_address_by_plain_http_is_counted(newest: Path, tmp_path: Path) -> None:
    made = build(overlay(tmp_path, ("plain-http", "monitoring"), ("*.wikipedia.org", "http://*.mirror.example.com")))
    found = [one for text in watched(newest, made) for one in series(text) if one.labels.get("protocol") == "http"]
    assert total(found, QUERIES["EgressAddressRefused"]) > 0
    assert total(found, QUERIES["EgressCapacity"]) == 0
    assert [one for one in found if one.matches(selectors(QUERIES["EgressCapacity"])[0])]


@pytest.mark.parametrize("more", [(), ("steady-connections",)], ids=["one chain", "many chains"])
def test_each_connection_is_counted_once_by_the_list_that_decided(
    more: tuple[str, ...], newest: Path, tmp_path: Path
) -> None:
    """Allowed and reported by list, refused by none; and every alert and panel of lists finds its series."""
    found: dict[tuple[str, str, str], float] = {}
    every: list[Series] = []
    hosts = ("en.wikipedia.org", "de.wikipedia.org", "api.stripe.com", "not-on-the-list.example.org")
    for client in ("till/x", "apps/sleep"):
        directory = tmp_path / client.replace("/", "-")
        directory.mkdir()
        seen = exposed(
            newest, directory, ("client-lists", "report", "monitoring", *more), hosts=hosts, client=Client(client)
        )
        every += seen
        for one in seen:
            if one.labels["__name__"] == BY_LIST:
                found[client, one.labels["list"].partition(", else")[0], one.labels["decision"]] = one.value

    assert found == {
        ("till/x", "till", "allowed"): 1,
        ("till/x", "reported by till until 2099-12-31", "allowed"): 2,
        ("apps/sleep", "egress-domains", "allowed"): 2,
        ("apps/sleep", "", "denied"): 1,
    }
    assert len(OF_LISTS) == 4
    assert without_series(every, OF_LISTS) == {}
    assert total(every, OF_LISTS["EgressListsReport"]) == 2


def test_without_lists_for_clients_nothing_is_counted_by_list(newest: Path, tmp_path: Path) -> None:
    assert BY_LIST not in {one.labels["__name__"] for one in exposed(newest, tmp_path, ("monitoring",))}
