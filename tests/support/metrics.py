"""components/monitoring's queries, and which series of a proxy's metrics endpoint they find."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import quick_yaml as yaml
from builds import ROOT

MONITORING = ROOT / "components/monitoring"
_INCLUSION = "sidecar.istio.io/statsInclusionRegexps"
_LABEL = re.compile(r'(\w+)(=~|!=|=)"((?:[^"\\]|\\.)*)"')
_BY = re.compile(r"\bby \([^)]*\)")
_SELECTOR = re.compile(r"(\w*)\{([^{}]*)\}")

# The tags of Istio's Envoy bootstrap that match a statistic of the gateway's: tests/e2e compares.
ISTIO_TAGS = {
    "cluster_name": r"^cluster(\.(.+);)",
    "http_conn_manager_prefix": r"^http\.(((?:[_.[:digit:]\w]*|[_\[\]aAbBcCdDeEfF[:digit:]\w\:]*));\.)",
    "response_code": r"_rq(_(\d{3}))$",
    "response_code_class": r"_rq(_(\dxx))$",
    "tcp_prefix": r"^tcp\.((.*?)\.)\w+?$",
    "listener_address": r"^listener\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)",
    "cache": r"(cache\.(.+?)\.)",
    "authz_enforce_result": r"rbac(\.(allowed|denied))",
    "authz_dry_run_result": r"(\.shadow_(allowed|denied))",
}
# What pilot-agent lets through whatever an annotation says, as far as the gateway has such statistics.
ISTIO_KEEPS = [
    {"prefix": "cluster_manager"},
    {"prefix": "listener_manager"},
    {"prefix": "server"},
    {"suffix": "rbac.allowed"},
    {"suffix": "rbac.denied"},
    {"suffix": "shadow_allowed"},
    {"suffix": "shadow_denied"},
]


def istio_statistics(annotations: Mapping[str, str]) -> dict[str, Any]:
    """The part of Envoy's bootstrap that pilot-agent writes about statistics for a pod with these annotations."""
    regexes = annotations.get(_INCLUSION, "").split(",")
    patterns = [*({"safe_regex": {"regex": regex}} for regex in regexes if regex), *ISTIO_KEEPS]
    tags = [{"tag_name": name, "regex": regex} for name, regex in ISTIO_TAGS.items()]
    return {
        "stats_config": {
            "use_all_default_tags": False,
            "stats_tags": tags,
            "stats_matcher": {"inclusion_list": {"patterns": patterns}},
        },
        # A cluster has no counters of connections before its first one.
        "deferred_stat_options": {"enable_deferred_creation_stats": True},
    }


def pod_annotations(manifests: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Those of the pods of the one Deployment among manifests."""
    (deployment,) = (item for item in manifests if item["kind"] == "Deployment")
    return dict(deployment["spec"]["template"]["metadata"]["annotations"])


BY_LIST = "envoy_egress_lists_connections"
"""The counter that a gateway with components/client-lists alone has."""
BY_GROUP = "egress_overlays_connections"
"""What no gateway counts: `egress-overlays usage -o prometheus` writes it."""


def queries(*, by_list: bool = False, by_group: bool = False) -> dict[str, str]:
    """Every expression for Prometheus, by the name of its alert or its panel and legend.

    Of all gateways, or `by_list` those of gateways with lists for clients, or `by_group` those that no gateway answers.
    """
    (group,) = yaml.safe_load((MONITORING / "prometheusrule.yaml").read_text())["spec"]["groups"]
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    found = {rule["alert"]: rule["expr"] for rule in group["rules"]} | {
        f"{panel['title']}: {target['legendFormat']}": target["expr"]
        for panel in panels
        if panel["datasource"]["type"] == "prometheus"
        for target in panel["targets"]
    }
    wanted = (by_list, by_group)
    return {name: query for name, query in found.items() if (BY_LIST in query, BY_GROUP in query) == wanted}


@dataclass(frozen=True)
class Series:
    """One line of a metrics endpoint; `labels` has the name as `__name__`, and the pod that was scraped."""

    labels: Mapping[str, str]
    value: float

    def matches(self, selector: str) -> bool:
        """Whether a selector finds it; an absent label counts as empty and expressions match all of it."""
        name, _, matchers = selector.partition("{")
        wanted = [("__name__", "=", name)] if name else []
        return all(
            {"=": found == value, "!=": found != value, "=~": re.fullmatch(value, found)}[operator]
            for label, operator, value in (*wanted, *_LABEL.findall(matchers))
            for found in [self.labels.get(label, "")]
        )


SCRAPED = {"namespace": "istio-egress", "pod": "sni-egressgateway-7d9c5f6b8d-2xk4p"}
"""What the PodMonitor adds to every series: the pod that it is of."""


def relabelings() -> list[dict[str, Any]]:
    """What the PodMonitor has Prometheus change of each series."""
    (endpoint,) = yaml.safe_load((MONITORING / "podmonitor.yaml").read_text())["spec"]["podMetricsEndpoints"]
    return list(endpoint["metricRelabelings"])


def series(exposed: str) -> list[Series]:
    """What a metrics endpoint says, as Prometheus has it after the PodMonitor's scrape."""
    found = []
    changes = relabelings()
    for line in exposed.splitlines():
        if line and not line.startswith("#"):
            metric, _, value = line.rpartition(" ")
            name, _, labels = metric.partition("{")
            pairs = {label: text for label, _, text in _LABEL.findall(labels)}
            found.append(Series(_relabeled({**SCRAPED, **pairs, "__name__": name}, changes), float(value)))
    return found


def _relabeled(labels: dict[str, str], changes: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    for change in changes:
        text = ";".join(labels.get(label, "") for label in change["sourceLabels"])
        if match := re.fullmatch(change["regex"], text):
            template = re.sub(r"\$\{?(\d)\}?", r"\\\1", change["replacement"])
            labels = {**labels, change["targetLabel"]: match.expand(template)}
    return labels


def selectors(query: str) -> list[str]:
    """The series selectors of an expression, all of which have braces."""
    assert "envoy_" not in _SELECTOR.sub("", _BY.sub("", query)), f"a metric without braces in {query}"
    return [match.group() for match in _SELECTOR.finditer(query)]


def total(found: Iterable[Series], query: str) -> float:
    """The sum over all series that the first selector of an expression finds; 0 where there are none."""
    return sum(one.value for one in found if one.matches(selectors(query)[0]))


def without_series(found: Iterable[Series], asked: Mapping[str, str]) -> dict[str, list[str]]:
    """The selectors that find nothing, by the names of `asked`."""
    everything = list(found)
    missing = {
        name: [one for one in selectors(query) if not any(item.matches(one) for item in everything)]
        for name, query in asked.items()
    }
    return {name: those for name, those in missing.items() if those}
