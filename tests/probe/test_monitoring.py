"""components/monitoring: every metric that an alert or a panel names exists in the real Envoy."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from builds import ROOT, build, overlay
from egress_overlays.probe import envoy, probe

MONITORING = ROOT / "components/monitoring"
METRIC = re.compile(r'(?:__name__=~")?\b(envoy_[a-z0-9_.+]+)"?')


@pytest.fixture(scope="module")
def queries() -> list[str]:
    rules = yaml.safe_load((MONITORING / "prometheusrule.yaml").read_text())["spec"]["groups"][0]["rules"]
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    from_panels = [
        target["expr"] for panel in panels if panel["datasource"]["type"] == "prometheus" for target in panel["targets"]
    ]
    return [*(rule["expr"] for rule in rules), *from_panels]


@pytest.fixture(scope="module")
def statistics(newest: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What Envoy's metrics endpoint, then its own list of statistics, say after a probe."""
    kept: list[str] = []

    class Watched(envoy.Envoy):
        def __exit__(self, *details: object) -> None:
            kept.append(self.get("/stats/prometheus") + self.get("/stats"))
            super().__exit__(*details)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(envoy, "Envoy", Watched)
        probe(build(overlay(tmp_path_factory.mktemp("overlay"), (), ("*.wikipedia.org",))), binary=newest)
    return kept[0]


def test_every_metric_exists(queries: list[str], statistics: str) -> None:
    named = {name for query in queries for name in METRIC.findall(query)}
    named = {
        name for name in named if not name.startswith(("envoy_internal_", "envoy_cluster_name", "envoy_tcp_prefix"))
    }
    named -= {"envoy_rbac_prefix", "envoy_listener_address"}
    assert len(named) > 8
    assert [name for name in named if not re.search(rf"^{name}[{{ ]", statistics, re.MULTILINE)] == []


def test_every_label_has_the_value_that_is_asked_for(queries: list[str], statistics: str) -> None:
    asked = {pair for query in queries for pair in re.findall(r'(envoy_[a-z_]+="[a-z_]+")', query)}
    assert len(asked) > 3
    assert [pair for pair in asked if pair not in statistics] == []


def test_what_was_refused_was_counted(statistics: str) -> None:
    assert re.search(r'^envoy_rbac_denied\{envoy_rbac_prefix="egress"\} [1-9]', statistics, re.MULTILINE)
    refused = r'^envoy_listener_no_filter_chain_match\{envoy_listener_address="envoy_internal_sni_listener"\} [1-9]'
    assert re.search(refused, statistics, re.MULTILINE)


def test_the_proxy_keeps_what_is_read(statistics: str) -> None:
    """Istio's proxies drop statistics that no inclusion names; the expressions match Envoy's own, dotted names."""
    deployment = yaml.safe_load((MONITORING / "deployment.yaml").read_text())
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    expressions = annotations["sidecar.istio.io/statsInclusionRegexps"].split(",")
    for name in (
        "listener.envoy_internal_sni_listener.no_filter_chain_match",
        "egress.rbac.denied",
        "tcp.egress_forwarder.downstream_cx_tx_bytes_total",
        "dns_cache.egress_v4.dns_query_failure",
        "cluster.dynamic_forward_proxy_cluster.upstream_cx_connect_fail",
        "cluster.sni_cluster.circuit_breakers.default.cx_open",
    ):
        assert f"\n{name}: " in statistics
        assert any(re.fullmatch(expression, name) for expression in expressions), name
