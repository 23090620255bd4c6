"""`add` and `remove` say no when they did nothing, or would have to guess."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from command import Run, one_line
from egress_overlays import load

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("tree")
LIST = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: %s
  labels: {egress-overlays.dev/set: default}
data:
  partners: |
    %s.example.com
"""


def generated(tree: Path, entry: str, text: bytes = b"") -> Path:
    """overlays/dev with a generator that has this entry; the text file beside it."""
    (tree / "overlays/dev/kustomization.yaml").write_text(
        f"""resources: [../../base, domains.yaml]
transformers: [../../plugin/inject]
configMapGenerator:
- name: egress-domains-team
  {entry}
  options: {{labels: {{egress-overlays.dev/set: default}}}}
"""
    )
    file = tree / "overlays/dev/team.txt"
    file.write_bytes(text)
    return file


def test_remove_of_a_name_that_a_literal_of_a_generator_opens_is_exit_1(run: Run, tree: Path) -> None:
    generated(tree, "literals: [team=team.example.com]")
    outcome = run("remove", "team.example.com", "overlays/dev")
    assert outcome.code == 1
    assert "team.example.com is still open by team.example.com in team of ConfigMap egress-domains-team" in outcome.err
    assert "did you mean" not in outcome.err


@pytest.mark.parametrize("entry", ["files: [team=team.txt]", "files: [team.txt]"])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_the_text_file_of_a_generator_is_edited_as_a_configmap_is(
    entry: str, ending: bytes, run: Run, tree: Path
) -> None:
    before = ending.join([b"# ours", b"a.team.example.com  # EX-1", b"c.team.example.com", b""])
    file = generated(tree, entry, before)
    group = "team" if "=" in entry else "team.txt"
    names = "b.team.example.com", "d.team.example.com"
    outcome = run("add", *names, "--group", group, "overlays/dev")
    assert (outcome.code, outcome.err) == (
        0,
        "".join(f"{name} added to {group} in overlays/dev/team.txt\n" for name in names),
    )
    assert file.read_bytes().split(ending)[1:5] == [
        b"a.team.example.com  # EX-1",
        b"b.team.example.com",
        b"c.team.example.com",
        b"d.team.example.com",
    ]
    assert set(names) <= set(load("overlays/dev").hosts("default"))
    for name in names:
        assert run("remove", name, "overlays/dev").code == 0
    assert file.read_bytes() == before
    assert not set(names) & set(load("overlays/dev").hosts("default"))


def test_of_several_names_all_are_added_or_none(run: Run, tree: Path) -> None:
    file = generated(tree, "files: [team=team.txt]", b"a.team.example.com\n")
    for wrong in ("*.com", "b.example.com:80"):
        assert run("add", "b.example.com", wrong, "--group", "team", "overlays/dev").code == 2
    assert file.read_bytes() == b"a.team.example.com\n"
    trial = run("add", "b.example.com", "c.example.com", "--group", "team", "--dry-run", "overlays/dev")
    assert [line for line in trial.out.splitlines() if line.startswith("+") and "+++" not in line] == [
        "+b.example.com",
        "+c.example.com",
    ]
    assert file.read_bytes() == b"a.team.example.com\n"


def test_remove_of_what_a_wildcard_opens_too_is_exit_1(run: Run) -> None:
    assert run("add", "x.wikipedia.org", "--group", "documentation", "overlays/dev").code == 0
    outcome = run("remove", "x.wikipedia.org", "overlays/dev")
    assert outcome.code == 1
    assert "still open by .wikipedia.org" in outcome.err


def test_add_to_a_group_of_several_lists_names_them(run: Run, tree: Path) -> None:
    for name in ("one", "two"):
        (tree / f"overlays/dev/{name}.yaml").write_text(LIST % (name, name))
    (tree / "overlays/dev/kustomization.yaml").write_text(
        "resources: [../../base, one.yaml, two.yaml]\ntransformers: [../../plugin/inject]\n"
    )
    said = one_line(run("add", "x.example.com", "--group", "partners", "overlays/dev"), 2)
    assert "one (overlays/dev/one.yaml), two (overlays/dev/two.yaml)" in said
    assert run("add", "x.example.com", "--group", "partners", "--configmap", "one", "overlays/dev").code == 0
    assert "x.example.com" in (tree / "overlays/dev/one.yaml").read_text()


def test_the_first_name_takes_allow_empty_away(run: Run, tree: Path) -> None:
    assert run("init", "overlays/qa").code == 0
    outcome = run("add", "api.example.com", "--group", "partners", "overlays/qa")
    assert outcome.code == 0
    assert "egress-overlays.dev/allow-empty removed" in outcome.err
    text = (tree / "overlays/qa/domains.yaml").read_text()
    assert "allow-empty" not in text
    assert "annotations" not in text
    assert run("verify", "--strict", "overlays/qa").code == 0


def test_allow_empty_that_is_left_where_names_are_is_warned_of(run: Run, tree: Path) -> None:
    assert run("init", "overlays/qa").code == 0
    file = tree / "overlays/qa/domains.yaml"
    file.write_text(file.read_text().replace("    # api.example.com", "    api.example.com"))
    found = json.loads(run("verify", "-o", "json", "overlays/qa").out)[0]["findings"]
    assert [(one["severity"], one["rule"]) for one in found] == [("warning", "allow-empty")]
    before = file.read_bytes()
    assert run("add", "api.example.com", "--group", "partners", "overlays/qa").code == 0
    assert file.read_bytes() == before  # nothing was added


def test_a_new_group_beside_that_of_a_generator_is_a_file_of_its_own(run: Run, tree: Path) -> None:
    file = generated(tree, "files: [team=team.txt]", b"a.team.example.com\n")
    options = ("--group", "fresh", "--new-group", "--configmap", "egress-domains-team")
    said = one_line(run("add", "b.team.example.com", *options, "overlays/dev"), 2)
    assert 'team.txt: is one group of a generator; add a file for "fresh" to its files: in the kustomization' in said
    assert file.read_bytes() == b"a.team.example.com\n"


def test_several_names_and_a_new_group(run: Run, tree: Path) -> None:
    names = ("a.example.com", "*.b.example.com")
    assert run("add", *names, "--group", "fresh", "--new-group", "overlays/dev").code == 0
    assert (
        (tree / "overlays/dev/domains.yaml")
        .read_text()
        .endswith("  fresh: |\n    a.example.com\n    *.b.example.com\n")
    )
    assert run("check", "x.b.example.com", "overlays/dev").code == 0


def test_what_the_build_would_warn_of_is_said(run: Run) -> None:
    outcome = run("add", "*.github.io", "--group", "code", "overlays/dev")
    assert outcome.code == 0
    assert "opens names that any customer of" in outcome.err
