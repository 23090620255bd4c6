"""The commands about denials in lists that are for some clients only, over real builds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from known_builds import kustomized

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

KUSTOMIZATION = """\
resources: [../../base, domains.yaml]
components: [../../components/client-lists]
transformers: [../../plugin/inject]
"""
LISTS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: shared, labels: {egress-overlays.dev/set: default}}
data:
  all: |
    pypi.org
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: payments
  labels: {egress-overlays.dev/set: default}
  annotations: {egress-overlays.dev/clients: payments}
data:
  providers: |
    *.example.com
    !admin.example.com
    !*.internal.example.com
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: security
  labels: {egress-overlays.dev/set: default}
  annotations: {egress-overlays.dev/clients: security/scanner}
data:
  admin: |
    admin.example.com
"""
ADMIN, INTERNAL = "!admin.example.com", "!*.internal.example.com"
FILE = "overlays/teams/domains.yaml"


@pytest.fixture(autouse=True)
def overlay(tree: Path) -> Path:
    return laid(tree, "teams", LISTS)


def data(run: Run, *arguments: object, code: int = 0) -> Any:
    outcome = run(*arguments, "-o", "json")
    assert outcome.code == code, outcome.err
    return json.loads(outcome.out)


def laid(tree: Path, name: str, lists: str) -> Path:
    directory = tree / "overlays" / name
    directory.mkdir()
    (directory / "kustomization.yaml").write_text(KUSTOMIZATION)
    (directory / "domains.yaml").write_text(lists)
    return directory


@pytest.mark.parametrize(
    ("client", "host", "code", "said"),
    [
        (
            "payments/web",
            "www.example.com",
            0,
            "allowed: *.example.com in group providers, overlays/teams/domains.yaml:",
        ),
        ("payments/web", "admin.example.com", 1, "denied: limited to security/scanner; !admin.example.com (overlays/"),
        ("payments/web", "a.internal.example.com", 1, f"denied: {INTERNAL} ({FILE}:18) denies it"),
        ("payments/web", "*.example.com", 1, f"denied: not all of it: {INTERNAL} ({FILE}:18) denies a part"),
        ("security/scanner", "admin.example.com", 0, "allowed: admin.example.com in group admin"),
        ("security/scanner", "www.example.com", 1, "denied: limited to payments/*"),
    ],
)
def test_check_says_what_each_client_reaches(client: str, host: str, code: int, said: str, run: Run) -> None:
    outcome = run("check", "--as", client, host, "overlays/teams")
    assert (outcome.code, said in outcome.out) == (code, True), outcome.out


def test_check_without_a_client_says_for_whom(run: Run) -> None:
    outcome = run("check", "admin.example.com", "overlays/teams")
    assert "admin.example.com: allowed: for security/scanner alone; admin.example.com in group admin" in outcome.out


def test_list_shows_the_lines_that_deny(run: Run) -> None:
    (found,) = data(run, "list", "overlays/teams")["sets"]
    lines = {one["name"]: one for one in found["entries"]}
    assert [lines[name]["effective"] for name in (ADMIN, INTERNAL, "admin.example.com")] == [True, True, True]
    assert lines[ADMIN]["clients"] == ["payments/*"]
    assert (lines[ADMIN]["file"], lines[ADMIN]["line"]) == (FILE, 17)
    assert len(lines) == len(found["entries"]) == 5
    (rendered,) = data(run, "list", "--as", "payments/web", "overlays/teams")["sets"]
    assert rendered["hosts"] == ["pypi.org"], "of *.example.com it does not reach all"


def test_verify_is_content_and_says_where_rules_lack_a_denial(run: Run, tree: Path) -> None:
    assert _faults(run, "overlays/teams") == []
    built = tree / "teams.yaml"
    built.write_bytes(kustomized(tree / "overlays/teams"))
    assert _faults(run, built) == []
    text = built.read_text()
    assert text.count("action: DENY\n") > 0
    more = tree / "more.yaml"
    more.write_text(text + "---\n" + LISTS.replace(f"    {ADMIN}\n", f"    {ADMIN}\n    !other.example.com\n"))
    (fault,) = [one for one in _faults(run, more) if one[0] == "stale"]
    assert '"other.example.com" is for payments/* at the gateway and for nobody in the ConfigMaps' in fault[1]


