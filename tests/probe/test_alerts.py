"""components/monitoring's alerts in Prometheus's own engine (`promtool test rules`): when they fire, and when not."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from metrics import MONITORING

if TYPE_CHECKING:
    from pathlib import Path

PROMTOOL = shutil.which("promtool")
pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="needs promtool: apt-get install prometheus")

LABELS = 'namespace="istio-egress", pod="sni-egressgateway-7d9c5f6b8d-2xk4p"'
NO_CHAIN = f"envoy_listener_envoy_internal_sni_listener_no_filter_chain_match{{{LABELS}}}"
DENIED = f'envoy_egress_clients__rbac{{{LABELS}, authz_enforce_result="denied"}}'
CHANGED = f"envoy_listener_manager_listener_modified{{{LABELS}}}"
BY_LIST = f'envoy_egress_lists_connections{{{LABELS}, decision="allowed", list='
BY_GROUP = 'egress_overlays_connections{set="default", list="pay", '
ADDED = f'envoy_dns_host_added{{{LABELS}, cache="egress_v4_10s_1s"}}'
FAILED = f'envoy_dns_dns_query_failure{{{LABELS}, cache="egress_v4_10s_1s"}}'
HANDSHAKES = f"envoy_listener_downstream_cx_transport_socket_connect_timeout{{{LABELS}}}"
POD = {"pod": "sni-egressgateway-7d9c5f6b8d-2xk4p"}
NAMESPACE = {"namespace": "istio-egress"}

# Two hours, a value a minute: the first 90 minutes, then what comes after.
QUIET, NOISE = "0+0x120", "0+1x120"
RISES, LESS = "0+1x90 100+10x30", "0+10x90 900+1x30"
ONCE = "0x90 1x30"
# Bursts in the last minute, and 50 a second.
AT_ONCE, IN_HALF_A_MINUTE, MANY = "0x104 2400x16", "0x104 10400x16", "0+3000x120"

Case = tuple[str, dict[str, str], dict[str, str] | None]
CHANGE, REPORT, GROUP = "EgressNamesRefusedAfterChange", "EgressListsReport", "EgressGroupRefused"
MADE_UP, BURST, HANDSHAKE = "EgressMadeUpNames", "EgressDnsFlooded", "EgressHandshakesFailing"
AFTER_CHANGE = {"severity": "warning", **NAMESPACE}
WARNS = {"severity": "warning", **POD}
CASES: dict[str, Case] = {
    "more is refused after a change": (CHANGE, {NO_CHAIN: RISES, CHANGED: ONCE}, AFTER_CHANGE),
    "more clients are refused after a change": (CHANGE, {NO_CHAIN: QUIET, DENIED: RISES, CHANGED: ONCE}, AFTER_CHANGE),
    "more is refused and nothing was changed": (CHANGE, {NO_CHAIN: RISES, CHANGED: QUIET}, None),
    "a change, and as much is refused as before": (CHANGE, {NO_CHAIN: NOISE, CHANGED: ONCE}, None),
    "a change, and less is refused": (CHANGE, {NO_CHAIN: LESS, CHANGED: ONCE}, None),
    "a change, and nothing is refused": (CHANGE, {NO_CHAIN: QUIET, DENIED: QUIET, CHANGED: ONCE}, None),
    "a list reports": (
        REPORT,
        {f'{BY_LIST}"reported by till until 2027-03-31, else x"}}': "0x99 1x21", f'{BY_LIST}"till"}}': NOISE},
        {"severity": "info", **NAMESPACE},
    ),
    "a list reported an hour ago": (
        REPORT,
        {f'{BY_LIST}"reported by till until 2027-03-31, else x"}}': "0x40 9x80"},
        None,
    ),
    "every list is enforced": (REPORT, {f'{BY_LIST}"till"}}': NOISE}, None),
    "a name of a group is refused": (
        GROUP,
        {
            f'{BY_GROUP}group="a", decision="refused"}}': "0x99 1x21",
            f'{BY_GROUP}group="b", decision="refused"}}': QUIET,
        },
        {"severity": "info", "list": "pay", "group": "a"},
    ),
    "a name of a group was refused, before what the log covers": (
        GROUP,
        {f'{BY_GROUP}group="a", decision="refused"}}': "9x99 0x21"},
        None,
    ),
    "a name of no group is refused": (
        GROUP,
        {BY_GROUP.replace("pay", "") + 'group="", decision="refused"}': NOISE},
        None,
    ),
    "names of groups are allowed and reported": (
        GROUP,
        {f'{BY_GROUP}group="a", decision="{one}"}}': NOISE for one in ("allowed", "reported", "direct")},
        None,
    ),
    "one burst of made-up names": (BURST, {ADDED: AT_ONCE, FAILED: AT_ONCE}, WARNS),
    "one burst of names that are there": (BURST, {ADDED: AT_ONCE, FAILED: QUIET}, None),
    "DNS answers nothing, for the names that are asked for anyway": (BURST, {ADDED: NOISE, FAILED: MANY}, None),
    "made-up names for as long as one likes": (MADE_UP, {ADDED: "0+9000x120"}, WARNS),
    "a burst that fills half the cache": (MADE_UP, {ADDED: IN_HALF_A_MINUTE}, WARNS),
    "as many names as a busy mesh asks for": (MADE_UP, {ADDED: MANY}, None),
    "one burst without a certificate": (HANDSHAKE, {HANDSHAKES: IN_HALF_A_MINUTE}, {**WARNS, **NAMESPACE}),
    "connections without a certificate": (HANDSHAKE, {HANDSHAKES: "0+9000x120"}, {**WARNS, **NAMESPACE}),
}


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(PROMTOOL), *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The groups of the PrometheusRule, as Prometheus itself reads them."""
    spec: dict[str, Any] = yaml.safe_load((MONITORING / "prometheusrule.yaml").read_text())["spec"]
    (tmp_path / "rules.json").write_text(json.dumps(spec))
    return tmp_path / "rules.json"


def test_prometheus_takes_every_alert(rules: Path) -> None:
    done = promtool("check", "rules", str(rules))
    assert done.returncode == 0, done.stderr


@pytest.mark.long
@pytest.mark.parametrize(("alert", "series", "labels"), CASES.values(), ids=CASES)
def test_it_fires_or_does_not(
    alert: str, series: dict[str, str], labels: dict[str, str] | None, rules: Path, tmp_path: Path
) -> None:
    expected = [{"exp_labels": labels}] if labels else []
    # Without exp_annotations promtool compares none but empty ones: the rule is taken without its own.
    groups = json.loads(rules.read_text())
    for rule in groups["groups"][0]["rules"]:
        rule.pop("annotations")
    rules.write_text(json.dumps(groups))
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [{"eval_time": "105m", "alertname": alert, "exp_alerts": expected}],
    }
    (tmp_path / "test.json").write_text(json.dumps({"rule_files": [str(rules)], "tests": [test]}))
    done = promtool("test", "rules", str(tmp_path / "test.json"))
    assert done.returncode == 0, done.stdout + done.stderr
