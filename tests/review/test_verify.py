"""`verify`: every rule finds its fault, on files and on directories, and nothing in what is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

import quick_yaml as yaml
from command import Run, one_line
from live import verified

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Documents = dict[str, dict[str, Any]]

pytestmark = pytest.mark.usefixtures("tree")


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_what_is_right_is_fine(environment: str, run: Run, rendered: Callable[[str], Path]) -> None:
    for path in (f"overlays/{environment}", rendered(environment)):
        outcome = run("verify", "--strict", path)
        assert (outcome.code, outcome.err) == (0, ""), outcome.out
        assert ": fine" in outcome.out


def test_live_manifests_come_as_a_list(run: Run, rendered: Callable[[str], Path]) -> None:
    documents = list(yaml.safe_load_all(rendered("prod").read_text()))
    for one in documents:
        one["metadata"].update(uid="7", resourceVersion="1", managedFields=[{"manager": "kubectl"}])
    live = {"apiVersion": "v1", "kind": "List", "items": documents}
    assert verified(run, "-", stdin=yaml.safe_dump(live).encode()) == []
    assert verified(run, "-", stdin=json.dumps(live).encode()) == []
    (gateway,) = (one for one in documents if one["kind"] == "Gateway")
    gateway["spec"]["servers"][0]["tls"]["mode"] = "PASSTHROUGH"
    for text, line in ((yaml.safe_dump(live), "PASSTHROUGH"), (json.dumps(live, indent=1), "PASSTHROUGH")):
        (found,) = verified(run, "-", stdin=text.encode())
        assert line in text.split("\n")[found["line"] - 1]


def test_a_base_that_was_not_injected_is_not_fine(run: Run) -> None:
    found = verified(run, "base")
    assert [one["rule"] for one in found if one["severity"] == "error"].count("state") == 3
    assert {one["file"] for one in found} == {
        "base/envoyfilter.yaml",
        "base/serviceentry.yaml",
        "base/virtualservice.yaml",
    }


def test_findings_point_at_the_line(run: Run, rendered: Callable[[str], Path]) -> None:
    file = rendered("prod")
    file.write_text(file.read_text().replace("- pypi.org\n", "- PyPI.org\n"))
    found = verified(run, file)
    assert len(found) >= 3
    lines = file.read_text().split("\n")
    for one in found:
        assert "PyPI.org" in lines[one["line"] - 1]


def test_a_deny_all_overlay_that_is_meant_is_fine(run: Run, tree: Path) -> None:
    file = tree / "overlays/dev/domains.yaml"
    head = file.read_text().partition("\ndata:")[0] + "\n"
    annotations = '  annotations: {egress-overlays.dev/allow-empty: "true"}\n'
    file.write_text(head.replace("metadata:\n", "metadata:\n" + annotations) + 'data: {none: ""}\n')
    assert [one["rule"] for one in verified(run, "overlays/dev")] == ["deny-all"]


def test_allow_empty_is_for_files_that_cannot_say_so(run: Run, tree: Path) -> None:
    files = [tree / "base" / f"{name}.yaml" for name in ("virtualservice", "envoyfilter", "serviceentry")]
    text = b"---\n".join(file.read_bytes() for file in files)
    text = text.replace(b'"not injected: build with --enable-alpha-plugins --enable-exec"', b"injected")
    assert run("verify", "-", stdin=text).code == 1
    assert run("verify", "--allow-empty", "-", stdin=text).code == 0


class TestADirectoryThatDoesNotBuild:
    """Its lists are read file by file, so that a pull request shows each fault at its line."""

    @pytest.fixture(autouse=True)
    def damage(self, tree: Path) -> None:
        file = tree / "overlays/prod/egress-domains.yaml"
        file.write_text(file.read_text().replace("events.pagerduty.com", "https://events.pagerduty.com/x"))
        file = tree / "components/domains-common/domains.yaml"
        file.write_text(file.read_text().replace("    pypi.org", "    pypi.org:80"))

    def test_every_fault_is_at_its_line(self, run: Run, tree: Path) -> None:
        found = verified(run, "overlays/prod")
        assert {one["rule"] for one in found} == {"domain"}
        for one in found:
            line = (tree / one["file"]).read_text().split("\n")[one["line"] - 1]
            assert one["value"] in line
        assert sorted(one["file"] for one in found) == [
            "components/domains-common/domains.yaml",
            "overlays/prod/egress-domains.yaml",
        ]

    def test_github_annotates_them(self, run: Run) -> None:
        lines = run("verify", "-o", "github", "overlays/prod").out.splitlines()
        assert lines[0].startswith(
            "::error file=components/domains-common/domains.yaml,line=21,title=egress-overlays%3A domain::ConfigMap "
        )

    def test_why_it_does_not_build_is_said(self, run: Run) -> None:
        outcome = run("verify", "overlays/prod")
        assert (outcome.code, len(outcome.err.splitlines())) == (1, 1)
        assert "overlays/prod does not build" in outcome.err


def test_a_directory_that_does_not_build_for_another_reason_is_exit_2(run: Run, tree: Path) -> None:
    (tree / "overlays/dev/kustomization.yaml").write_text("resources: [../../base, gone.yaml]\n")
    assert "gone.yaml" in one_line(run("verify", "overlays/dev"), 2)


def test_a_list_that_changes_after_the_function_is_stale(run: Run, tree: Path) -> None:
    overlay = tree / "overlays/dev/kustomization.yaml"
    overlay.write_text("resources: [../../base, domains.yaml]\ncomponents: [../../components/inject]\n")
    with overlay.open("a") as file:
        file.write(
            "patches:\n- target: {kind: ServiceEntry}\n  patch: |-\n"
            "    - {op: add, path: /spec/hosts/-, value: late.example.com}\n"
        )
    rules = {one["rule"] for one in verified(run, "overlays/dev")}
    assert {"agreement", "stale"} <= rules


def test_sarif_holds_every_result_with_its_place(run: Run, rendered: Callable[[str], Path]) -> None:
    file = rendered("prod")
    file.write_text(file.read_text().replace("- pypi.org\n", "- PyPI.org\n"))
    expected = verified(run, file)
    report = json.loads(run("verify", "-o", "sarif", file).out)
    assert report["version"] == "2.1.0"
    (one,) = report["runs"]
    rules = {rule["id"] for rule in one["tool"]["driver"]["rules"]}
    assert len(one["results"]) == len(expected)
    for result, finding in zip(one["results"], expected, strict=True):
        place = result["locations"][0]["physicalLocation"]
        assert result["ruleId"] in rules
        assert place["region"]["startLine"] == finding["line"]
        assert place["artifactLocation"]["uri"] == file.as_uri()


def test_junit_counts_failures(run: Run, rendered: Callable[[str], Path]) -> None:
    file = rendered("prod")
    file.write_text(file.read_text().replace("- pypi.org\n", "- PyPI.org\n"))
    suite = ET.fromstring(run("verify", "-o", "junit", file, "overlays/dev").out)  # noqa: S314 - our own
    first, second = suite
    assert (first.get("name"), first.get("failures")) == (str(file), str(len(first.findall("*/failure"))))
    assert [case.get("type") for case in first.findall("*/failure")] == ["name"]
    assert (second.get("name"), second.get("failures")) == ("overlays/dev", "0")


def test_junit_fails_where_the_exit_code_does(run: Run, rendered: Callable[[str], Path]) -> None:
    file = rendered("prod")
    file.write_text(file.read_text().replace("  workloadSelector:\n    labels:\n      istio: sni-egressgateway\n", ""))
    for options, code, failures in (((), 0, "0"), (("--strict",), 1, "1")):
        outcome = run("verify", *options, "-o", "junit", file)
        (suite,) = ET.fromstring(outcome.out)  # noqa: S314 - our own
        assert (outcome.code, suite.get("failures")) == (code, failures)
        assert len(suite.findall("*/failure")) == int(failures)


def test_odd_text_stays_inside_its_line(run: Run, tree: Path) -> None:
    file = tree / "odd.yaml"
    odd = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {egress-overlays.dev/set: default}}\n"
    file.write_text(odd + 'data: {g: "x\\u202e%0A::error::\\u001b[31m.org"}\n')
    for form in ("text", "github", "junit", "sarif"):
        out = run("verify", "-o", form, file).out
        assert "\u202e" not in out
        assert "\x1b" not in out
    assert run("verify", "-o", "github", file).out.count("\n") == 1


def test_colour_is_for_terminals_alone(run: Run) -> None:
    assert "\x1b" not in run("verify", "base").out
