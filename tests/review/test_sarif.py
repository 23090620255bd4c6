"""SARIF: valid by its schema, a fix that a tool can make, a rule for each result, one result a place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import sarif
from command import Run
from egress_overlays.cli.formats import View, render
from egress_overlays.cli.report import Found, Report

HEAD = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {egress-overlays.dev/set: default}}\ndata:\n  g: |\n"
)
LINES = """\
    https://api.example.com/v1   # a URL
    *.github.io # egress-overlays: allow shared-suffix NET-12 until 2999-03-31
    a_b.example.com
    Ünïcode.example:80 # https://api.example.com/v1
"""


def of(run: Run, *arguments: object) -> dict[str, Any]:
    whole = json.loads(run("verify", *arguments, "-o", "sarif").out)
    sarif.validate(whole)
    (found,) = whole["runs"]
    return dict(found)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("list.yaml").write_text(HEAD + LINES, encoding="utf-8")
    return Path("list.yaml")


def test_the_fixes_of_a_file_make_the_lines_that_are_proposed(run: Run, file: Path) -> None:
    found = of(run, file)
    assert found["columnKind"] == "unicodeCodePoints"
    lines = file.read_text(encoding="utf-8").split("\n")
    fixed = 0
    for result in found["results"]:
        for fix in result.get("fixes", []):
            (change,) = fix["artifactChanges"]
            assert change["artifactLocation"]["uri"] == "list.yaml"
            (one,) = change["replacements"]
            region = one["deletedRegion"]
            line = lines[region["startLine"] - 1]
            before, after = line[: region["startColumn"] - 1], line[region["endColumn"] - 1 :]
            lines[region["startLine"] - 1] = before + one["insertedContent"]["text"] + after
            fixed += 1
    assert fixed == 2
    assert lines[5] == "    api.example.com   # a URL"
    assert lines[8] == "    Ünïcode.example # https://api.example.com/v1"


def test_what_stands_between_quotes_gets_no_fix(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "list.yaml"
    file.write_text(HEAD.replace("|\n", '"https://api.example.com/v1"\n'))
    (result,) = (one for one in of(run, file)["results"] if one["ruleId"] == "domain")
    assert result["properties"]["proposal"] == "api.example.com"
    assert "fixes" not in result


def test_what_is_accepted_is_suppressed(run: Run, file: Path) -> None:
    suppressed = [one for one in of(run, file)["results"] if "suppressions" in one]
    assert [one["ruleId"] for one in suppressed] == ["shared-suffix"]


def test_every_rule_that_found_something_is_described(run: Run, file: Path) -> None:
    for command, path in (("verify", file), ("doctor", file)):
        whole = json.loads(run(command, "-o", "sarif", path).out)
        sarif.validate(whole)
        (found,) = whole["runs"]
        rules = {rule["id"]: rule for rule in found["tool"]["driver"]["rules"]}
        assert found["results"]
        assert {one["ruleId"] for one in found["results"]} <= set(rules)
        assert all(rule["help"]["text"] for rule in rules.values())
        assert not any("helpUri" in rule for rule in rules.values())


def test_the_address_of_the_documents_is_the_help_of_every_rule(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGRESS_OVERLAYS_DOCS", "https://docs.example.com/egress/commands/")
    driver = of(run, file)["tool"]["driver"]
    assert {rule["helpUri"] for rule in driver["rules"]} == {"https://docs.example.com/egress/commands/#rules"}


def test_a_place_that_several_overlays_share_is_one_result() -> None:
    one = Found("overlays/a", "error", "domain", "no name", "teams/a.yaml", 3)
    other = one._replace(path="overlays/b")
    whole = json.loads(render(Report("verify", "two", [], findings=[one, other, one._replace(line=4)]), View("sarif")))
    sarif.validate(whole)
    assert [
        place["physicalLocation"]["region"]["startLine"]
        for result in whole["runs"][0]["results"]
        for place in result["locations"]
    ] == [3, 4]


def test_the_schema_refuses_what_is_no_sarif() -> None:
    with pytest.raises(jsonschema.ValidationError):
        sarif.validate({"version": "2.1.0", "runs": [{"results": []}]})
