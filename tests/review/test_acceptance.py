"""Accepted warnings: with a reason and an end, needed, counted, and never for what opens the gateway."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import sarif
from command import Outcome, Run

if TYPE_CHECKING:
    from pathlib import Path

HEAD = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {egress-overlays.dev/set: default}}\ndata:\n  g: |\n"
)
ALLOW = "egress-overlays: allow"


def verified(run: Run, tmp_path: Path, line: str, *options: str) -> Outcome:
    file = tmp_path / "list.yaml"
    file.write_text(f"{HEAD}    {line}\n    api.example.com\n")
    return run("verify", "--strict", *options, file)


def test_an_accepted_warning_is_counted_and_fails_nothing(run: Run, tmp_path: Path) -> None:
    line = f"*.github.io # our pages; {ALLOW} shared-suffix NET-12 until 2999-03-31"
    assert verified(run, tmp_path, "*.github.io # our pages").code == 1
    outcome = verified(run, tmp_path, line)
    assert (outcome.code, outcome.out.count("\n")) == (0, 1)
    assert "1 accepted" in outcome.out
    assert "(accepted: NET-12 until 2999-03-31)" in verified(run, tmp_path, line, "--all").out
    (result,) = json.loads(verified(run, tmp_path, line, "-o", "sarif").out)["runs"][0]["results"]
    assert result["suppressions"][0]["justification"] == "NET-12 until 2999-03-31"
    assert verified(run, tmp_path, line, "-o", "github").out == ""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"*.github.io # {ALLOW} shared-suffix NET-12 until 2020-03-31", "which is over"),
        (f"github.com # {ALLOW} shared-suffix NET-12 until 2999-03-31", "which is not found here"),
        (
            f"*.github.io # {ALLOW} shared-suffix until 2999-03-31",
            "is no acceptance; write egress-overlays: allow RULE",
        ),
        (f"*.github.io # {ALLOW} shared-sufix N until 2999-03-31", 'did you mean "shared-suffix"?'),
        (f"*.github.io # {ALLOW} shared-suffix N until 2999-02-31", "is no day of the calendar"),
    ],
)
def test_an_acceptance_that_does_not_hold_is_a_warning(line: str, words: str, run: Run, tmp_path: Path) -> None:
    outcome = verified(run, tmp_path, line)
    assert outcome.code == 1
    assert words in outcome.out
    assert "[accepted]" in outcome.out


def test_where_an_error_stands_no_acceptance_is_called_needless(run: Run, tmp_path: Path) -> None:
    accepted = f"github.com # {ALLOW} shared-suffix NET-12 until 2999-03-31"
    assert "not found here" in verified(run, tmp_path, accepted).out
    outcome = verified(run, tmp_path, f"{accepted}\n    *.com")
    assert outcome.code == 1
    assert "top-level domain" in outcome.out
    assert "not found here" not in outcome.out


def test_an_error_is_never_accepted(run: Run, tmp_path: Path) -> None:
    chain = {"filter_chain_match": {"server_names": []}, "filters": [{"name": "envoy.filters.network.tcp_proxy"}]}
    patch = {"applyTo": "LISTENER", "patch": {"operation": "ADD", "value": {"name": "l", "filter_chains": [chain]}}}
    filter_ = {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "f", "namespace": "e", "annotations": {"egress-overlays.dev/inject": "default"}},
        "spec": {"configPatches": [patch]},
    }
    (tmp_path / "f.json").write_text(json.dumps(filter_))
    findings = json.loads(run("verify", "-o", "json", tmp_path / "f.json").out)[0]["findings"]
    rules = {one["rule"] for one in findings if one["severity"] == "error"}
    assert rules
    file = tmp_path / "accepted"
    file.write_text("".join(f"{ALLOW} {rule} NET-1 until 2999-01-01 EnvoyFilter e/f\n" for rule in sorted(rules)))
    again = run("verify", "-o", "json", "--accepted", file, tmp_path / "f.json")
    assert again.code == 1
    assert not any(one["accepted"] for one in json.loads(again.out)[0]["findings"] if one["severity"] == "error")


def filter_of(name: str) -> str:
    """An EnvoyFilter of a list that holds a wildcard over what many share."""
    chain = {"filter_chain_match": {"server_names": ["*.github.io"]}}
    patch = {"applyTo": "LISTENER", "patch": {"operation": "ADD", "value": {"name": "l", "filter_chains": [chain]}}}
    metadata = {"name": name, "namespace": "e", "annotations": {"egress-overlays.dev/inject": "default"}}
    value = {"apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter", "metadata": metadata}
    return json.dumps({**value, "spec": {"configPatches": [patch]}})


def accepted_by_file(run: Run, tmp_path: Path, *lines: str, form: str = "json") -> Outcome:
    """Verify two paths, each with an EnvoyFilter of its own, with a file of acceptances."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(filter_of(name))
    (tmp_path / "accepted").write_text("".join(f"{ALLOW} {line}\n" for line in lines))
    paths = [tmp_path / "one.yaml", tmp_path / "two.yaml"]
    return run("verify", "-o", form, "--accepted", tmp_path / "accepted", *paths)


def test_what_a_file_accepts_is_suppressed_from_outside(run: Run, tmp_path: Path) -> None:
    outcome = accepted_by_file(run, tmp_path, "reach NET-12 until 2999-03-31 EnvoyFilter e/one", form="sarif")
    found = json.loads(outcome.out)
    sarif.validate(found)
    (suppressed,) = [one for one in found["runs"][0]["results"] if "suppressions" in one]
    (said,) = suppressed["suppressions"]
    assert said["kind"] == "external"
    place = said["location"]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("/accepted")
    assert place["region"] == {"startLine": 1}
    line = f"*.github.io # {ALLOW} shared-suffix NET-12 until 2999-03-31"
    (result,) = json.loads(verified(run, tmp_path, line, "-o", "sarif").out)["runs"][0]["results"]
    assert result["suppressions"][0]["kind"] == "inSource"


def test_a_file_accepts_for_any_of_several_paths(run: Run, tmp_path: Path) -> None:
    lines = [f"reach NET-12 until 2999-03-31 EnvoyFilter e/{name}" for name in ("one", "two", "three")]
    found = json.loads(accepted_by_file(run, tmp_path, *lines).out)
    accepted = [(each["accepted"], each["acceptedAt"]) for one in found for each in one["findings"] if each["accepted"]]
    file = tmp_path / "accepted"
    assert accepted == [("NET-12 until 2999-03-31", f"{file}:{line}") for line in (1, 2)]
    # The third is for nothing in any of them, and that is said once.
    unneeded = [each for one in found for each in one["findings"] if each["rule"] == "accepted"]
    assert [(one["file"], one["line"]) for one in unneeded] == [(str(file), 3)]


def test_an_acceptance_of_inside_is_not_judged_without_the_ranges(run: Run, tmp_path: Path) -> None:
    line = "inside NET-12 until 2999-03-31 EnvoyFilter e/f"
    assert "which is not found" not in accepted_by_file(run, tmp_path, line).out
    line = line.replace("inside", "agreement")
    assert "which is not found" in accepted_by_file(run, tmp_path, line).out
