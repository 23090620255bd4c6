"""`usage`: a list held against logs, with planted cases."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import quick_yaml as yaml
from accesslogs import of_request, text
from command import Run, one_line

EGRESS = "outbound|443|wildcard|egressgateway.istio-egress.svc.cluster.local"
LIST = """apiVersion: v1
kind: ConfigMap
metadata:
  name: egress-domains
  labels: {egress-overlays.dev/set: default}
data:
  planted: |
    never.example.com    # the unused one
    *.wild.example.com
    used.example.com
    .both.example.com
"""
WEB, PAY = "[pod/web-7c9f4d5b6-x2x4z/istio-proxy] ", "[pod/pay-0/istio-proxy] "
GATEWAY = "[pod/istio-egressgateway-0/istio-proxy] "


def line(name: str, day: int, pod: str = WEB, **fields: Any) -> str:
    return pod + text(name, at=f"2026-11-{day:02}T10:00:00.000Z", **{"cluster": EGRESS, **fields})


def forwarded(name: str, day: int, **fields: Any) -> str:
    fields = {"cluster": "dynamic_forward_proxy_cluster", "peer": "envoy", "rest": 'allowed "-"', **fields}
    return line(name, day, GATEWAY, destination="envoy://sni_listener/", **fields)


LOG = "\n".join(
    [
        line("used.example.com", 1),
        forwarded("used.example.com", 1),
        line("a.wild.example.com", 2, PAY),
        line("b.wild.example.com", 3),
        line("b.wild.example.com", 4),
        line("x.both.example.com", 4),
        line("stray.example.net", 5, cluster="PassthroughCluster"),
        line("no.example.net", 20, PAY, cluster="BlackHoleCluster", sent=0),
    ]
)
DENIED = {
    "client": "spiffe://cluster.local/ns/blog/sa/web",
    "decision": "denied",
    "details": "rbac_access_denied_matched_policy[none]",
    "list": None,
    "log": "egress-overlays.clients",
    "name": "used.example.com",
    "time": "2026-11-19T10:00:00.000Z",
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("domains.yaml").write_text(LIST)
    Path("log").write_text(f"{LOG}\n{json.dumps(DENIED)}\n")


pytestmark = pytest.mark.usefixtures("files")
ARGUMENTS = ("usage", "--namespace", "shop", "log", "domains.yaml")


def found(run: Run, *options: str) -> dict[str, Any]:
    outcome = run(*ARGUMENTS, "-o", "json", *options)
    assert outcome.code == 0, outcome.err
    data: dict[str, Any] = json.loads(outcome.out)
    return data


def test_every_entry_has_its_hits_the_last_one_and_by_whom(run: Run) -> None:
    entries = {one["name"]: one for one in found(run)["entries"]}
    assert {name: (one["hits"], one["unused"], one["workloads"]) for name, one in entries.items()} == {
        "never.example.com": (0, True, []),
        "*.wild.example.com": (3, False, ["shop/pay", "shop/web"]),
        "used.example.com": (1, False, ["shop/web"]),  # once, though sidecar and gateway both say so
        "both.example.com": (0, True, []),
        "*.both.example.com": (1, False, ["shop/web"]),
    }
    wild = entries["*.wild.example.com"]
    assert wild["asked"] == [{"name": "a.wild.example.com", "hits": 1}, {"name": "b.wild.example.com", "hits": 2}]
    assert wild["last"] == "2026-11-04T10:00:00.000Z"


def test_what_was_refused_and_what_went_past_is_said_with_its_client(run: Run) -> None:
    data = found(run)
    assert [(one["name"], one["client"], one["rule"]) for one in data["refused"]] == [
        ("used.example.com", "blog/web", "no list of this client"),
        ("no.example.net", "shop/pay", "not in the sidecar's registry"),
    ]
    assert [(one["name"], one["client"]) for one in data["past"]] == [("stray.example.net", "shop/web")]


def test_an_entry_at_a_port_is_served_by_connections_at_that_port_alone(run: Run) -> None:
    service = "wildcard|egressgateway.istio-egress.svc.cluster.local"
    Path("domains.yaml").write_text(f"{LIST}    *.wild.example.com:9093\n    used.example.com:8443\n")
    lines = [
        line("q.wild.example.com", 6, cluster=f"outbound|9093|{service}", destination="10.1.1.1:9093"),
        line("used.example.com", 7, cluster="BlackHoleCluster", sent=0, destination="10.1.1.1:9093"),
    ]
    Path("log").write_text("\n".join([LOG, *lines]))
    data = found(run)
    entries = {one["name"]: (one["hits"], one["unused"]) for one in data["entries"]}
    assert entries["*.wild.example.com:9093"] == (1, False)
    assert entries["used.example.com:8443"] == (0, True)
    assert (entries["*.wild.example.com"], entries["used.example.com"]) == ((3, False), (1, False))
    assert ("used.example.com:9093", "shop/web") in [(one["name"], one["client"]) for one in data["refused"]]


@pytest.mark.parametrize(("since", "unused"), [("19d", 2), ("20d", 0), ("1h", 2), ("500h", 0)])
def test_a_window_that_is_too_short_calls_nothing_unused(since: str, unused: int, run: Run) -> None:
    data = found(run, "--since", since)
    assert sum(one["unused"] for one in data["entries"]) == unused
    assert data["window"]["isLongEnough"] is bool(unused)
    assert data["window"]["seconds"] == 19 * 86400
    said = run(*ARGUMENTS, "--since", since).out
    assert ("no entry is called unused" in said) is not bool(unused)
    assert ("unused  " in said) is bool(unused)


def test_only_exit_code_makes_it_fail(run: Run) -> None:
    assert run(*ARGUMENTS).code == 0
    assert run(*ARGUMENTS, "--exit-code").code == 1
    Path("log").write_text("\n".join(line(name, 1) for name in ("used.example.com", "never.example.com")))
    assert run(*ARGUMENTS, "--exit-code").code == 0


def test_the_diff_takes_unused_lines_away_and_no_others(run: Run) -> None:
    diff = run(*ARGUMENTS, "--remove-unused").out
    assert [one for one in diff.splitlines() if re.match("[-+] ", one)] == [
        "-    never.example.com    # the unused one"
    ]
    assert Path("domains.yaml").read_text() == LIST
    subprocess.run(["patch", "-p1"], input=diff, text=True, check=True, capture_output=True)
    assert "never" not in Path("domains.yaml").read_text()
    assert run(*ARGUMENTS, "--since", "20d", "--remove-unused").out == ""


def test_names_by_plain_http_are_used_or_not_by_themselves(run: Run) -> None:
    Path("domains.yaml").write_text(
        LIST + "    http://used.example.com:8080\n    http://never.example.com\n    http://*.mirror.example.com\n"
    )
    refused_by = "rbac_access_denied_matched_policy[not-listed]"
    lines = [
        of_request("used.example.com:8080", part="port_8080_"),
        of_request("a.mirror.example.com"),
        of_request("used.example.com", details=refused_by, route="-"),
    ]
    with Path("log").open("a") as file:
        file.writelines(f"{one}\n" for one in lines)
    entries = {entry["name"]: entry for entry in found(run)["entries"]}
    hits = {name: entry["hits"] for name, entry in entries.items() if name.endswith("/http")}
    assert hits == {
        "*.mirror.example.com:80/http": 1,
        "never.example.com:80/http": 0,
        "used.example.com:8080/http": 1,
    }
    assert [name for name, entry in entries.items() if entry["unused"] and name in hits] == [
        "never.example.com:80/http"
    ]
    refused = {one["name"]: one["rule"] for one in found(run)["refused"]}
    assert refused["used.example.com:80/http"] == "not on the gateway's list"
    diff = run(*ARGUMENTS, "--remove-unused").out
    assert "-    http://never.example.com" in diff
    assert "-    http://used" not in diff


def test_every_format_says_the_same(run: Run) -> None:
    said = {form: run(*ARGUMENTS, "-o", form).out for form in ("text", "markdown", "html", "yaml")}
    for form, out in said.items():
        for word in ("never.example.com", "stray.example.net", "no.example.net", "blog/web"):
            assert word in out, form
    assert yaml.safe_load(said["yaml"]) == found(run)


def test_hostile_names_and_workloads_are_no_markup(run: Run) -> None:
    Path("log").write_text(line("<script>alert(1)</script>", 1) + "\n" + f"[pod/x<b>/y] {text('used.example.com')}\n")
    for form in ("html", "markdown"):
        assert "<b>" not in run(*ARGUMENTS, "-o", form).out
        assert "alert(1)" not in run(*ARGUMENTS, "-o", form).out


def test_the_page_is_drawn_by_a_real_browser(run: Run, tmp_path: Path) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip(
            "NOT RUN: the page of usage is drawn in a real browser, and there is none: apt-get install chromium"
        )
    page = tmp_path / "usage.html"
    page.write_text(run(*ARGUMENTS, "-o", "html").out, encoding="utf-8")
    arguments = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page.as_uri()]
    drawn = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    assert drawn.count("<rect ") > 5
    assert "://" not in drawn  # nothing is fetched


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("log", "domains.yaml", "--since", "soon"), '--since "soon": write a number and d, h or m'),
        (("none", "domains.yaml"), "none: no such file"),
        (("log", "none.yaml"), "none.yaml: no such file"),
    ],
)
def test_wrong_use_is_one_line(arguments: tuple[str, ...], said: str, run: Run) -> None:
    assert said in one_line(run("usage", *arguments), 2)
