"""Lists that report in place of refusing: what asks for it, what is refused, and what the rules are then."""

from __future__ import annotations

import re
from typing import Any

import pytest

from builders import Value, service_entry, virtual_service
from egress_overlays.injection.reporting import otherwise, read
from egress_overlays.lists.clients import Client
from egress_overlays.lists.reporting import EVERYBODY, Reporting
from limited import CLIENTS, chain_of, decide, limited_list, of_kind, placed, run, spiffe

OURS = "egress-overlays.dev/"
LEAVE = {f"{OURS}allow-report": "true"}
REPORTS = {f"{OURS}enforce": "report", f"{OURS}report-until": "2027-03-31"}
ELSE = "else rbac_access_denied_matched_policy[none]"


def a_list(names: str, clients: str, name: str, **annotations: str) -> Value:
    found = limited_list(names, clients, name)
    found["metadata"]["annotations"] |= {f"{OURS}{key.replace('_', '-')}": value for key, value in annotations.items()}
    return found


def reporting_list(names: str = "a.example.com", clients: str = "till", name: str = "till") -> Value:
    return a_list(names, clients, name, enforce="report", report_until="2027-03-31")


def decided(values: list[Value], identity: str, host: str) -> str | None:
    """Which rule lets it through, those of lists that report behind the others."""
    matcher = chain_of(values)["filters"][1]["typed_config"]["matcher"]
    found = decide(matcher, identity, host)
    for rule in matcher.get("on_no_match", {}).get("matcher", {}).get("matcher_list", {}).get("matchers", ()):
        expression = rule["predicate"]["single_predicate"]["value_match"]["safe_regex"]["regex"]
        if found is None and re.fullmatch(expression, identity):
            found = str(rule["on_match"]["action"]["typed_config"]["name"])
    return found


def test_clients_of_a_list_that_reports_pass_by_a_rule_of_its_own_and_nobody_else_does() -> None:
    values, messages = run(placed(annotations=LEAVE), reporting_list(), limited_list("b.example.com", "office"))
    assert messages == []
    assert decided(values, spiffe("till", "x"), "a.example.com") == "till"
    assert decided(values, spiffe("till", "x"), "b.example.com") == f"reported by till until 2027-03-31, {ELSE}"
    assert decided(values, spiffe("office", "x"), "b.example.com") == "team"
    assert decided(values, spiffe("office", "x"), "a.example.com") is None
    assert decided(values, spiffe("till-x", "x"), "b.example.com") is None
    assert decided(values, spiffe("till", "x", "elsewhere.example"), "b.example.com") is None
    config = chain_of(values)["filters"][1]["typed_config"]
    assert config["matcher"] == config["shadow_matcher"]


def test_their_sidecars_know_every_name() -> None:
    values, _ = run(
        placed(annotations=LEAVE),
        virtual_service(),
        service_entry(),
        reporting_list(),
        limited_list("b.example.com", "office"),
    )
    for kind in ("VirtualService", "ServiceEntry"):
        known = {
            tuple(spec["exportTo"]): spec["hosts"] for spec in of_kind(values, kind).values() if "exportTo" in spec
        }
        assert known["till",] == ["a.example.com"]
        assert known["office", "till"] == ["b.example.com"]


def test_the_platform_reports_for_everybody() -> None:
    values, messages = run(
        placed(annotations=LEAVE | REPORTS), virtual_service(), limited_list("b.example.com", "office")
    )
    assert messages == []
    (name,) = of_kind(values, "EnvoyFilter")
    assert decided(values, spiffe("any", "one"), "b.example.com") == f"reported by {name} until 2027-03-31, {ELSE}"
    (spec,) = of_kind(values, "VirtualService").values()
    assert spec["hosts"] == ["b.example.com"]


