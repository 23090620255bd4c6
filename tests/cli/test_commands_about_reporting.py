"""The commands about a list that only reports, over real builds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

pytestmark = pytest.mark.usefixtures("overlay")

LISTS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: shared, labels: {egress-overlays.dev/set: default}}
data: {all: pypi.org}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: office
  labels: {egress-overlays.dev/set: default}
  annotations: {egress-overlays.dev/clients: office}
data: {providers: api.stripe.com}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: till
  labels: {egress-overlays.dev/set: default}
  annotations:
    egress-overlays.dev/clients: till
REPORTS
data: {providers: "*.adyen.com"}
"""
REPORTS = '    egress-overlays.dev/enforce: report\n    egress-overlays.dev/report-until: "2027-03-31"'
SAID = '"till" ONLY REPORTS until 2027-03-31: till/* '


@pytest.fixture
def overlay(tree: Path) -> Path:
    """overlays/teams, in which a list reports, and overlays/enforced, in which none does."""
    for name, reports in (("teams", REPORTS), ("enforced", "    {}".format("note: x"))):
        directory = tree / "overlays" / name
        directory.mkdir()
        (directory / "kustomization.yaml").write_text(
            "resources: [../../base, domains.yaml]\n"
            "components: [../../components/client-lists, ../../components/report]\n"
            "transformers: [../../plugin/inject]\n"
        )
        (directory / "domains.yaml").write_text(LISTS.replace("REPORTS", reports).replace("    note: x\n", ""))
    return tree / "overlays/teams"


def data(run: Run, *arguments: object, code: int = 0) -> Any:
    outcome = run(*arguments, "-o", "json")
    assert outcome.code == code, outcome.err
    return json.loads(outcome.out)


@pytest.mark.parametrize("path", ["overlays/teams", "overlays/teams/domains.yaml"])
def test_check_says_allowed_reported(path: str, run: Run) -> None:
    outcome = run("check", "api.stripe.com", path, "--as", "till/x")
    assert outcome.code == 0
    assert outcome.out == (
        'api.stripe.com as till/x: allowed, reported: "till" only reports until 2027-03-31; '
        "enforced, it is limited to office/*\n"
    )
    assert run("check", "api.stripe.com", path, "--as", "office/x").out.startswith(
        "api.stripe.com as office/x: allowed:"
    )
    assert run("check", "x.adyen.com", path, "--as", "till/x").out.startswith("x.adyen.com as till/x: allowed:")
    assert run("check", "x.adyen.com", path, "--as", "office/x").code == 1
    assert run("check", "unlisted.example.org", path, "--as", "till/x").code == 1


def test_check_as_data(run: Run) -> None:
    (one,) = data(run, "check", "api.stripe.com", "overlays/teams", "--as", "till/x")["hosts"]
    assert one["reported"] == {"by": "till", "until": "2027-03-31", "clients": ["till/*"]}
    (one,) = data(run, "check", "api.stripe.com", "overlays/teams")["hosts"]
    assert "reported" not in one
    assert one["reporting"] == [{"by": "till", "until": "2027-03-31", "clients": ["till/*"]}]
    (one,) = data(run, "check", "pypi.org", "overlays/teams")["hosts"]
    assert "reporting" not in one


def test_verify_warns_and_is_an_error_past_the_last_day(run: Run) -> None:
    (found,) = data(run, "verify", "overlays/teams", "--today", "2027-03-31")
    (one,) = found["findings"]
    assert (one["severity"], one["rule"], one["file"]) == ("warning", "report-only", "overlays/teams/domains.yaml")
    assert SAID in one["message"]
    (found,) = data(run, "verify", "overlays/teams", "--today", "2027-04-01", code=1)
    (one,) = found["findings"]
    assert (one["severity"], one["rule"]) == ("error", "report-over")
    assert '"till" was to report until 2027-03-31, and refuses nothing still' in one["message"]


def test_verify_of_what_is_rendered_knows_it_by_the_gateway_alone(run: Run, tree: Path) -> None:
    file = tree / "rendered.yaml"

    def rules(documents: list[Any], code: int) -> list[str]:
        file.write_text(yaml.safe_dump_all(documents))
        (found,) = data(run, "verify", file, "--today", "2027-03-31", code=code)
        return sorted({one["rule"] for one in found["findings"]})

    documents = built(tree / "overlays/teams")
    assert rules(documents, 0) == ["report-only"]
    (gateway,) = (one for one in documents if one["kind"] == "EnvoyFilter")
    allow = "egress-overlays.dev/allow-report"
    assert gateway["metadata"]["annotations"].pop(allow) == "true"
    assert rules(documents, 1) == ["report-over"]
    gateway["metadata"]["annotations"][allow] = "true"
    config = gateway["spec"]["configPatches"][2]["patch"]["value"]["filter_chains"][0]["filters"][2]["typed_config"]
    (rule,) = config["matcher"]["on_no_match"]["matcher"]["matcher_list"]["matchers"]
    expression = rule["predicate"]["single_predicate"]["value_match"]["safe_regex"]
    written = expression["regex"]
    expression["regex"] = ".*"
    assert "client-rules" in rules(documents, 1)
    expression["regex"] = written.replace("till", "shop")
    assert rules(documents, 0) == ["client-rules", "report-only"]  # the log would say something else: a warning


def built(directory: Path) -> list[Any]:
    import subprocess

    command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", str(directory)]
    return list(yaml.safe_load_all(subprocess.run(command, capture_output=True, check=True, text=True).stdout))


