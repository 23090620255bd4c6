"""`diff --rev` of whole trees: every overlay, each change once, what opens in front, and nothing lost silently."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import jsonschema
import pytest

import big_tree
from command import Run, one_line
from egress_overlays.rendered.overlays import matches

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def git(tree: Path, request: pytest.FixtureRequest) -> Callable[..., str]:
    """The tree with the lists of six teams, and small overlays for three environments; runs git."""
    shutil.rmtree(tree / "overlays")
    big_tree.write(tree)
    repository: Callable[..., str] = request.getfixturevalue("repository")
    return repository


def lift_and_open(tree: Path, git: Callable[..., str]) -> None:
    """What hid in 315 rows: six lists lose their clients, and prod alone gets one more name."""
    for team in big_tree.TEAMS:
        (tree / "teams" / f"{team}.yaml").write_text(big_tree.team_list(team, limited=False))
    with (tree / "overlays/prod/own.yaml").open("a") as file:
        file.write("    evil.tunnel.example # <!-- nothing to see -->\n")
    git("commit", "-qam", "two")


def test_the_first_ten_lines_tell_all_of_it(run: Run, tree: Path, git: Callable[..., str]) -> None:
    lift_and_open(tree, git)
    outcome = run("diff", "--rev", "HEAD~1..HEAD", "-o", "markdown", "--exit-code", "--save", "json=all.json")
    assert outcome.code == 1
    head = "\n".join(outcome.out.splitlines()[:10])
    assert ":warning: **72 names are for every workload now in all 3 overlays**" in head
    assert ":warning: **1 name opens for every workload in overlays/prod**" in head
    # Overlays are named once, whoever stands for every workload has a sign, and each list says whose it was.
    assert "(all 3: overlays/dev, overlays/prod, overlays/staging)\n" in head
    assert "- :warning: **opens for every workload: evil.tunnel.example in overlays/prod**\n" in head
    told = [f"{team} (12 names) now for every workload, was for {team}/\\*" for team in big_tree.TEAMS]
    assert f"- :warning: **limit lifted: {'; '.join(told)}, in all 3 overlays**\n" in head
    found = json.loads((tree / "all.json").read_text())
    jsonschema.validate(found, json.loads(run("schema", "diff").out))
    (opened,) = (row for row in found["changes"] if row["kind"] == "opens")
    assert (opened["overlays"], opened["commit"]["author"]) == (["overlays/prod"], "x@example.com")
    lifted = [row for row in found["changes"] if row["kind"] == "lifted"]
    assert {row["list"]: (row["lost"], row["overlays"]) for row in lifted} == {
        team: ([f"{team}/*"], [f"overlays/{name}" for name in big_tree.ENVIRONMENTS]) for team in big_tree.TEAMS
    }
    # Whose list it is stands in no line that is there now: the last commit that changed the file has it.
    assert {(row["file"], row["commit"]["subject"]) for row in lifted} == {
        (f"teams/{team}.yaml", "two") for team in big_tree.TEAMS
    }
    commits = git("rev-parse", "HEAD~1", "HEAD").split()
    *_, by, _, compared = outcome.out.splitlines()
    assert compared == "compared: commit {:.10} with commit {:.10}".format(*commits)
    assert by.replace("\u200d", "").startswith(f"all by one commit: {commits[1]:.10}, x@example.com, ")
    assert outcome.out.count("example.com") == 1
    # The line that is gone is the old one's, and points at whom the list was for.
    assert {(row["side"], row["now"]) for row in lifted} == {("base", None)}
    old = git("show", f"HEAD~1:{lifted[0]['file']}").splitlines()
    assert "egress-overlays.dev/clients" in old[lifted[0]["line"] - 1]
    assert [found[side]["id"] for side in ("base", "head")] == [commit[:10] for commit in commits]
    assert len(outcome.out.splitlines()) < 30


def test_a_base_that_does_not_build_is_told_and_fails(run: Run, tree: Path, git: Callable[..., str]) -> None:
    good = (tree / "overlays/dev/own.yaml").read_text()
    (tree / "overlays/dev/own.yaml").write_text(good + "    10.0.0.1\n")
    git("commit", "-qam", "does not build")
    (tree / "overlays/dev/own.yaml").write_text(good + "    more.example\n")
    git("commit", "-qam", "builds again")
    outcome = run("diff", "--rev", "HEAD~1..HEAD", "-o", "markdown")
    assert outcome.code == 2
    head = "\n".join(outcome.out.splitlines()[:5])
    assert "NOT COMPARED: overlays/dev" in head
    assert "nothing stops being reachable in what could be compared" in head


def test_a_name_for_all_overlays_is_one_row(run: Run, tree: Path, git: Callable[..., str]) -> None:
    file = tree / "teams/crm.yaml"
    file.write_text(file.read_text() + "    *.s3.amazonaws.com\n")
    (tree / "overlays/new").mkdir()
    outcome = run("diff", "--rev", "HEAD", "overlays/...", "-o", "json")
    (row,) = json.loads(outcome.out)["changes"]
    assert (row["kind"], row["names"], row["clients"], len(row["overlays"])) == (
        "opens",
        ["*.s3.amazonaws.com"],
        ["crm/*"],
        3,
    )
    assert row["risk"]["class"] == "object-store"
    assert row["commit"] is None
    assert git("status", "--porcelain").splitlines() == [" M teams/crm.yaml"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("overlays/*", True),
        ("overlays/...", True),
        ("./overlays/prod/", True),
        ("...", True),
        ("./...", True),
        ("apps/...", False),
        ("overlays/prod/...", True),
        ("overlay", False),
    ],
)
def test_patterns(pattern: str, found: bool) -> None:
    assert matches("overlays/prod", pattern) is found


def test_a_pattern_without_an_overlay_is_wrong_use(run: Run, git: Callable[..., str]) -> None:
    assert git("status", "--porcelain") == ""
    assert "no overlays that match apps/*" in one_line(run("diff", "--rev", "HEAD", "apps/*"), 2)