def test_leave_alone_changes_nothing_but_itself() -> None:
    with_leave, messages = run(placed(annotations=LEAVE), limited_list("b.example.com", "office"))
    without, _ = run(placed(), limited_list("b.example.com", "office"))
    assert messages == []
    for value in with_leave:
        value["metadata"].get("annotations", {}).pop(f"{OURS}allow-report", None)
    assert with_leave == without


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((placed(), reporting_list()), "does not allow it; whoever runs the gateway adds components/report"),
        ((placed(annotations={f"{OURS}allow-report": "yes"}), reporting_list()), '"yes" means nothing; write "true"'),
        (
            (placed(annotations=LEAVE), a_list("a.example.com", "till", "till", enforce="report")),
            "reports without a last day, and so for good; add egress-overlays.dev/report-until: YYYY-MM-DD",
        ),
        (
            (placed(annotations=LEAVE), a_list("a.example.com", "till", "till", report_until="2027-03-31")),
            "carries egress-overlays.dev/report-until without egress-overlays.dev/enforce: report",
        ),
        (
            (placed(annotations=LEAVE), a_list("a.example.com", "t", "t", enforce="report", report_until="31.3.2027")),
            '"31.3.2027" is no YYYY-MM-DD; write 2027-03-31',
        ),
        (
            (placed(annotations=LEAVE), a_list("a.example.com", "t", "t", enforce="report", report_until="2027-02-30")),
            '"2027-02-30" is no day of the calendar',
        ),
        (
            (placed(annotations=LEAVE), a_list("a.example.com", "t", "t", enforce="Report", report_until="2027-03-31")),
            '"Report" is no way to enforce a list; write report, or remove the annotation',
        ),
        (
            (placed(annotations=LEAVE | {f"{OURS}enforce": "report"}), limited_list("a.example.com", "till")),
            "reports without a last day",
        ),
        ((placed(annotations=REPORTS), limited_list("a.example.com", "till")), "does not allow it"),
        (
            (placed(annotations=LEAVE), virtual_service(annotations=REPORTS), limited_list("a.example.com", "till")),
            "carries egress-overlays.dev/enforce, which is for a domains ConfigMap or the EnvoyFilter of a gateway",
        ),
        (
            (placed(annotations=LEAVE), virtual_service(annotations=LEAVE), limited_list("a.example.com", "till")),
            "carries egress-overlays.dev/allow-report, which is for the EnvoyFilter of a gateway",
        ),
    ],
)
def test_what_is_not_understood_is_refused(values: tuple[Value, ...], said: str) -> None:
    made, messages = run(*values)
    assert made == []
    assert any(said in one for one in messages), messages


def test_a_list_for_every_workload_cannot_report() -> None:
    whole = reporting_list()
    del whole["metadata"]["annotations"][CLIENTS]
    made, messages = run(placed(annotations=LEAVE), whole)
    assert made == []
    assert any(
        "a list reports for its own clients alone; give it egress-overlays.dev/clients" in one for one in messages
    )


def test_where_no_list_is_limited_there_is_nothing_to_report() -> None:
    whole = limited_list("a.example.com", "till")
    del whole["metadata"]["annotations"][CLIENTS]
    made, messages = run(placed(annotations=LEAVE | REPORTS), whole)
    assert made == []
    assert any("has nothing to report: every name of the set" in one for one in messages)


def test_only_what_the_function_writes_is_read_back() -> None:
    asked = [
        Reporting("till", frozenset({Client("till/*"), Client("shop/check.out")}), "2027-03-31"),
        Reporting("sni-egressgateway", EVERYBODY, "2027-01-01"),
    ]
    domains = ("cluster.local", "old-corp.example")
    written = otherwise(asked, domains)
    assert read(written) == asked
    for changed in _changed(written):
        assert read(changed) is None, changed
    assert read(None) is None


def _changed(node: Any) -> list[Any]:
    """`node` with one thing about it changed, in each way."""
    if isinstance(node, dict):
        found: list[Any] = [{**node, "on_no_match": {"action": {}}}]
        for key, value in node.items():
            found += [{**node, key: one} for one in _changed(value)]
            found.append({other: one for other, one in node.items() if other != key})
        return found
    if isinstance(node, list):
        return [[*node[:at], one, *node[at + 1 :]] for at, part in enumerate(node) for one in _changed(part)]
    return [".*", f"{node}|.*", f"{node} "]
