"""Lists that came too late for the function: every command that reads the directory says so, and fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from command import Run, one_line

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("late")
LATE = "overlays/dev/late/domains.yaml"
KUSTOMIZATION = """\
resources: [../../base, domains.yaml]
components: [../../components/inject, late]
"""
LIST = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: late
  labels: {egress-overlays.dev/set: default}
data: {late: late.example.com}
"""
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [domains.yaml]\n"


@pytest.fixture
def late(tree: Path) -> Path:
    """A component with a list that is listed after the one that injects."""
    (tree / "overlays/dev/late").mkdir()
    (tree / "overlays/dev/late/kustomization.yaml").write_text(COMPONENT)
    (tree / LATE).write_text(LIST)
    (tree / "overlays/dev/kustomization.yaml").write_text(KUSTOMIZATION)
    return tree / LATE


def test_verify_names_the_list_and_its_file(run: Run) -> None:
    outcome = run("verify", "-o", "json", "overlays/dev")
    assert outcome.code == 1
    (found,) = [one for one in json.loads(outcome.out)[0]["findings"] if one["severity"] == "error"]
    assert (found["rule"], found["file"], found["object"]) == ("stale", LATE, "ConfigMap late")
    assert "is listed after inject" in found["message"]


@pytest.mark.parametrize(
    "words",
    [
        ("list", "overlays/dev"),
        ("check", "raw.githubusercontent.com", "overlays/dev"),
        ("diff", "overlays/dev", "overlays/dev"),
        ("matrix", "overlays/dev", "overlays/staging"),
    ],
    ids=lambda words: words[0],
)
def test_every_other_command_says_so_and_fails(words: tuple[str, ...], run: Run) -> None:
    outcome = run(*words)
    assert outcome.code == 1
    assert f"{LATE}: ConfigMap late: is listed after inject" in outcome.err


@pytest.mark.parametrize(
    "mark", ['egress-overlays.dev/used: "true"', 'config.kubernetes.io/local-config: "true"'], ids=["used", "local"]
)
def test_a_forged_mark_changes_nothing(mark: str, run: Run, late: Path) -> None:
    late.write_text(LIST.replace("  labels:", f"  annotations: {{{mark}}}\n  labels:"))
    outcome = run("list", "overlays/dev")
    assert outcome.code == 1
    assert "ConfigMap late: " in outcome.err
    assert "after inject" in outcome.err
    rules = {one["rule"] for one in json.loads(run("verify", "-o", "json", "overlays/dev").out)[0]["findings"]}
    assert "stale" in rules


@pytest.mark.parametrize("command", ["list", "verify"])
def test_a_name_that_a_list_lost_after_inject_is_said_to_be_open_still(command: str, run: Run, tree: Path) -> None:
    (tree / "overlays/dev/kustomization.yaml").write_text(
        "resources: [../../base, domains.yaml]\ncomponents: [../../components/inject]\npatches: [{path: patch.yaml}]\n"
    )
    (tree / "overlays/dev/patch.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: egress-domains}\ndata: {code: null}\n"
    )
    outcome = run(command, "overlays/dev")
    assert outcome.code == 1
    said = [line for line in (outcome.out + outcome.err).splitlines() if "on no list any more" in line]
    assert len(said) == 1
    assert 'still lets "*.github.com" and 4 more through' in said[0]
    assert "a list was changed after inject; list plugin/inject under transformers:" in said[0]


def test_in_the_form_that_runs_last_it_is_used(run: Run, tree: Path) -> None:
    (tree / "overlays/dev/kustomization.yaml").write_text(
        "resources: [../../base, domains.yaml]\ncomponents: [late]\ntransformers: [../../plugin/inject]\n"
    )
    outcome = run("check", "late.example.com", "overlays/dev")
    assert (outcome.code, outcome.err) == (0, "")


@pytest.mark.parametrize(
    "said", ["v5.0.3", "{Version:kustomize/v4.5.7 GitCommit:56d82a8378dfc8dc3b3b1085e5a6e67b82966bd7}"]
)
def test_an_older_kustomize_is_refused(said: str, run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tree / "older/kustomize"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    words = one_line(run("list", "overlays/dev"), 2)
    assert "5.1 or newer is needed" in words
    assert f"{program} is Kustomize v" in words


def test_an_older_kustomize_that_was_built_from_source_is_told_by_what_it_does(
    run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tree / "older/kustomize"
    program.parent.mkdir()
    # It says no version, and builds what the component has not seen.
    program.write_text("#!/bin/sh\ncase $1 in version) echo '(devel)' ;; *) echo 'kind: ConfigMap' ;; esac\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    words = one_line(run("list", "overlays/dev"), 2)
    assert "is a Kustomize that does not say which and that runs components first, and 5.1 or newer is needed" in words
