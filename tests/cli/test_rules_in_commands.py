"""Rules of one's own in `add`, `list` and `diff`: what breaks one is said before `verify` says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from command import Run
from egress_overlays.cli.egress_policy import FILE

if TYPE_CHECKING:
    from collections.abc import Callable

PROD = "overlays/prod"
PAYMENTS = "components/domains-payments/domains.yaml"
OBJECT = "apiVersion: egress-overlays.dev/v1alpha1\nkind: EgressPolicy\nmetadata: {name: a}\nrules:\n"
PCI = '- {for: {group: "exchange-*"}, wildcards: never, why: PCI scope}\n'


def add(run: Run, *words: str, file: str = PROD) -> list[str]:
    """What `add` refuses."""
    before = Path(PAYMENTS).read_text()
    outcome = run("add", *words, "--group", "exchange-rates", file)
    assert (outcome.code == 2) == (Path(PAYMENTS).read_text() == before), "all is added, or nothing"
    said = [one.removeprefix("egress-overlays: error: ") for one in outcome.err.splitlines()]
    assert outcome.code == 0 or all(one.endswith("; nothing was added") for one in said), outcome.err
    return [one.removesuffix("; nothing was added") for one in said] if outcome.code else []


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("file", [PROD, PAYMENTS])
def test_add_refuses_what_breaks_a_rule(file: str, run: Run) -> None:
    Path(FILE).write_text(f"{PCI}- {{never: paste.example, why: nobody pastes}}\n")
    refused = [
        f"*.example.net is a wildcard, and none may stand here ({FILE}:1: PCI scope)",
        f"x.example.net opens x.example.net, which must not stand here ({FILE}:2)",
    ]
    assert add(run, "*.example.net", file=file) == refused[:1]
    assert add(run, "paste.example", "fine.example", file=file) == [
        f"paste.example opens paste.example, which must not stand here ({FILE}:2: nobody pastes)"
    ]
    assert run("add", "paste.example", "--dry-run", "--group", "exchange-rates", file).code == 2
    Path(FILE).write_text(f"{PCI}- {{never: x.example.net}}\n")
    assert add(run, "*.example.net", "x.example.net", file=file) == [
        refused[0],
        refused[1].replace("x", "*", 1),
        refused[1],
    ]
    assert add(run, "fine.example", file=file) == []


@pytest.mark.usefixtures("tree")
def test_add_knows_tickets_defaults_and_days(run: Run) -> None:
    Path(FILE).write_text(
        "- {for: {group: exchange-*}, wildcards: never, approved: SEC-*}\n"
        "- {for: {name: .example.net}, require: owner, longest: 30, optional: true}\n"
    )
    assert add(run, "*.example.org", "--ticket", "NET-1") != []
    assert add(run, "*.example.org", "--ticket", "SEC-1") == []
    (owner, day) = add(run, "a.example.net", "--today", "2027-01-01")
    assert "has no owner=" in owner
    assert "has no last day" in day
    fields = ("a.example.net", "--owner", "shop", "--until", "2027-01-31", "--today")
    assert "more than 30 days ahead" in add(run, *fields, "2026-12-31")[0]
    assert add(run, *fields, "2027-01-01") == []
    annotation = '  annotations:\n    egress-overlays.dev/owner: "shop"\n'
    text = Path(PAYMENTS).read_text()
    Path(PAYMENTS).write_text(text.replace("  labels:\n", f"{annotation}  labels:\n", 1))
    assert add(run, "b.example.net", *fields[3:], "2027-01-01") == [], "its ConfigMap says whose it is"


@pytest.mark.usefixtures("tree")
def test_add_does_not_speak_of_what_was_there(run: Run) -> None:
    Path(FILE).write_text("- {for: {group: identity}, wildcards: never}\n- {for: {group: exchange-*}, most: 2}\n")
    assert run("verify", PROD).code == 1
    assert add(run, "a.example.com") == []
    assert add(run, "b.example.com") == [f"b.example.com is one more than the 2 that may stand here ({FILE}:2)"]


@pytest.mark.usefixtures("tree")
def test_add_of_a_denial_and_to_a_new_group(run: Run) -> None:
    Path(FILE).write_text(f"{PCI}- {{for: {{group: new}}, require: ticket, optional: true}}\n- {{require: owner}}\n")
    assert "!a.okta.com has no owner=, which a line must have here" in add(run, "!a.okta.com")[0]
    new = run("add", "x.example", "--group", "new", "--new-group", "--configmap", "egress-domains-payments", PROD)
    assert new.code == 2
    assert "x.example has no ticket=" in new.err
    assert "x.example has no owner=" in new.err


@pytest.mark.usefixtures("tree")
def test_add_by_an_object_of_the_build_and_in_a_tree_that_does_not_build(run: Run) -> None:
    kustomization = Path(PROD, "kustomization.yaml")
    before = kustomization.read_text()
    Path(PROD, "pci.yaml").write_text(OBJECT + PCI)
    kustomization.write_text(before.replace("resources:\n", "resources:\n- pci.yaml\n"))
    refused = "*.example.net is a wildcard, and none may stand here"
    assert add(run, "*.example.net") == [f"{refused} ({PROD}/pci.yaml:5: PCI scope)"]
    kustomization.write_text(before.replace("resources:\n", "resources:\n- gone.yaml\n"))
    Path(PROD, FILE).write_text(PCI)
    assert add(run, "*.example.net") == [f"{refused} ({PROD}/{FILE}:1: PCI scope)"]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("words", [("add", "a.example.com", "--group", "exchange-rates"), ("list",)])
def test_a_typo_in_a_policy_is_never_passed_over(words: tuple[str, ...], run: Run) -> None:
    Path(FILE).write_text("- {wildcard: never}\n- {moist: 1}\n")
    outcome = run(*words, PROD)
    assert (outcome.code, outcome.out) == (2, "")
    assert [one.split(" ")[2] for one in outcome.err.splitlines()] == [f"{FILE}:1:", f"{FILE}:2:"]
    Path(FILE).write_text("")
    Path("all.yaml").write_text(OBJECT + "- {moist: 1}\n---\n" + Path(PAYMENTS).read_text())
    outcome = run(*words, "all.yaml")
    assert outcome.code == 2
    assert 'all.yaml:5: "moist" is no key of a rule; did you mean most?' in outcome.err


def entries(run: Run, *paths: str) -> dict[str, dict[str, Any]]:
    found = json.loads(run("list", "-o", "json", *paths).out)
    jsonschema.validate(found, json.loads(run("schema", "list").out))
    return {one["name"]: one for its in found["sets"] for one in its["entries"]}


@pytest.mark.usefixtures("tree")
def test_list_says_which_rule_a_line_breaks(run: Run) -> None:
    assert not any("policy" in one for one in entries(run, PROD).values())
    Path(FILE).write_text("- {for: {group: identity}, wildcards: never, why: w}\n- {never: .okta.com}\n")
    found = entries(run, PROD)
    assert [name for name, one in found.items() if "policy" in one] == ["*.okta.com"]
    assert found["*.okta.com"]["policy"] == [
        f"is a wildcard, and none may stand here ({FILE}:1: w)",
        f"opens *.okta.com, which must not stand here ({FILE}:2)",
    ]
    said = run("list", PROD)
    assert said.code == 0
    assert f"BREAKS A RULE: it is a wildcard, and none may stand here ({FILE}:1: w); it opens *.okta.com, " in said.out


@pytest.mark.usefixtures("tree")
def test_the_schema_of_list_holds_with_denials_and_a_list_that_reports(run: Run) -> None:
    ours = "egress-overlays.dev"
    annotations = f"{ours}/clients: shop, {ours}/enforce: report, {ours}/report-until: '2027-01-31'"
    Path("lists.yaml").write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, labels: {{{ours}/set: default}}}}\n"
        "data: {g: '*.example.com\n\n    !a.example.com\n\n    a.example.com'}\n---\n"
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: b, labels: {{{ours}/set: default}}, "
        f"annotations: {{{annotations}}}}}\ndata: {{g: b.example.net}}\n"
    )
    found = entries(run, "lists.yaml")
    assert found["a.example.com"]["deniedBy"] == "a.example.com"
    assert found["b.example.net"]["reportsUntil"] == "2027-01-31"


def changes(run: Run, *words: str) -> list[dict[str, Any]]:
    found = json.loads(run("diff", "-o", "json", *words).out)
    jsonschema.validate(found, json.loads(run("schema", "diff").out))
    rows: list[dict[str, Any]] = found["changes"]
    return rows


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("--rev", "HEAD"), marks=pytest.mark.long),
        ("--rev", "HEAD", PROD),
        pytest.param(("--rev", "HEAD~1..HEAD"), marks=pytest.mark.long),
    ],
)
def test_diff_says_which_rule_a_line_breaks(words: tuple[str, ...], run: Run, repository: Callable[..., str]) -> None:
    text = Path(PAYMENTS).read_text()
    Path(PAYMENTS).write_text(text + "    *.example.net  # rates\n")
    Path(PROD, FILE).write_text(f"{PCI}- {{for: {{group: identity}}, most: 1}}\n")
    if ".." in words[1]:
        repository("add", ".")
        repository("commit", "-qm", "two")
    rows = changes(run, *words)
    prod = [row for row in rows if PROD in row["overlays"]]
    assert [(row["kind"], row.get("policy")) for row in prod] == [
        ("opens", [f"is a wildcard, and none may stand here ({PROD}/{FILE}:1: PCI scope)"]),
        ("breaks", None),
    ]
    assert prod[1]["said"].startswith('"*.okta.com" is one more than the 1 that may stand here; remove it, or change')
    assert prod[1]["said"].endswith(f"({PROD}/{FILE}:2)")
    assert (prod[1]["file"], prod[1]["side"]) == ("components/domains-common/domains.yaml", "head")
    assert all("policy" not in row for row in rows if row not in prod), "staging has no such rule"
    for form in ("text", "markdown"):
        said = run("diff", *words, "-o", form).out.replace("\\", "").replace("\u200d", "")
        assert "1 against a rule" in said
        assert f"BREAKS A RULE: it is a wildcard, and none may stand here ({PROD}/{FILE}:1: PCI scope)" in said


@pytest.mark.usefixtures("tree")
def test_diff_is_silent_of_what_was_broken_before_and_tells_a_field_that_is_gone(
    run: Run, repository: Callable[..., str]
) -> None:
    text = Path(PAYMENTS).read_text()
    Path(FILE).write_text("- {for: {group: exchange-*}, require: owner}\n- {wildcard: never}\n")
    repository("add", ".")
    repository("commit", "-qm", "two")
    Path(FILE).write_text("# ours\n- {for: {group: exchange-*}, require: owner}\n")
    assert changes(run, "--rev", "HEAD") == [], "what was no rule before cannot be held against what is one now"
    Path(PAYMENTS).write_text(text.replace("data-api.ecb.europa.eu", "data-api.ecb.europa.eu  # owner=shop"))
    repository("commit", "-qam", "three")
    Path(PAYMENTS).write_text(text)
    ((row),) = changes(run, "--rev", "HEAD", PROD)
    assert row["kind"] == "breaks"
    assert '"data-api.ecb.europa.eu" has no owner=' in row["said"]


@pytest.mark.long
@pytest.mark.usefixtures("tree")
def test_diff_does_not_compare_by_a_policy_that_it_cannot_read(run: Run, repository: Callable[..., str]) -> None:
    assert repository("status", "--porcelain") == ""
    Path(PROD, FILE).write_text("- {moist: 1}\n")
    said = f'{PROD}/{FILE}:1: "moist" is no key of a rule; did you mean most?'
    whole = run("diff", "--rev", "HEAD")
    assert whole.code == 2
    assert f"NOT COMPARED: {PROD}: {said} (in the working tree)" in whole.out
    one = run("diff", PROD, "--rev", "HEAD")
    assert (one.code, one.out) == (2, "")
    assert said in one.err
