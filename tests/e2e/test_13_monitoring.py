"""components/monitoring: every alert and panel finds its series where Prometheus scrapes the gateway."""

from __future__ import annotations

import copy
import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mesh.processes import eventually
from mesh.prometheus import PROGRAM, asked, scraping

import quick_yaml as yaml
from attacked import connection_limit
from conftest import WIKIPEDIA
from metrics import (
    Series,
    istio_statistics,
    pod_annotations,
    queries,
    series,
    total,
    without_series,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mesh.application import Application
    from mesh.internet import Internet
    from mesh.mesh import Mesh
    from mesh.overlays import Overlays
    from mesh.proxy import Proxy

OVERLAY = Path(__file__).with_name("monitoring")
QUERIES = queries()
ALLOWED, INTERNAL, STRANGE = "en.wikipedia.org", "metrics.internal.wikipedia.org", "tampered.example.org"
PANEL = "Connections: let out, refused: "
COUNTED = {
    ALLOWED: {f"{PANEL}let out"},
    INTERNAL: {f"{PANEL}refused: address not global", "EgressAddressRefused"},
    STRANGE: {f"{PANEL}refused: not on the list", "EgressNamesRefused"},
}
PORTS = {"Envoy": 15090, "pilot-agent": 15020}  # The PodMonitor's, and the one that prometheus.io/scrape would mean.


@pytest.fixture(scope="module")
def rendered(overlays: Overlays) -> list[dict[str, Any]]:
    """The objects of staging with the component."""
    return [item for item in yaml.safe_load_all(overlays.build(OVERLAY)) if item]


@pytest.fixture(scope="module", autouse=True)
def _monitored(  # noqa: PLR0917 -- fixtures
    mesh: Mesh,
    internet: Internet,
    overlays: Overlays,
    rendered: list[dict[str, Any]],
    gateway: Proxy,
    sidecar: Proxy,
) -> Iterator[None]:
    """The gateway as the component wants it, and a name that the sidecar alone knows; staging again afterwards."""
    internet.dns.records[INTERNAL] = ["10.0.0.1"]
    (service,) = (item for item in rendered if item["kind"] == "VirtualService")
    service["spec"]["hosts"].append(STRANGE)
    service["spec"]["tls"][0]["match"][0]["sniHosts"].append(STRANGE)
    mesh.cluster.sync(yaml.safe_dump_all(rendered))
    mesh.roll_out(gateway, "sni-egressgateway")
    eventually(lambda: STRANGE in sidecar.routed_names(), within=30, what="the strange name in the sidecar")
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=30, what="staging in the gateway")
    yield
    del internet.dns.records[INTERNAL]
    mesh.cluster.sync(overlays.build("staging"))
    mesh.roll_out(gateway, "sni-egressgateway")
    eventually(lambda: "*.wikipedia.org" in gateway.allowed_names(), within=30, what="staging in the gateway")
    eventually(lambda: STRANGE not in sidecar.routed_names(), within=30, what="staging in the sidecar")


@pytest.fixture(params=list(PORTS.values()), ids=list(PORTS))
def scrape(request: pytest.FixtureRequest, gateway: Proxy) -> Callable[[], list[Series]]:
    """A scrape of the gateway's pod from outside of it, as the PodMonitor has Prometheus do it."""

    def scraped() -> list[Series]:
        url = f"http://{gateway.pod.address}:{request.param}/stats/prometheus"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return series(answer.read().decode())

    return scraped


def test_every_alert_and_panel_finds_its_series(scrape: Callable[[], list[Series]], application: Application) -> None:
    # A cluster of Istio's has no counters of connections before its first one.
    assert application.get(ALLOWED, address=WIKIPEDIA).page

    assert len(QUERIES) > 15
    assert without_series(scrape(), QUERIES) == {}


@pytest.mark.parametrize(("name", "counted"), COUNTED.items(), ids=["allowed", "internal address", "not on the list"])
def test_a_connection_is_counted_as_what_it_was(
    name: str, counted: set[str], scrape: Callable[[], list[Series]], application: Application
) -> None:
    before = totals(scrape())

    outcome = application.get(name, address=WIKIPEDIA)

    assert outcome.ok == (name == ALLOWED), outcome
    eventually(lambda: moved(before, scrape()) >= counted, within=20, what=f"{counted} counted")
    assert moved(before, scrape()) == counted


