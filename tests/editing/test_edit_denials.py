"""`add` and `remove` of lines that deny, and what they say of denials that a change touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

COMMON = "components/domains-common/domains.yaml"


def test_a_denial_comes_and_goes_like_a_name(run: Run, tree: Path) -> None:
    file = tree / COMMON
    before = file.read_bytes()
    assert run("check", "x.okta.com", "overlays/prod").code == 0
    added = run("add", "!x.okta.com", "--group", "identity", "--owner", "sec", "overlays/prod")
    assert added.code == 0
    assert "!x.okta.com added to identity in" in added.err
    assert "    !x.okta.com" in file.read_text()
    assert run("check", "x.okta.com", "overlays/prod").code == 1
    assert "stands in identity already" in run("add", "!x.okta.com", "--group", "identity", "overlays/prod").err
    said = run("add", "x.okta.com", "--group", "identity", "--dry-run", "overlays/prod").err
    assert "x.okta.com is denied by !x.okta.com in identity" in said
    removed = run("remove", "!x.okta.com", "overlays/prod")
    assert removed.code == 0
    assert "x.okta.com is open again by *.okta.com in identity" in removed.err
    assert file.read_bytes() == before


def test_a_denial_of_nothing_is_refused(run: Run, tree: Path) -> None:
    before = (tree / COMMON).read_bytes()
    said = one_line(run("add", "!x.example.com", "--group", "identity", "overlays/prod"), 2)
    assert "no wildcard in overlays/prod opens x.example.com, so that there is nothing to deny" in said
    said = one_line(run("add", "!*.okta.com", "--group", "identity", "overlays/prod"), 2)
    assert "no wildcard in overlays/prod opens *.okta.com" in said
    assert (tree / COMMON).read_bytes() == before


@pytest.mark.usefixtures("tree")
def test_a_wildcard_that_goes_leaves_its_denials_behind_and_says_so(run: Run) -> None:
    run("add", "!x.okta.com", "--group", "identity", "overlays/prod")
    said = run("remove", "*.okta.com", "--dry-run", "overlays/prod").err
    assert "!x.okta.com in identity" in said
    assert "denies nothing then, which the build refuses; remove it too" in said
