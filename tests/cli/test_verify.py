"""`verify`: every rule finds its fault, on files and on directories, and nothing in what is right."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from command import Run, one_line
from egress_overlays import PLACEHOLDER
from egress_overlays.verification import RULES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Documents = dict[str, dict[str, Any]]

pytestmark = pytest.mark.usefixtures("tree")


def findings(run: Run, *arguments: object, stdin: bytes = b"") -> list[dict[str, Any]]:
    outcome = run("verify", "-o", "json", *arguments, stdin=stdin)
    found = [one for path in json.loads(outcome.out) for one in path["findings"]]
    assert outcome.code == int(any(one["severity"] == "error" for one in found))
    return found


def chain(documents: Documents) -> dict[str, Any]:
    patches = documents["EnvoyFilter"]["spec"]["configPatches"]
    (found,) = (one for patch in patches for one in patch["patch"]["value"].get("filter_chains", []))
    return dict(found["filter_chain_match"])


def set_gateway(documents: Documents, change: Callable[[list[str]], list[str]]) -> None:
    for patch in documents["EnvoyFilter"]["spec"]["configPatches"]:
        for one in patch["patch"]["value"].get("filter_chains", []):
            names = one["filter_chain_match"]["server_names"]
            one["filter_chain_match"]["server_names"] = change(names)


def set_everywhere(documents: Documents, change: Callable[[list[str]], list[str]]) -> None:
    set_gateway(documents, change)
    documents["ServiceEntry"]["spec"]["hosts"] = change(documents["ServiceEntry"]["spec"]["hosts"])
    spec = documents["VirtualService"]["spec"]
    spec["hosts"] = change(spec["hosts"])
    spec["tls"][0]["match"][0]["sniHosts"] = change(spec["tls"][0]["match"][0]["sniHosts"])


def service(documents: Documents) -> dict[str, Any]:
    return dict(documents["VirtualService"])["spec"]  # type: ignore[no-any-return]


def no_label(documents: Documents) -> None:
    del documents["VirtualService"]["metadata"]["labels"]["egress-overlays.dev/state"]


def no_chain_match(documents: Documents) -> None:
    for patch in documents["EnvoyFilter"]["spec"]["configPatches"]:
        for one in patch["patch"]["value"].get("filter_chains", []):
            del one["filter_chain_match"]


def root_namespace(documents: Documents) -> None:
    documents["EnvoyFilter"]["metadata"]["namespace"] = "istio-system"
    del documents["EnvoyFilter"]["spec"]["workloadSelector"]


def own_namespace(documents: Documents) -> None:
    del documents["EnvoyFilter"]["spec"]["workloadSelector"]


def no_port(documents: Documents) -> None:
    for patch in documents["EnvoyFilter"]["spec"]["configPatches"]:
        if patch["applyTo"] == "NETWORK_FILTER":
            del patch["match"]["listener"]["portNumber"]


def no_gateway(documents: Documents) -> None:
    del documents["EnvoyFilter"]


def no_mutual(documents: Documents) -> None:
    documents["Gateway"]["spec"]["servers"][0]["tls"]["mode"] = "PASSTHROUGH"


def chains(documents: Documents) -> list[dict[str, Any]]:
    return [
        one
        for patch in documents["EnvoyFilter"]["spec"]["configPatches"]
        for one in patch["patch"]["value"].get("filter_chains", [])
    ]


def listener(documents: Documents) -> dict[str, Any]:
    patches = documents["EnvoyFilter"]["spec"]["configPatches"]
    return next(patch["patch"]["value"] for patch in patches if "filter_chains" in patch["patch"]["value"])


def same_chain(documents: Documents) -> None:
    listener(documents)["filter_chains"].append({**chains(documents)[0], "name": "again"})


def other_chain(documents: Documents) -> None:
    match = {**chains(documents)[0]["filter_chain_match"], "transport_protocol": "raw_buffer"}
    listener(documents)["filter_chains"].append({**chains(documents)[0], "filter_chain_match": match})


TO_ANYWHERE = {"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": {"cluster": "anywhere"}}]}


def in_root_namespace(documents: Documents) -> None:
    documents["EnvoyFilter"]["metadata"]["namespace"] = "istio-system"


def wrong_selector(documents: Documents) -> None:
    documents["EnvoyFilter"]["spec"]["workloadSelector"] = {"labels": {"istio": "ingressgateway"}}


def twice(documents: Documents) -> None:
    documents["again"] = documents["VirtualService"]


INJECT = "egress-overlays.dev/inject"
Fault = tuple[str, str, "Callable[[Documents], object]", str]
FAULTS: list[Fault] = [
    ("state", "error", no_label, "is missing"),
    ("agreement", "error", lambda d: set_gateway(d, lambda n: n[1:]), "the gateway (server_names) lack"),
    ("agreement", "error", lambda d: d["ServiceEntry"]["spec"]["hosts"].pop(), "the ServiceEntries lack"),
    ("agreement", "error", lambda d: set_gateway(d, lambda n: [*n, "x.example.com"]), "the sidecars (sniHosts) lack"),
    ("agreement", "warning", lambda d: service(d)["hosts"].append("x.example.com"), "which no sniHosts matches"),
    ("empty", "error", lambda d: set_gateway(d, lambda _: []), "matches every name"),
    ("empty", "error", lambda d: d["ServiceEntry"]["spec"].update(hosts=[]), "which Istio refuses"),
    ("place", "error", no_chain_match, "it would admit every name"),
    ("placeholder", "error", lambda d: set_everywhere(d, lambda _: [PLACEHOLDER]), "admits nothing"),
    ("placeholder", "error", lambda d: set_gateway(d, lambda n: [*n, PLACEHOLDER]), "while other lists hold names"),
    ("name", "error", lambda d: set_everywhere(d, lambda n: [*n, "Api.Example.com"]), 'write "api.example.com"'),
    ("name", "error", lambda d: set_everywhere(d, lambda n: [*n, "api.example.com."]), 'write "api.example.com"'),
    ("name", "error", lambda d: set_everywhere(d, lambda n: [*n, "*wiki.org"]), "not the whole first label"),
    ("name", "error", lambda d: set_everywhere(d, lambda n: [*n, "*"]), "admits every name"),
    ("name", "error", lambda d: set_everywhere(d, lambda n: [*n, "*.com"]), "top-level domain"),
    ("name", "error", lambda d: set_everywhere(d, lambda n: [*n, "a_b.example.com"]), "underscore"),
    ("overlap", "error", lambda d: service(d)["hosts"].append("x.okta.com"), "duplicate hosts in virtual service"),
    ("overlap", "error", lambda d: service(d)["hosts"].append("pypi.org"), "stands twice"),
    ("overlap", "warning", lambda d: set_gateway(d, lambda n: [*n, "x.okta.com"]), "without effect"),
    ("duplicate-name", "error", lambda d: set_gateway(d, lambda n: [*n, "pypi.org"]), "Envoy refuses the listener"),
    (
        "limit",
        "error",
        lambda d: set_everywhere(d, lambda n: [*n, *(f"h{i}.example.com" for i in range(300))]),
        "319 hosts",
    ),
    ("sni-hosts", "error", lambda d: service(d)["hosts"].remove("pypi.org"), 'does not cover "pypi.org"'),
    ("reach", "error", root_namespace, "every gateway of the mesh"),
    ("reach", "warning", own_namespace, "every gateway of the namespace istio-egress"),
    ("reach", "warning", no_port, "portNumber"),
    ("hop", "error", no_gateway, "no EnvoyFilter"),
    ("hop", "error", lambda d: service(d).update(tls=[]), "no VirtualService"),
    ("mesh-certificate", "error", no_mutual, "any client may use it"),
    ("duplicate-object", "error", twice, "stands twice"),
    ("empty", "error", lambda d: set_gateway(d, lambda n: [*n, ""]), "matches every name"),
    ("name", "error", lambda d: service(d)["hosts"].append(""), "names nothing"),
    ("duplicate-name", "error", same_chain, "as another chain is; Envoy refuses the listener"),
    ("open-chain", "error", lambda d: listener(d)["filter_chains"].append(TO_ANYWHERE), "takes every name that no"),
    ("open-chain", "error", lambda d: listener(d).update(default_filter_chain=TO_ANYWHERE), "takes every name that no"),
    ("place", "error", lambda d: chains(d)[0]["filter_chain_match"].update(server_names=None), "must be a list"),
    ("place", "error", lambda d: d["EnvoyFilter"]["spec"].update(configPatches=[]), "has no place for names"),
    ("reach", "warning", in_root_namespace, "reaches istio=egressgateway in every namespace"),
    ("reach", "error", wrong_selector, "selects istio=ingressgateway, but the Gateway egressgateway"),
    ("hop", "warning", lambda d: d.pop("ServiceEntry"), "no ServiceEntry"),
    ("set-name", "error", lambda d: d["EnvoyFilter"]["metadata"]["annotations"].update({INJECT: 5}), "must name a set"),
]


def test_chains_that_match_something_else_may_share_names(run: Run, rendered: Callable[[str], Path]) -> None:
    documents = {one["kind"]: one for one in yaml.safe_load_all(rendered("prod").read_text())}
    other_chain(documents)
    assert findings(run, "-", stdin=yaml.safe_dump_all(documents.values()).encode()) == []


def test_one_set_may_have_two_gateways(run: Run, rendered: Callable[[str], Path]) -> None:
    documents = {one["kind"]: one for one in yaml.safe_load_all(rendered("prod").read_text())}
    for kind, where in (("EnvoyFilter", ("workloadSelector", "labels")), ("Gateway", ("selector",))):
        more = copy.deepcopy(documents[kind])
        more["metadata"]["name"] += "-2"
        holder = more["spec"]
        for step in where:
            holder = holder[step]
        holder["istio"] = "egressgateway-2"
        documents[kind + " 2"] = more
    documents["VirtualService"]["spec"]["gateways"].append("egressgateway-2")
    assert findings(run, "-", stdin=yaml.safe_dump_all(documents.values()).encode()) == []
    del documents["EnvoyFilter 2"]
    (found,) = findings(run, "-", stdin=yaml.safe_dump_all(documents.values()).encode())
    assert (found["rule"], found["object"]) == ("reach", "Gateway istio-system/egressgateway-2")


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{one[0]}-{one[3]}" for one in FAULTS])
def test_every_fault_is_found(fault: Fault, run: Run, rendered: Callable[[str], Path]) -> None:
    rule, severity, damage, words = fault
    documents = {one["kind"]: one for one in yaml.safe_load_all(rendered("prod").read_text())}
    text = yaml.safe_dump_all([*documents.values()])
    assert findings(run, "-", stdin=text.encode()) == [], "what is right is not"
    damage(documents)
    found = findings(run, "-", stdin=yaml.safe_dump_all(documents.values()).encode())
    mine = [one for one in found if one["rule"] == rule and words in one["message"]]
    assert mine, found
    assert mine[0]["severity"] == severity
    assert rule in RULES


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
    assert findings(run, "-", stdin=yaml.safe_dump(live).encode()) == []
    assert findings(run, "-", stdin=json.dumps(live).encode()) == []
    no_mutual({one["kind"]: one for one in documents})
    for text, line in ((yaml.safe_dump(live), "PASSTHROUGH"), (json.dumps(live, indent=1), "PASSTHROUGH")):
        (found,) = findings(run, "-", stdin=text.encode())
        assert line in text.split("\n")[found["line"] - 1]


def test_a_base_that_was_not_injected_is_not_fine(run: Run) -> None:
    found = findings(run, "base")
    assert [one["rule"] for one in found if one["severity"] == "error"].count("state") == 3
    assert {one["file"] for one in found} == {
        "base/envoyfilter.yaml",
        "base/serviceentry.yaml",
        "base/virtualservice.yaml",
    }


def test_findings_point_at_the_line(run: Run, rendered: Callable[[str], Path]) -> None:
    file = rendered("prod")
    file.write_text(file.read_text().replace("- pypi.org\n", "- PyPI.org\n"))
    found = findings(run, file)
    assert len(found) >= 3
    lines = file.read_text().split("\n")
    for one in found:
        assert "PyPI.org" in lines[one["line"] - 1]


def test_a_deny_all_overlay_that_is_meant_is_fine(run: Run, tree: Path) -> None:
    file = tree / "overlays/dev/domains.yaml"
    head = file.read_text().partition("\ndata:")[0] + "\n"
    annotations = '  annotations: {egress-overlays.dev/allow-empty: "true"}\n'
    file.write_text(head.replace("metadata:\n", "metadata:\n" + annotations) + 'data: {none: ""}\n')
    assert [one["rule"] for one in findings(run, "overlays/dev")] == ["deny-all"]


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
        file = tree / "overlays/prod/lists/egress-domains.yaml"
        file.write_text(file.read_text().replace("events.pagerduty.com", "https://events.pagerduty.com/x"))
        file = tree / "components/domains-common/domains.yaml"
        file.write_text(file.read_text().replace("    pypi.org", "    pypi.org:443"))

    def test_every_fault_is_at_its_line(self, run: Run, tree: Path) -> None:
        found = findings(run, "overlays/prod")
        assert {one["rule"] for one in found} == {"domain"}
        for one in found:
            line = (tree / one["file"]).read_text().split("\n")[one["line"] - 1]
            assert one["value"] in line
        assert sorted(one["file"] for one in found) == [
            "components/domains-common/domains.yaml",
            "overlays/prod/lists/egress-domains.yaml",
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
    with (tree / "overlays/dev/kustomization.yaml").open("a") as file:
        file.write(
            "patches:\n- target: {kind: ServiceEntry}\n  patch: |-\n"
            "    - {op: add, path: /spec/hosts/-, value: late.example.com}\n"
        )
    rules = {one["rule"] for one in findings(run, "overlays/dev")}
    assert {"agreement", "stale"} <= rules


def test_sarif_holds_every_result_with_its_place(run: Run, rendered: Callable[[str], Path]) -> None:
    file = rendered("prod")
    file.write_text(file.read_text().replace("- pypi.org\n", "- PyPI.org\n"))
    expected = findings(run, file)
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
    file.write_text(file.read_text().replace("  workloadSelector:\n    labels:\n      istio: egressgateway\n", ""))
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