def _faults(run: Run, path: object) -> list[tuple[str, str]]:
    (found,) = json.loads(run("verify", path, "-o", "json").out)
    return [(one["rule"], one["message"]) for one in found["findings"] if one["severity"] in ("error", "warning")]


def test_diff_says_whom_a_denial_takes_a_name_from(run: Run, tree: Path) -> None:
    laid(tree, "before", LISTS.replace(f"    {ADMIN}\n", "").replace(f"    {INTERNAL}\n", ""))
    rows = {tuple(one["names"]): one for one in data(run, "diff", "overlays/before", "overlays/teams")["changes"]}
    assert rows["admin.example.com",]["kind"] == "narrows"
    assert rows["admin.example.com",]["lost"] == ["payments/*"]
    assert rows["*.internal.example.com",]["kind"] == "closes"
    back = {tuple(one["names"]): one for one in data(run, "diff", "overlays/teams", "overlays/before")["changes"]}
    assert {names: one["kind"] for names, one in back.items()} == {
        ("admin.example.com",): "widens",
        ("*.internal.example.com",): "opens",
    }


def test_usage_counts_what_a_denial_refused_and_never_calls_one_unused(run: Run, tree: Path) -> None:
    def line(client: str, name: str, refused: str = "") -> str:
        namespace, account = client.split("/")
        found = {
            "client": f"spiffe://cluster.local/ns/{namespace}/sa/{account}",
            "decision": "denied" if refused else "allowed",
            "details": f"rbac_access_denied_matched_policy[{refused}]" if refused else None,
            "list": None if refused else namespace,
            "log": "egress-overlays.clients",
            "name": name,
            "time": f"2026-11-{3 if refused else 20:02}T10:00:00.000Z",
        }
        return json.dumps(found) + "\n"

    log = tree / "log"
    log.write_text(
        line("payments/web", "www.example.com")
        + 2 * line("payments/web", "admin.example.com", "!payments")
        + line("security/scanner", "admin.example.com")
        + line("blog/web", "a.internal.example.com", "none")
    )
    found = data(run, "usage", log, "overlays/teams")
    entries = {one["name"]: (one["hits"], one["unused"], one["workloads"]) for one in found["entries"]}
    assert entries == {
        "admin.example.com": (1, False, ["security/scanner"]),
        ADMIN: (2, False, ["payments/web"]),
        INTERNAL: (0, False, []),
        "*.example.com": (1, False, ["payments/web"]),
        "pypi.org": (0, True, []),
    }
    rules = {(one["name"], one["client"]): (one["count"], one["rule"]) for one in found["refused"]}
    assert rules == {
        ("admin.example.com", "payments/web"): (2, "a denial in list payments"),
        ("a.internal.example.com", "blog/web"): (1, "no list of this client"),
    }
    assert "1 of 3 entries never asked for" in run("usage", log, "overlays/teams").out
    removed = run("usage", "--remove-unused", log, "overlays/teams").out
    assert [one for one in removed.splitlines() if one.startswith("-") and not one.startswith("---")] == [
        "-    pypi.org"
    ]


def test_matrix_has_a_row_for_what_differs(run: Run, tree: Path) -> None:
    laid(tree, "before", LISTS.replace(f"    {ADMIN}\n", ""))
    found = data(run, "matrix", "overlays/before", "overlays/teams")
    rows = {one["name"]: one["in"] for one in found["names"]}
    clients = {title: cell["clients"] for title, cell in rows["admin.example.com"].items()}
    assert clients == {"before": ["payments/*", "security/scanner"], "teams": ["security/scanner"]}
