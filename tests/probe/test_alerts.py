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

ALERT = "EgressNamesRefusedAfterChange"
LABELS = 'namespace="istio-egress", pod="sni-egressgateway-7d9c5f6b8d-2xk4p"'
NO_CHAIN = f"envoy_listener_envoy_internal_sni_listener_no_filter_chain_match{{{LABELS}}}"
DENIED = f'envoy_egress_clients__rbac{{{LABELS}, authz_enforce_result="denied"}}'
CHANGED = f"envoy_listener_manager_listener_modified{{{LABELS}}}"

# Two hours, a value a minute: the first 90 minutes, then what comes after.
QUIET, NOISE = "0+0x120", "0+1x120"
RISES, LESS = "0+1x90 100+10x30", "0+10x90 900+1x30"
ONCE = "0x90 1x30"

CASES: dict[str, tuple[dict[str, str], bool]] = {
    "more is refused after a change": ({NO_CHAIN: RISES, CHANGED: ONCE}, True),
    "more clients are refused after a change": ({NO_CHAIN: QUIET, DENIED: RISES, CHANGED: ONCE}, True),
    "more is refused and nothing was changed": ({NO_CHAIN: RISES, CHANGED: QUIET}, False),
    "a change, and as much is refused as before": ({NO_CHAIN: NOISE, CHANGED: ONCE}, False),
    "a change, and less is refused": ({NO_CHAIN: LESS, CHANGED: ONCE}, False),
    "a change, and nothing is refused": ({NO_CHAIN: QUIET, DENIED: QUIET, CHANGED: ONCE}, False),
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


@pytest.mark.parametrize(("series", "fires"), CASES.values(), ids=CASES)
def test_the_alert_about_a_change_of_the_list(series: dict[str, str], fires: bool, rules: Path, tmp_path: Path) -> None:
    expected = [{"exp_labels": {"severity": "warning", "namespace": "istio-egress"}}] if fires else []
    # Without exp_annotations promtool compares none but empty ones: the rule is taken without its own.
    groups = json.loads(rules.read_text())
    for rule in groups["groups"][0]["rules"]:
        rule.pop("annotations")
    rules.write_text(json.dumps(groups))
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [{"eval_time": "105m", "alertname": ALERT, "exp_alerts": expected}],
    }
    (tmp_path / "test.json").write_text(json.dumps({"rule_files": [str(rules)], "tests": [test]}))
    done = promtool("test", "rules", str(tmp_path / "test.json"))
    assert done.returncode == 0, done.stdout + done.stderr
