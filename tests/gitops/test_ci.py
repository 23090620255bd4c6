"""action.yml and .pre-commit-hooks.yaml: their own scripts and entries, run as GitHub and pre-commit run them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
DOMAINS = "components/domains-common/domains.yaml"
BESIDE = Path(sys.executable).parent


def environment(tree: Path) -> dict[str, str]:
    runner = tree / ".git/runner"
    runner.mkdir(exist_ok=True)
    return {
        **os.environ,
        "PATH": f"{BESIDE}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(runner),
        "GITHUB_OUTPUT": str(runner / "output"),
        "GITHUB_STEP_SUMMARY": str(runner / "summary"),
        "GITHUB_REPOSITORY": "owner/name",
    }


def step(name: str, tree: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    (one,) = (one for one in ACTION["runs"]["steps"] if one["name"] == name)
    assert set(inputs) == set(one.get("env", ())), "the step reads its inputs from the environment"
    assert "${{" not in one["run"], "text that is pasted into a script would be run"
    return subprocess.run(
        [one["shell"], "-c", one["run"]],
        cwd=tree,
        env={**environment(tree), **inputs},
        capture_output=True,
        text=True,
        check=False,
    )


def outputs(tree: Path) -> dict[str, str]:
    lines = (tree / ".git/runner/output").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_the_action_reports_what_a_change_opens(tree: Path, repository: Callable[..., str]) -> None:
    file = tree / DOMAINS
    file.write_text(file.read_text().replace("    ghcr.io\n", "    ghcr.io\n    *.quay.io # mirrors\n"))
    repository("commit", "-qam", "two")
    done = step("What opens and closes", tree, OVERLAYS="overlays/prod overlays/st*", BASE="HEAD~1")
    assert done.returncode == 0, done.stderr
    report = Path(outputs(tree)["report"]).read_text()
    assert outputs(tree)["changed"] == "true"
    assert report.startswith("<!-- egress-overlays -->\n### diff: `overlays/prod overlays/st*, HEAD~1..HEAD`")
    assert "| :warning: opens | `*.quay.io` | wildcard; for every workload | `container-registries" in report
    assert "| all 2 overlays |" in report
    assert report.endswith((tree / ".git/runner/summary").read_text())
    whole = json.loads((Path(outputs(tree)["directory"]) / "diff.json").read_text())
    assert whole["overlays"] == ["overlays/prod", "overlays/staging"]


@pytest.mark.long
def test_the_action_says_that_nothing_changed(tree: Path, repository: Callable[..., str]) -> None:
    repository("commit", "-q", "--allow-empty", "-m", "two")
    step("What opens and closes", tree, OVERLAYS="...", BASE="HEAD~1")
    assert outputs(tree)["changed"] == "false"


@pytest.mark.usefixtures("repository")
def test_what_cannot_be_compared_has_changed(tree: Path) -> None:
    """An unknown base, or a fault of ours that leaves nothing on stdout, is no green answer."""
    assert step("What opens and closes", tree, OVERLAYS="...", BASE="nowhere").returncode == 0
    assert outputs(tree)["changed"] == "true"
    report = Path(outputs(tree)["report"]).read_text()
    assert "### diff: NOT COMPARED" in report
    assert "    egress-overlays: error: git knows no revision 'nowhere'" in report


def test_a_base_that_does_not_build_has_changed(tree: Path, repository: Callable[..., str]) -> None:
    file = tree / DOMAINS
    good = file.read_text()
    file.write_text(good.replace("    ghcr.io\n", "    ghcr.io:443:x\n"))
    repository("commit", "-qam", "does not build")
    file.write_text(good)
    repository("commit", "-qam", "builds again")
    step("What opens and closes", tree, OVERLAYS="overlays/prod", BASE="HEAD~1")
    assert outputs(tree)["changed"] == "true"
    assert "NOT COMPARED: overlays/prod" in Path(outputs(tree)["report"]).read_text()


@pytest.mark.usefixtures("repository")
def test_the_action_fails_and_annotates(tree: Path) -> None:
    assert step("Verify", tree, OVERLAYS="overlays/prod overlays/dev", STRICT="true").returncode == 0
    file = tree / DOMAINS
    file.write_text(file.read_text().replace("    ghcr.io\n", "    ghcr.io:80\n"))
    done = step("Verify", tree, OVERLAYS="overlays/prod overlays/dev", STRICT="false")
    assert done.returncode == 1
    assert done.stdout.startswith(f"::error file={DOMAINS},line=9,")


def test_the_action_holds_expectations(tree: Path, repository: Callable[..., str]) -> None:
    assert (step("Expectations", tree).returncode, step("Expectations", tree).stdout) == (0, "")
    (tree / "overlays/prod/egress-tests.yaml").write_text("- {host: ghcr.io, expect: deny}\n")
    repository("add", "overlays/prod/egress-tests.yaml")
    done = step("Expectations", tree)
    assert done.returncode == 1
    assert done.stdout.startswith(f"::error file={DOMAINS},line=9,")


@pytest.mark.usefixtures("repository")
def test_the_job_of_gitlab_fails_where_the_overlays_cannot_be_listed(tmp_path: Path) -> None:
    program = tmp_path / "bin/egress-overlays"
    program.parent.mkdir()
    environ = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "CI_TOKEN": ""}
    environ["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = "HEAD~1"
    job = yaml.safe_load((ROOT / "deploy/ci/gitlab.yaml").read_text())["egress"]
    script = "\n".join(job["script"])
    for code in (0, 2):
        program.write_text(f'#!/bin/sh\ncase "$*" in *--list*) exit {code};; esac\n')
        program.chmod(0o755)
        done = subprocess.run(["sh", "-ec", script], cwd=tmp_path, env=environ, capture_output=True, check=False)
        assert done.returncode == code, done.stderr


@pytest.mark.parametrize(("existing", "method"), [("", "POST"), ("7\n9\n", "PATCH")])
def test_the_action_keeps_one_comment(existing: str, method: str, tree: Path, tmp_path: Path) -> None:
    """GitHub itself cannot be had here: what stands in for `gh` notes down what it was asked for."""
    runner = tmp_path / ".git/runner"
    runner.mkdir(parents=True)
    (runner / "existing").write_text(existing)
    stand_in = tmp_path / ".git/bin/gh"
    stand_in.parent.mkdir()
    stand_in.write_text(
        '#!/bin/sh\necho "$*" >>"$RUNNER_TEMP/asked"\ncase "$*" in *--jq*) cat "$RUNNER_TEMP/existing" ;; esac\n'
    )
    stand_in.chmod(0o755)
    report = runner / "report"
    report.write_text("text")
    (one,) = (one for one in ACTION["runs"]["steps"] if one["name"] == "Comment")
    variables = {**environment(tree), "GH_TOKEN": "none", "NUMBER": "3", "REPORT": str(report)}
    variables["PATH"] = f"{stand_in.parent}:{variables['PATH']}"
    subprocess.run(["bash", "-c", one["run"]], cwd=tree, env=variables, check=True)
    asked = (runner / "asked").read_text().splitlines()
    assert len(asked) == 2
    where = "repos/owner/name/issues/comments/7" if existing else "repos/owner/name/issues/3/comments"
    assert asked[1] == f"api --method {method} {where} --field body=@{report}"


def test_the_action_declares_what_its_steps_read() -> None:
    text = (ROOT / "action.yml").read_text()
    assert set(re.findall(r"\binputs\.(\w+)", text)) == set(ACTION["inputs"])
    assert all(one["description"] for one in ACTION["inputs"].values())


def hook(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (one,) = (one for one in HOOKS if one["id"] == name)
    command = [*shlex.split(one["entry"]), *arguments]
    path = f"{BESIDE}:{os.environ['PATH']}"
    return subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)


def test_the_hooks_take_what_pre_commit_hands_over(tree: Path) -> None:
    (lists,) = (one for one in HOOKS if one["id"] == "egress-overlays-lists")
    everything = [str(path.relative_to(tree)) for path in tree.rglob("*.yaml") if "plugin" not in path.parts]
    chosen = [name for name in everything if re.search(lists["files"], name)]
    assert len([name for name in chosen if "/bundles/" not in name]) == 5
    assert "components/bundles/pypi/domains.yaml" in chosen
    assert hook("egress-overlays-lists", *chosen).returncode == 0
    assert hook("egress-overlays-verify", "overlays/prod").returncode == 0
    file = tree / DOMAINS
    file.write_text(file.read_text().replace("    ghcr.io\n", "    ghcr.io:80\n"))
    assert hook("egress-overlays-lists", *chosen).returncode == 1
    assert hook("egress-overlays-verify", "overlays/prod").returncode == 1


def test_the_hooks_have_the_keys_that_pre_commit_wants() -> None:
    found: list[dict[str, Any]] = HOOKS
    assert all({"id", "name", "entry", "language"} <= one.keys() for one in found)