def test_a_gateway_that_reports_for_others_than_its_lists_say_is_stale(run: Run, tree: Path) -> None:
    rendered = tree / "overlays/mixed"
    rendered.mkdir()
    enforced = (tree / "overlays/enforced/domains.yaml").read_text()
    (rendered / "gateway.yaml").write_text(f"{yaml.safe_dump_all(built(tree / 'overlays/teams'))}---\n{enforced}")
    (found,) = data(run, "verify", rendered / "gateway.yaml", code=1)
    said = [one["message"] for one in found["findings"] if one["rule"] == "stale"]
    assert any(
        '"till" reports until 2027-03-31 for till/* at the gateway, and not in the ConfigMaps' in one for one in said
    )


def test_diff_tells_it_as_a_way_around(run: Run) -> None:
    opened = run("diff", "overlays/enforced", "overlays/teams").out
    assert opened.startswith("1 way around the lists\n")
    assert SAID in opened
    closed = run("diff", "overlays/teams", "overlays/enforced").out
    assert closed.startswith("1 way around is gone\n")
    kinds = {row["kind"] for row in data(run, "diff", "overlays/enforced", "overlays/teams")["changes"]}
    assert kinds == {"around"}


def test_list_and_matrix_show_it(run: Run) -> None:
    outcome = run("list", "overlays/teams")
    assert f"egress-overlays: {SAID}may reach every name of the set" in outcome.err
    (row,) = (line for line in outcome.out.splitlines() if line.startswith("*.adyen.com"))
    assert row.endswith("ONLY REPORTS until 2027-03-31")
    assert "api.stripe.com" in run("list", "overlays/teams", "--as", "till/x").out
    assert run("list", "overlays/enforced").err == ""
    matrix = run("matrix", "overlays/teams", "overlays/enforced").out
    (row,) = (line for line in matrix.splitlines() if line.startswith("api.stripe.com"))
    assert row.split("office/*") == ["api.stripe.com  ", "; reported: till/*  ", "  providers"]
    assert "reported: till/*" in run("matrix", "-o", "html", "overlays/teams").out


def test_verify_knows_a_wildcard_that_another_client_of_the_namespace_has(run: Run, tree: Path) -> None:
    """Their sidecars hold one object for the namespace, and in it the wildcard alone; the gateway tells them apart."""
    lists = tree / "overlays/enforced/domains.yaml"
    text = (
        lists.read_text().replace("api.stripe.com", "eu.adyen.com").replace("clients: office", "clients: office/desk")
    )
    for other in ("office/till", "till"):  # of another namespace both are held
        lists.write_text(text.replace("clients: till", f"clients: {other}"))
        assert run("verify", "overlays/enforced").code == 0, run("verify", "overlays/enforced").out
        assert run("check", "eu.adyen.com", "overlays/enforced", "--as", "office/other").code == 1


def test_the_platform_reports_for_everybody(run: Run, tree: Path) -> None:
    """By the EnvoyFilter alone: one component of its own, before the function."""
    overlay = tree / "overlays/enforced"
    (overlay / "everybody").mkdir()
    annotations = ", ".join(line.strip() for line in REPORTS.splitlines())
    metadata = f"metadata: {{name: sni-egressgateway, namespace: istio-egress, annotations: {{{annotations}}}}}"
    patch = f"apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\n{metadata}\n"
    (overlay / "everybody/patch.yaml").write_text(patch)
    (overlay / "everybody/kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: patch.yaml}]\n"
    )
    file = overlay / "kustomization.yaml"
    file.write_text(file.read_text().replace("components/report]", "components/report, everybody]"))
    lists = overlay / "domains.yaml"
    lists.write_text(lists.read_text().replace("all: pypi.org", "all: eu.adyen.com"))
    (found,) = data(run, "verify", overlay)
    (one,) = found["findings"]
    assert '"sni-egressgateway" ONLY REPORTS until 2027-03-31: every workload may reach every name' in one["message"]
    for client in ("any/one", "office/x"):
        outcome = run("check", "x.adyen.com", overlay, "--as", client)
        assert outcome.out.startswith(f"x.adyen.com as {client}: allowed, reported"), outcome.out


def test_without_the_component_it_does_not_build(run: Run, overlay: Path) -> None:
    file = overlay / "kustomization.yaml"
    file.write_text(file.read_text().replace(", ../../components/report", ""))
    outcome = run("check", "pypi.org", overlay)
    assert outcome.code == 2
    assert "does not allow it; whoever runs the gateway adds components/report" in outcome.err


def test_learn_lists_no_name_that_was_only_reported(run: Run, tree: Path) -> None:
    line = {
        "client": "spiffe://cluster.local/ns/till/sa/x",
        "decision": "allowed",
        "details": None,
        "list": "reported by till until 2027-03-31, else rbac_access_denied_matched_policy[none]",
        "log": "egress-overlays.clients",
        "name": "api.stripe.com",
        "time": "2027-01-02T03:04:05.678Z",
    }
    log = tree / "gateway.log"
    log.write_text(json.dumps(line, separators=(",", ":")) + "\n")
    learned = run("learn", log)
    assert "api.stripe.com passed once because a list only reports: reported by till until 2027-03-31" in learned.out
    assert not [one for one in learned.out.splitlines() if one.strip().startswith("api.stripe.com")]
    assert "api.stripe.com" in run("learn", log, "overlays/teams").out
    used = data(run, "usage", log, "overlays/teams")
    (one,) = used["reported"]
    assert (one["name"], one["count"], one["rule"]) == ("api.stripe.com", 1, "reported by till until 2027-03-31")
    assert used["refused"] == []
    assert {entry["name"]: entry["hits"] for entry in used["entries"]}["api.stripe.com"] == 0
    assert "Reported: refused once it is enforced" in run("usage", log, "overlays/teams").out
    assert run("usage", "--exit-code", log, "overlays/teams").code == 1
