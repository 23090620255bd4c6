"""`verify` of a whole tree of overlays, in the formats that other programs read: what is shared is one result."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import big_tree
import junit
import sarif

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

NAMES = tuple(f"env-{number}" for number in range(5))


def test_a_finding_of_all_overlays_is_one_result_and_fails_each(run: Run, tree: Path) -> None:
    shutil.rmtree(tree / "overlays")
    big_tree.write(tree, NAMES)
    shared = tree / "teams/crm.yaml"
    own = tree / f"overlays/{NAMES[0]}/own.yaml"
    places = {"teams/crm.yaml": shared, f"overlays/{NAMES[0]}/own.yaml": own}
    lines = {}
    for suffix, (name, file) in zip(("s3.amazonaws.com", "blob.core.windows.net"), places.items(), strict=True):
        file.write_text(f"{file.read_text()}    *.{suffix}\n")
        lines[name] = file.read_text().count("\n")
    outcome = run("verify", "--strict", "overlays/...", "-o", "sarif", "--save", "junit=all.xml")
    assert outcome.code == 1
    whole = json.loads(outcome.out)
    sarif.validate(whole)
    found = [
        (one["ruleId"], place["artifactLocation"]["uri"], place.get("region", {}).get("startLine"))
        for one in whole["runs"][0]["results"]
        for place in (each["physicalLocation"] for each in one["locations"])
    ]
    assert len(found) == len(set(found))
    risky = {(file, line) for rule, file, line in found if rule == "shared-suffix"}
    assert risky == {*lines.items()}
    suites = list(junit.validate((tree / "all.xml").read_text()))
    assert [suite.get("name") for suite in suites] == [f"overlays/{name}" for name in NAMES]
    for suite in suites:
        (failing,) = (case for case in suite if case.find("failure") is not None)
        said = failing.findtext("failure") or ""
        assert f"teams/crm.yaml:{lines['teams/crm.yaml']}" in said
        assert ("own.yaml" in said) is (suite.get("name") == f"overlays/{NAMES[0]}")


def test_all_overlays_that_do_not_build_are_told_in_their_order(run: Run, tree: Path) -> None:
    shutil.rmtree(tree / "overlays")
    big_tree.write(tree, NAMES)
    broken = [tree / f"overlays/{name}/kustomization.yaml" for name in (NAMES[3], NAMES[1])]
    for file in broken:
        file.write_text(f"{file.read_text()}patches: [{{path: nowhere.yaml}}]\n")

    outcome = run("verify", "overlays/...")

    assert outcome.code == 2
    assert not outcome.out
    first, second = (line for line in outcome.err.splitlines() if "nowhere.yaml: no such file" in line)
    assert NAMES[1] in first
    assert NAMES[3] in second
