"""`upgrade`: a tree of an earlier version comes to this one, and its owner's edits stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import Run, one_line
from egress_overlays.editing import releases
from egress_overlays.version import VERSION

OLD = "0.1.0"


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tree that 0.1.0's own `init` made, which noted no version."""
    for path, content in (releases.released(OLD) or {}).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(tree: Path) -> dict[str, bytes]:
    return {str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*") if path.is_file()}


def fresh() -> dict[str, bytes]:
    return {str(path): content for path, content in (releases.released(VERSION) or {}).items()}


def edited(tree: dict[str, bytes]) -> dict[str, bytes]:
    """Three kinds of edits: a value, a file of one's own that base/ names, a component that is not wanted."""
    changed = dict(tree)
    changed["base/deployment.yaml"] = _replaced(tree["base/deployment.yaml"], b"memory: 1Gi", b"memory: 3Gi")
    changed["base/kustomization.yaml"] = tree["base/kustomization.yaml"].rstrip() + b"\n  - own.yaml\n"
    changed["base/own.yaml"] = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n"
    return {name: content for name, content in changed.items() if not name.startswith("components/dual-stack/")}


def _replaced(text: bytes, old: bytes, new: bytes) -> bytes:
    assert text.count(old) == 1
    return text.replace(old, new)


def write(tree: Path, wanted: dict[str, bytes]) -> None:
    for name in files(tree).keys() - wanted.keys():
        (tree / name).unlink()
    for name, content in wanted.items():
        (tree / name).write_bytes(content)


def test_an_untouched_tree_becomes_a_fresh_one(run: Run, old: Path) -> None:
    assert run("upgrade").code == 0
    assert files(old) == fresh() | {releases.NOTE: releases.note()}


def test_an_overlay_of_the_old_tree_builds_before_and_after(run: Run, old: Path) -> None:
    assert run("init", "overlays/qa").code == 0
    assert run("add", "api.example.com", "--group", "partners", "overlays/qa").code == 0
    before = (old / "overlays/qa/kustomization.yaml").read_text()
    assert "components/inject-installed" in before
    for step in (None, "upgrade"):
        assert step is None or run(step).code == 0
        assert run("check", "api.example.com", "overlays/qa").code == 0
    assert (old / "overlays/qa/kustomization.yaml").read_text() == before
    # And the form that runs last is there to change to.
    changed = before[: before.index("components:")] + "transformers: [../../plugin/inject]\n"
    (old / "overlays/qa/kustomization.yaml").write_text(changed)
    assert run("check", "api.example.com", "overlays/qa").code == 0


def test_a_second_upgrade_has_nothing_to_do(run: Run, old: Path) -> None:
    run("upgrade")
    before = files(old)
    outcome = run("upgrade", "-o", "json")
    assert (outcome.code, json.loads(outcome.out)) == (0, {"from": VERSION, "to": VERSION, "changes": []})
    assert files(old) == before


def test_edits_stay_and_all_else_is_as_in_a_fresh_tree(run: Run, old: Path) -> None:
    write(old, edited(files(old)))
    outcome = run("upgrade")
    assert outcome.code == 0, outcome.err
    assert files(old) == edited(fresh()) | {releases.NOTE: releases.note()}
    assert "memory: 3Gi" in (old / "base/deployment.yaml").read_text()


def test_what_both_changed_is_marked_and_said(run: Run, old: Path) -> None:
    name = "base/destinationrule.yaml"
    before, after = (releases.released(version) or {} for version in (OLD, VERSION))
    theirs = [line for line in after[Path(name)].splitlines() if line not in before[Path(name)].splitlines()]
    assert theirs, f"{name} is the same in both versions; take another file"
    text = (old / name).read_text()
    (old / name).write_text(text.replace("namespace: istio-system", "namespace: mine"))
    assert (old / name).read_text() != text
    outcome = run("upgrade")
    assert outcome.code == 1
    assert f"conflict: {name}: you and {VERSION} changed" in outcome.err
    assert "<<<<<<< yours" in (old / name).read_text()


def test_a_dry_run_prints_the_diff_and_writes_nothing(run: Run, old: Path) -> None:
    before = files(old)
    outcome = run("upgrade", "--dry-run")
    assert outcome.code == 0
    assert "--- a/base/deployment.yaml\n+++ b/base/deployment.yaml\n" in outcome.out
    assert "nothing was written" in outcome.err
    assert files(old) == before


def test_a_tree_of_nobody_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run("upgrade")
    assert "has no base/" in one_line(outcome, 2)
    (tmp_path / "base").mkdir()
    (tmp_path / "base/kustomization.yaml").write_text("resources: []\n")
    assert "not known here" in one_line(run("upgrade"), 2)


def test_a_later_version_than_this_one_is_refused(run: Run, old: Path) -> None:
    (old / releases.NOTE).write_bytes(releases.note("99.0.0"))
    before = files(old)
    outcome = run("upgrade")
    assert 'was made by version "99.0.0", which is not known here' in one_line(outcome, 2)
    assert files(old) == before
