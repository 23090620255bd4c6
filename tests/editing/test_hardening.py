"""`verify` says that base/ is older than the command, and what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import Run
from egress_overlays.editing import releases
from egress_overlays.editing.hardening import HARDENING, outdated
from egress_overlays.version import VERSION

OLD = "0.1.0"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    for path, content in (releases.released(OLD) or {}).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(("file", "text", "what"), HARDENING)
def test_each_came_with_this_version(file: str, text: str, what: str) -> None:
    before, now = (releases.released(version) or {} for version in (OLD, VERSION))
    assert text not in before[Path(file)].decode(), what
    assert text in now[Path(file)].decode(), what


def test_a_tree_without_a_note_is_recognised(old: Path) -> None:
    overlay = old / "overlays/prod"
    said = outdated(overlay)
    assert said.startswith(f"{old}: base/ and components/ are of {OLD}, and this is {VERSION}; not in them: ")
    assert all(what in said for _, _, what in HARDENING)
    # What its owner took over by hand is not said to be missing.
    file, text, what = HARDENING[0]
    (old / file).write_text((old / file).read_text() + f"# {text}\n")
    assert what not in outdated(overlay)


def test_verify_says_it_until_the_tree_is_upgraded(run: Run, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("init", str(old / "overlays/qa")).code == 0
    monkeypatch.chdir(old)
    before = run("verify", "overlays/qa", "-o", "json")
    assert f"egress-overlays: warning: {old}: base/ and components/ are of {OLD}" in before.err
    assert "not in them" not in before.out
    assert run("upgrade").code == 0
    assert "base/ and components/ are of" not in run("verify", "overlays/qa").err


def test_trees_of_this_version_of_an_unknown_one_and_of_nobody(run: Run, tmp_path: Path) -> None:
    assert outdated(tmp_path / "overlays/prod") == ""
    assert run("init", tmp_path / "egress").code == 0
    overlay = tmp_path / "egress/overlays/prod"
    assert outdated(overlay) == ""
    (tmp_path / "egress" / releases.NOTE).write_text("version: 9.9.9\n")
    assert "made by version '9.9.9', which is not known here; verify with the newest" in outdated(overlay)
