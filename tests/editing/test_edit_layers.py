"""`add` and `remove` on a directory: the layer that decides is edited, or none, and what else changes is said."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from command import Run, one_line
from egress_overlays import load

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("tree")
COMMON = "components/domains-common/domains.yaml"
PROD = "overlays/prod/egress-domains.yaml"
PROD_OVERLAY = "overlays/prod/kustomization.yaml"
OVERLAY = """\
resources: [../../base]
components: [../../components/domains-common, ../../components/domains-payments]
transformers: [../../plugin/inject]
"""
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata:\n"


def contents(tree: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in tree.rglob("*.yaml")}


def allowed(overlay: str) -> tuple[str, ...]:
    return load(overlay).hosts("default")


def written_out(text: str) -> str:
    """A patch of the common list, written out in prod."""
    patch = CONFIG_MAP % "egress-domains" + text
    return OVERLAY + "patches:\n- patch: |\n" + "".join(f"    {line}\n" for line in patch.splitlines())


def json_patch(text: str) -> str:
    return (
        OVERLAY
        + "patches:\n- target: {kind: ConfigMap, name: egress-domains}\n  patch: |\n"
        + "".join(f"    {line}\n" for line in text.splitlines())
    )


@pytest.mark.parametrize(
    ("kustomization", "words"),
    [
        (None, f"{PROD}:7 removes it"),
        (written_out("  documentation: null"), f"{PROD_OVERLAY}, in a patch written out there, removes it"),
        (json_patch("- {op: remove, path: /data/documentation}"), "something in overlays/prod removes or replaces it"),
        (
            OVERLAY + "patches: [{path: one.yaml}]\n",
            "overlays/prod/one.yaml:5 removes it",
        ),
    ],
    ids=["patch", "written out", "JSON patch", "another file"],
)
def test_a_group_that_an_outer_layer_removes_is_refused(
    kustomization: str | None, words: str, run: Run, tree: Path
) -> None:
    if kustomization:
        (tree / PROD_OVERLAY).write_text(kustomization)
        (tree / "overlays/prod/one.yaml").write_text(CONFIG_MAP % "egress-domains" + "  documentation: null\n")
    before = contents(tree)
    said = one_line(run("add", "docs.x.org", "--group", "documentation", "overlays/prod"), 2)
    assert f'group "documentation" of {COMMON} changes nothing here: ' in said
    assert words in said
    assert contents(tree) == before


def test_a_group_that_an_outer_layer_removes_is_refused_without_a_build_too(run: Run, tree: Path) -> None:
    (tree / "base/service.yaml").unlink()
    before = contents(tree)
    said = one_line(run("add", "docs.x.org", "--group", "documentation", "overlays/prod"), 2)
    assert f'group "documentation" of {COMMON} changes nothing here: {PROD}:7 removes it' in said
    assert contents(tree) == before


@pytest.mark.parametrize(
    "kustomization",
    [
        written_out("  identity: |\n    login.example.com"),
        json_patch("- {op: replace, path: /data/identity, value: login.example.com}"),
    ],
    ids=["written out", "JSON patch"],
)
def test_a_group_that_a_patch_written_out_replaces_is_refused(kustomization: str, run: Run, tree: Path) -> None:
    (tree / PROD_OVERLAY).write_text(kustomization)
    before = contents(tree)
    assert 'group "identity" stands in ' in one_line(run("add", "id.x.org", "--group", "identity", "overlays/prod"), 2)
    assert contents(tree) == before


def test_the_patch_that_replaces_a_group_is_the_file_to_edit(run: Run, tree: Path) -> None:
    text = (tree / PROD).read_text() + "  identity: |\n    login.example.com\n"
    (tree / PROD).write_text(text)
    outcome = run("add", "id.x.org", "--group", "identity", "overlays/prod")
    assert (outcome.code, outcome.err) == (0, f"id.x.org added to identity in {PROD}\n")
    assert (tree / PROD).read_text() == text + "    id.x.org\n"
    assert "id.x.org" in allowed("overlays/prod")
    assert "id.x.org" not in allowed("overlays/staging")


def test_a_shared_file_is_named_with_the_overlays_that_use_it(run: Run) -> None:
    outcome = run("add", "id.x.org", "--group", "identity", "overlays/prod")
    assert outcome.code == 0
    shared = f"{COMMON} is shared: overlays/staging changes too, and not overlays/prod alone"
    assert outcome.err.splitlines() == [f"id.x.org added to identity in {COMMON}", shared]
    assert "id.x.org" in allowed("overlays/prod")
    assert shared in run("remove", "id.x.org", "overlays/prod").err


def test_without_a_build_the_files_decide_and_that_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("XDG_CACHE_HOME", "/nowhere")
    outcome = run("add", "x.example.com", "--group", "operations", "overlays/prod")
    assert outcome.code == 0
    assert "kustomize is not on PATH" in outcome.err
    assert "taken from its files alone" in outcome.err


def test_the_first_name_of_an_overlay_that_denies_everything(run: Run) -> None:
    assert run("init", "overlays/qa").code == 0
    outcome = run("add", "x.example.com", "--group", "partners", "overlays/qa")
    assert outcome.code == 0, outcome.err
    assert "x.example.com" in allowed("overlays/qa")


def test_a_name_leaves_every_file_that_opens_it(run: Run, tree: Path) -> None:
    for file in (COMMON, PROD):
        with (tree / file).open("a") as lines:
            lines.write("  more: |\n    x.example.com # why\n    y.example.com\n" if file is COMMON else "")
            lines.write("  other: |\n    y.example.com\n    X.example.com.\n")
    payments = tree / "components/domains-payments/domains.yaml"
    payments.write_text(payments.read_text() + "  more: |\n    x.example.com\n")
    before = contents(tree)
    trial = run("remove", "x.example.com", "--dry-run", "overlays/prod")
    assert contents(tree) == before
    assert "would be removed from more in components/domains-payments/domains.yaml" in trial.err
    outcome = run("remove", "x.example.com", "overlays/prod")
    removed = [line for line in outcome.err.splitlines() if " removed from " in line]
    assert sorted(removed) == [
        f"x.example.com removed from more in {COMMON}",
        "x.example.com removed from more in components/domains-payments/domains.yaml",
        f"x.example.com removed from other in {PROD}",
    ]
    assert "nothing else in overlays/prod opens x.example.com" in outcome.err
    assert f"x.example.com stands in other of {COMMON}, which changes nothing here: {PROD}:" in outcome.err
    assert "x.example.com" not in allowed("overlays/prod")
    after = contents(tree)
    again = run("remove", "x.example.com", "overlays/prod")
    assert again.code == 0
    assert "x.example.com is not listed in overlays/prod" in again.err
    assert contents(tree) == after


@pytest.mark.usefixtures("tree")
def test_a_name_or_group_that_looks_like_one_that_is_listed_is_told(run: Run) -> None:
    name = run("remove", "registry.npmjs.og", "overlays/prod")
    assert 'registry.npmjs.og is not listed in overlays/prod; did you mean "registry.npmjs.org"?' in name.err
    elsewhere = run("remove", "registry.npmjs.og", "--group", "identity", "overlays/prod")
    assert "did you mean" not in elsewhere.err
    group = run("add", "x.example.com", "--group", "identitty", "overlays/prod")
    assert group.code == 2
    assert 'payment-providers; did you mean "identity"?; --new-group makes one' in group.err


@pytest.mark.parametrize(
    "line",
    ["*.example.com", *(pytest.param(one, marks=pytest.mark.long) for one in (".example.com", ".x.example.com"))],
)
def test_what_opens_the_name_in_another_file_is_said(line: str, run: Run, tree: Path) -> None:
    with (tree / COMMON).open("a") as lines:
        lines.write(f"  more: |\n    {line}\n")
    with (tree / PROD).open("a") as lines:
        lines.write("    x.example.com\n")
    said = f"x.example.com is still open by {line} in more of {COMMON}"
    for _ in range(2):
        outcome = run("remove", "x.example.com", "overlays/prod")
        assert said in outcome.err.splitlines()
        assert "nothing else" not in outcome.err
    added = run("add", "x.example.com", "--group", "operations", "overlays/prod").err
    assert f"{line} in more of {COMMON}, and so open already" in added


def test_what_a_patch_written_out_opens_is_said(run: Run, tree: Path) -> None:
    (tree / PROD_OVERLAY).write_text(written_out("  more: |\n    x.example.com"))
    assert f"x.example.com is still open by x.example.com in more of {PROD_OVERLAY}" in (
        run("remove", "x.example.com", "overlays/prod").err
    )


def test_names_below_a_wildcard_that_goes_are_said(run: Run) -> None:
    assert run("add", "a.okta.com", "--group", "identity", COMMON).code == 0
    assert (
        "a.okta.com is still open by a.okta.com in identity, below *.okta.com"
        in run("remove", "*.okta.com", COMMON).err
    )


def test_one_file_that_cannot_be_written_leaves_all_as_they_were(run: Run, tree: Path) -> None:
    payments = tree / "components/domains-payments/domains.yaml"
    for file in (tree / COMMON, payments):
        file.write_text(file.read_text() + "  more: |\n    x.example.com\n    y.example.com\n")
    before = contents(tree)
    (tree / COMMON).chmod(0o444)
    assert "is read-only; nothing was changed" in one_line(run("remove", "x.example.com", "overlays/prod"), 2)
    assert contents(tree) == before


def test_a_file_of_another_user_is_edited(run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_descriptor: int, _user: int, _group: int) -> None:
        raise PermissionError(1, os.strerror(1))

    real = os.fstat

    def strange(descriptor: int) -> os.stat_result:
        state = list(real(descriptor))
        state[4:6] = [4711, 4711]
        return os.stat_result(state)

    monkeypatch.setattr(os, "fchown", refused)
    monkeypatch.setattr(os, "fstat", strange)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    (tree / COMMON).chmod(0o664)
    assert run("add", "x.example.com", "--group", "identity", COMMON).code == 0
    assert "x.example.com" in (tree / COMMON).read_text()
    assert (tree / COMMON).stat().st_mode & 0o777 == 0o664
