"""Every refusal of a line, in import, build and verify, ends in a proposal where one name can be made out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import sarif
from egress_overlays.lists import allowlist
from egress_overlays.manifest.findings import ERROR
from egress_overlays.manifest.resource import Resource
from egress_overlays.names import ports, refusals
from egress_overlays.names.domain import InvalidDomain, read
from egress_overlays.names.ports import pairs

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

NONE = ""
# A line, and the one name that may be meant by it. Each refusal of `refusals` and of `ports` has one at least.
LINES = {
    "\ufeffapi.example.com": "api.example.com",
    "api.example.com\u00a0": "api.example.com",
    "- api.example.com": "api.example.com",
    "- !api.example.com": "!api.example.com",
    "'api.example.com'": "api.example.com",
    "api.example.com:": "api.example.com",
    "api.example.com,": "api.example.com",
    "api.example.com login": "api.example.com",
    "api.example.com 8443": "api.example.com:8443",
    "| api.example.com | 8443 | TCP |": "api.example.com:8443",
    "api.example.com 8443, 9443": NONE,
    "a.example.com b.example.com": NONE,
    "10.0.0.1": NONE,
    "10.0.0.1:8443": NONE,
    "https://api.example.com/": "api.example.com",
    "https://api.example.com:8443/v1": "api.example.com:8443",
    "https://api.example.com:31000/": NONE,
    "tls://broker.example.com:9093": "broker.example.com:9093",
    "http://api.example.com/": "http://api.example.com",
    "api.example.com/v1": "api.example.com",
    "api.example.com:8443/v1": "api.example.com:8443",
    "api.example.com:https": "api.example.com",
    "user@example.com": NONE,
    r"^api\.example\.com$": "api.example.com",
    "*": NONE,
    "**.example.com": "*.example.com",
    "api.*.example.com": NONE,
    "api..example.com": "api.example.com",
    "api..example.com:8443": "api.example.com:8443",
    "-api.example.com": "api.example.com",
    "api_1.example.com": NONE,
    "localhost": NONE,
    "api.svc:8443": NONE,
    "192.0.2": NONE,
    "*.com": NONE,
    "*.co.uk:8443": NONE,
    "xn--a.example.com": NONE,
    "api.example.com:08443": "api.example.com:8443",
    "api.example.com:0443": "api.example.com",
    "api.example.com:99999": NONE,
    "api.example.com:15001": NONE,
    "api.example.com:31000": NONE,
    **{
        f"api.example.com:{port}": f"api.example.com:{instead}".removesuffix(":443") if instead else NONE
        for port, (_, instead) in ports.REFUSED.items()
    },
}
DENIALS = {
    "!https://api.example.com/": "!api.example.com",
    "!api.example.com,": "!api.example.com",
    "! api.example.com": "!api.example.com",
    "!api.example.com:8443": NONE,
    "!*.com": NONE,
    "!api.example.com:80": "!api.example.com",
}
HEAD = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {egress-overlays.dev/set: default}}\ndata:\n  g: |\n"
)


def test_every_refusal_is_among_the_lines() -> None:
    """A check that is added wants a line, and with it a decision on what it proposes."""
    asked = set()
    for line in LINES:
        name, _, port = line.lower().removesuffix(".").rpartition(":")
        of_port = port.isdecimal() and read(name) is not None
        asked.add("a port" if of_port else next(one.__name__ for one in refusals.CHECKS if one(line, line.lower())))
    assert asked == {*(one.__name__ for one in refusals.CHECKS), "a port"}


def findings(run: Run, file: Path) -> list[dict[str, Any]]:
    (found,) = json.loads(run("verify", file, "-o", "json").out)
    return list(found["findings"])


def ends_in(message: str, proposal: str) -> bool:
    return message.removesuffix("; --fix takes it").rstrip('"').endswith((f'"{proposal}', f" {proposal}"))


@pytest.mark.parametrize(("line", "proposal"), {**LINES, **DENIALS}.items())
def test_the_build_proposes(line: str, proposal: str) -> None:
    metadata = {"name": "a", "labels": {"egress-overlays.dev/set": "default"}}
    value = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"g": f"*.example.com\n{line}\n"}}
    (finding,) = (one for one in allowlist.read([Resource(value)])[1] if one.severity == ERROR)
    assert finding.proposal == proposal
    assert not proposal or ends_in(finding.message, proposal), finding.message
    if proposal:
        # What is proposed is taken.
        assert pairs(proposal.removeprefix("!"))


def test_verify_has_it_as_a_field_and_as_a_fix(run: Run, tmp_path: Path) -> None:
    lines = {line: one for line, one in {**LINES, **DENIALS}.items() if line.isprintable() and line.isascii()}
    file = tmp_path / "list.yaml"
    file.write_text(HEAD + "".join(f"    {line}\n" for line in ["*.example.com", *lines]))
    found = findings(run, file)
    by_line = {one["line"]: one for one in found if one["rule"] in ("domain", "denial") and one["severity"] == ERROR}
    assert {line: by_line[at]["proposal"] or NONE for at, line in enumerate(lines, 7)} == lines
    whole = json.loads(run("verify", file, "-o", "sarif").out)
    sarif.validate(whole)
    fixes = {
        result["locations"][0]["physicalLocation"]["region"]["startLine"]: fix["artifactChanges"][0]["replacements"][0]
        for result in whole["runs"][0]["results"]
        for fix in result.get("fixes", [])
    }
    text = file.read_text().split("\n")
    for at, (line, proposal) in enumerate(lines.items(), 7):
        assert (at in fixes) == bool(proposal), line
        if proposal:
            region = fixes[at]["deletedRegion"]
            assert text[at - 1][region["startColumn"] - 1 : region["endColumn"] - 1] == line
            assert fixes[at]["insertedContent"]["text"] == proposal


def test_import_has_it_as_a_field(run: Run) -> None:
    # What a plain list of YAML items takes, and 443 after a colon, are names there.
    lines = {line: one for line, one in {**LINES, **DENIALS}.items() if not line.startswith(("- ", "\ufeff"))}
    outcome = run(
        "import", "-o", "json", "-", stdin="".join(f"{line}\n" for line in ["*.example.org", *lines]).encode()
    )
    notes = {one["line"]: one for one in json.loads(outcome.out)["notes"]}
    assert {line: notes[at]["proposal"] or NONE for at, line in enumerate(lines, 2)} == lines
    for at, proposal in enumerate(lines.values(), 2):
        assert not proposal or ends_in(notes[at]["message"], proposal), notes[at]["message"]


def test_names_of_rendered_manifests_have_it_too(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "v.yaml"
    file.write_text(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n"
        "metadata: {name: e, namespace: shop, annotations: {egress-overlays.dev/inject: default}}\n"
        "spec:\n  hosts:\n  - https://api.example.com/\n  - API.example.org\n"
    )
    found = [one for one in findings(run, file) if one["rule"] == "name"]
    assert [one["proposal"] for one in found] == ["api.example.com", "api.example.org"]
    results = json.loads(run("verify", file, "-o", "sarif").out)["runs"][0]["results"]
    assert sum("fixes" in one for one in results if one["ruleId"] == "name") == 2


def test_rules_of_a_policy_have_it_too(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(
        "apiVersion: egress-overlays.dev/v1alpha1\nkind: EgressPolicy\nmetadata:\n  name: p\nrules:\n"
        "- never:\n  - https://api.example.com/\n"
    )
    found = findings(run, file)
    assert "api.example.com" in [one["proposal"] for one in found]


def test_a_name_with_a_port_is_refused_for_its_name() -> None:
    with pytest.raises(InvalidDomain, match=r'"\*\.com:8443": opens the whole top-level domain "com"'):
        pairs("*.com:8443")
