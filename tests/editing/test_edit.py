"""`add` and `remove`: one line changes, everything else stays byte for byte."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command import Run, one_line
from egress_overlays.editing import listfile

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("tree")
COMMON = "components/domains-common/domains.yaml"

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
LABELLED = HEAD.replace("{name: a}", "{name: a, labels: {egress-overlays.dev/set: x}}")
FILES = {
    "blocks": """# Ours.
apiVersion: v1
kind: ConfigMap   # of names
metadata:
  name: a
  labels: {egress-overlays.dev/set: "default"}
data:
    g: |
        # the first
        b.example.com   # why

        d.example.com
        # about z
        z.example.com

    other: |-
        x.example.com
    empty: ""
    last: |+
        y.example.com

# The end.
""",
    "crlf": (HEAD + "  g: |\n    b.example.com\n  h: |\n    c.example.com\n").replace("\n", "\r\n"),
    "no line break at the end": HEAD + "  g: |\n    b.example.com",
    "byte order mark": "\ufeff" + HEAD + "  g: |\n    b.example.com\n",
    "an empty group": HEAD + '  g: ""   # none yet\n  h: |\n    c.example.com\n',
    "an empty block": HEAD + "  g: |\n  h: |\n    c.example.com\n",
    "comments alone": HEAD + "  g: |\n    # none yet\n  h: |\n    c.example.com\n",
    "quoted": HEAD + '  g: "b.example.com\\nd.example.com\\n" # quoted\n',
    "flow": HEAD.removesuffix("\n") + ' {g: "b.example.com", h: "c.example.com"} # short\n',
    "escapes": HEAD + '  g: "b.example.com # \\u00fc\\x41 \\"\\n\\u0064.example.com\\n"\n',
    "quotes over several lines": HEAD + '  g: "b.example.com\\n\\\n    c.example.com\\n\\\n    d.example.com"\n',
    "quotes that fold": HEAD + '  g: "b.example.com\n\n    c.example.com\\n\n    d.example.com"\n',
    "quotes, CRLF": (HEAD + '  g: "b.example.com\\n\\\n    c.example.com\\n" # x\n').replace("\n", "\r\n"),
    "mixed line ends": HEAD
    + "  g: |\r\n    b.example.com\n    c.example.com\r\n    d.example.com\n  h: |\n    x.io\r\n",
    "mixed line ends, none at the end": HEAD + "  g: |\n    b.example.com\r\n    c.example.com",
    "several documents": "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n---\n# the list\n"
    + LABELLED
    + "  g: |\n    b.example.com\n---\n"
    + HEAD
    + "  g: |\n    text of an application\n",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
@pytest.mark.parametrize("name", ["a.example.com", "c0.example.com", "*.zz.example.com", ".example.org"])
def test_a_round_trip_leaves_every_byte(name: str, text: str, run: Run, tree: Path) -> None:
    file = tree / "list.yaml"
    file.write_bytes(text.encode())
    assert run("add", name, "--group", "g", file).code == 0
    added = file.read_bytes()
    assert name.encode() in added
    again = run("add", name, "--group", "g", "--comment", "again", file)
    assert (again.code, file.read_bytes()) == (0, added), "a second run changes nothing"
    assert "already" in again.err
    assert run("remove", name, file).code == 0
    assert file.read_bytes() == text.encode()
    assert run("remove", name, file).code == 0
    assert file.read_bytes() == text.encode(), "a second run changes nothing"


def test_a_name_of_its_own_in_one_line_goes_with_its_quotes(run: Run, tree: Path) -> None:
    file = tree / "list.yaml"
    for text in ("b.example.com", "'b.example.com'", "'b.example.com # why'", '"b.example.com"'):
        file.write_text(HEAD + f"  g: {text} # ours\n  h: x.io\n")
        assert run("remove", "b.example.com", file).code == 0
        assert file.read_text() == HEAD + '  g: "" # ours\n  h: x.io\n'


@pytest.mark.parametrize("text", ['"b.io\n\n\n    c.io"', "'b.io'", "b.io", ">\n    b.io", "'b.io\n\n    c.io'"])
def test_what_would_need_other_quotes_is_refused_and_left_alone(text: str, run: Run, tree: Path) -> None:
    file = tree / "list.yaml"
    file.write_text(HEAD + f"  g: {text}\n")
    assert "as" in one_line(run("add", "d.example.com", "--group", "g", file), 2)
    assert file.read_text() == HEAD + f"  g: {text}\n"


def test_where_the_line_goes(run: Run, tree: Path) -> None:
    file = tree / "list.yaml"
    file.write_text(FILES["blocks"])
    run("add", "c.example.com", "--group", "g", "--comment", "who asked", file)
    run("add", "x.example.com", "--group", "g", file)
    lines = file.read_text().split("\n")[8:16]
    assert lines == [
        "        # the first",
        "        b.example.com   # why",
        "",
        "        c.example.com   # who asked",
        "        d.example.com",
        "        x.example.com",
        "        # about z",
        "        z.example.com",
    ]


def test_a_dry_run_shows_the_change_and_makes_none(run: Run, tree: Path) -> None:
    before = (tree / COMMON).read_bytes()
    outcome = run("add", "*.quay.io", "--group", "container-registries", "--dry-run", COMMON)
    assert outcome.code == 0
    assert [line for line in outcome.out.splitlines() if line.startswith(("+", "-"))] == [
        f"--- a/{COMMON}",
        f"+++ b/{COMMON}",
        "+    *.quay.io",
    ]
    assert (tree / COMMON).read_bytes() == before


def test_a_directory_stands_for_the_file_that_holds_the_group(run: Run) -> None:
    found = json.loads(run("add", "x.example.com", "--group", "operations", "-o", "json", "overlays/prod").out)
    assert found["file"] == "overlays/prod/egress-domains.yaml"
    assert run("check", "x.example.com", "overlays/prod").code == 0
    assert run("remove", "x.example.com", "overlays/prod").code == 0
    assert run("check", "x.example.com", "overlays/prod").code == 1


def test_what_still_opens_the_name_is_said(run: Run) -> None:
    assert "x.okta.com is covered by *.okta.com" in run("add", "x.okta.com", "--group", "identity", COMMON).err
    assert "x.okta.com is still open by *.okta.com in identity" in run("remove", "x.okta.com", COMMON).err


def test_mode_and_link_stay(run: Run, tree: Path) -> None:
    file = tree / COMMON
    file.chmod(0o640)
    link = tree / "link.yaml"
    link.symlink_to(file)
    assert run("add", "x.example.com", "--group", "identity", link).code == 0
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert "x.example.com" in file.read_text()
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "x.example.com", "--group", "nope", COMMON), 'no group "nope"; there are: container-registries, '),
        (("add", "x.example.com", "--group", "nope", COMMON), "; --new-group makes one"),
        (("add", "x.example.com", "base", "--group", "identity", COMMON), "base is a path, and the last argument"),
        (("add", "x.example.com", "--group", "identity", "overlays"), "overlays: holds no kustomization; "),
        (("remove", "x.example.com", "--group", "nope", COMMON), 'no group "nope"'),
        (("add", "https://x.example.com", "--group", "identity", COMMON), "is a URL"),
        (("add", "*.com", "--group", "identity", COMMON), "top-level domain"),
        (("add", "x.example.com", "--group", "identity", "--comment", "a\nb", COMMON), "one line"),
        (("add", "x.example.com", "--group", "identity", "nowhere.yaml"), "cannot be read: No such file"),
        (("add", "x.example.com", "--group", "identity", "base/service.yaml"), "holds no domains ConfigMap"),
        (("add", "x.example.com", "--group", "identity", "notes.txt"), "notes.txt: is no valid YAML"),
        (("add", "x.example.com", "--group", "identity", "base"), "no file that its kustomization names"),
        (("add", "x.example.com", "--group", "g", "folded.yaml"), "is no block of lines; write it as one: g: |"),
        (("add", "x.example.com", "--group", "g", "plain.yaml"), "is no block of lines; write it as one: g: |"),
        (("add", "x.example.com", "--group", "g", "two.yaml"), "name one with --configmap"),
    ],
)
def test_what_cannot_be_edited_is_one_line_and_left_alone(
    arguments: tuple[str, ...], words: str, run: Run, tree: Path
) -> None:
    (tree / "notes.txt").write_text("a: b: c\n")
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata:\n"
    (tree / "folded.yaml").write_text(head % "a" + "  g: >\n    b.example.com\n")
    (tree / "plain.yaml").write_text(head % "a" + "  g: b.example.com\n")
    (tree / "two.yaml").write_text(head % "a" + "  g: |\n    b.io\n---\n" + head % "b" + "  g: |\n    b.io\n")
    before = {path: path.read_bytes() for path in tree.rglob("*.yaml")}
    assert words in one_line(run(*arguments), 2)
    assert {path: path.read_bytes() for path in tree.rglob("*.yaml")} == before


def test_a_read_only_file_is_left_alone(run: Run, tree: Path) -> None:
    file = tree / COMMON
    before = file.read_bytes()
    file.chmod(0o444)
    said = one_line(run("add", "x.example.com", "--group", "identity", file), 2)
    assert "is read-only; nothing was changed" in said
    assert file.read_bytes() == before


def test_a_full_disk_leaves_the_file_as_it_was(run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tree / COMMON
    before = file.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left on device; nothing was changed" in one_line(
        run("add", "x.example.com", "--group", "identity", file), 2
    )
    assert file.read_bytes() == before
    assert {path.name for path in file.parent.iterdir()} == {"domains.yaml", "kustomization.yaml"}


LINES = st.lists(
    st.sampled_from(
        ["a.example.com", "m.example.com  # why", "z.example.com", "# a comment", "", "   ", "\t# tab", "*.b.io"]
    ),
    max_size=6,
)


@given(
    LINES,
    st.sampled_from(["|", "|-", "|+"]),
    st.sampled_from(["", "\n", "\n\n# end\n"]),
    st.sampled_from(["q.example.com", "*.example.com"]),
)
def test_any_block_survives_a_round_trip(lines: list[str], style: str, tail: str, name: str) -> None:
    body = "".join(f"    {line}\n" if line else "\n" for line in ["first.example.com", *lines])
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  g: {style}\n{body}  h: |\n    x.io{tail}"
    data = text.encode()
    ((manifest, group), _) = listfile.groups(data)
    added = listfile.add(data, manifest, group, name)
    ((manifest, group), _) = listfile.groups(added)
    (domain,) = (line.domains for line in listfile.lines_of(manifest.resource.value["data"]["g"]) if line.text == name)
    assert listfile.remove(added, manifest, group, domain) == data