def totals(found: list[Series]) -> dict[str, float]:
    """What each of the counters stands at."""
    return {name: total(found, QUERIES[name]) for name in set().union(*COUNTED.values())}


def moved(before: Mapping[str, float], found: list[Series]) -> set[str]:
    """The counters that went up."""
    return {name for name, value in totals(found).items() if value > before[name]}


def test_a_change_of_the_list_is_counted(
    mesh: Mesh, gateway: Proxy, rendered: list[dict[str, Any]], scrape: Callable[[], list[Series]]
) -> None:
    """The alert about more refusals after a change goes by the counter of changed listeners."""
    changes = "envoy_listener_manager_listener_modified"
    before = total(scrape(), f"{changes}{{}}")
    changed = copy.deepcopy(rendered)
    (forwarder,) = (one for one in changed if one["kind"] == "EnvoyFilter")
    chain = forwarder["spec"]["configPatches"][2]["patch"]["value"]["filter_chains"][0]
    chain["filter_chain_match"]["server_names"].append("added.example.org")
    mesh.cluster.sync(yaml.safe_dump_all(changed))
    eventually(lambda: "added.example.org" in gateway.allowed_names(), within=30, what="the longer list")
    after = total(scrape(), f"{changes}{{}}")
    mesh.cluster.sync(yaml.safe_dump_all(rendered))
    eventually(lambda: "added.example.org" not in gateway.allowed_names(), within=30, what="the list as it was")

    assert after > before


@pytest.mark.skipif(PROGRAM is None, reason="needs Prometheus: apt-get install prometheus")
def test_a_real_prometheus_answers_every_query(gateway: Proxy, application: Application, tmp_path: Path) -> None:
    """Prometheus scrapes the gateway as the PodMonitor has it do, and finds a refusal by the alert's own expression."""
    every = QUERIES | queries(by_list=True)
    with scraping(gateway, tmp_path):
        answers = {name: asked(query.replace("$__rate_interval", "1m")) for name, query in every.items()}
        assert answers.keys() == every.keys()
        for _ in range(3):
            assert not application.get(STRANGE, address=WIKIPEDIA).ok
        refused = QUERIES["EgressNamesRefused"].partition(" > ")[0]
        eventually(lambda: asked(f"{refused} > 0"), within=20, what="the refusals in Prometheus")


def bootstrap(gateway: Proxy) -> dict[str, Any]:
    """Envoy's, as pilot-agent has written it."""
    configs = json.loads(gateway.admin("config_dump"))["configs"]
    (real,) = (found["bootstrap"] for found in configs if "bootstrap" in found)
    return dict(real)


def test_the_limit_of_connections_is_the_one_of_the_deployment(rendered: list[dict[str, Any]], gateway: Proxy) -> None:
    expected = connection_limit(pod_annotations(rendered))

    assert "24576" in json.dumps(expected)
    found = bootstrap(gateway)["overload_manager"]["resource_monitors"]
    assert [
        {
            **one["typed_config"],
            "max_active_downstream_connections": int(one["typed_config"]["max_active_downstream_connections"]),
        }
        for one in found
    ] == [one["typed_config"] for one in expected["overload_manager"]["resource_monitors"]]


def test_the_probes_tests_run_envoy_with_these_settings(rendered: list[dict[str, Any]], gateway: Proxy) -> None:
    """What tests/support/metrics.py says of Istio's bootstrap, pilot-agent has written."""
    real = bootstrap(gateway)
    ours = istio_statistics(pod_annotations(rendered))

    assert real["deferred_stat_options"] == ours["deferred_stat_options"]
    theirs, ours = real["stats_config"], ours["stats_config"]
    assert theirs["use_all_default_tags"] is ours["use_all_default_tags"]
    assert [tag for tag in ours["stats_tags"] if tag not in theirs["stats_tags"]] == []
    patterns = theirs["stats_matcher"]["inclusion_list"]["patterns"]
    assert [one for one in ours["stats_matcher"]["inclusion_list"]["patterns"] if one not in patterns] == []
