"""`diff`: what opens and what closes, in meaning."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from command import Run, one_line
from egress_overlays import Difference, minimise, parse
from working_tree import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("tree")
DOMAINS = "components/domains-common/domains.yaml"


def change(tree: Path, old: str, new: str, file: str = DOMAINS) -> None:
    text = (tree / file).read_text()
    assert old in text
    (tree / file).write_text(text.replace(old, new))


def difference(run: Run, *arguments: object) -> dict[str, Any]:
    outcome = run("diff", "-o", "json", "--exit-code", *arguments)
    found: dict[str, Any] = json.loads(outcome.out)
    (one,) = found["sets"]
    assert outcome.code == int(bool(one["opened"] or one["closed"]))
    return {**found, **one}


def names(changes: list[dict[str, Any]]) -> list[str]:
    return [one["name"] for one in changes]


def test_two_overlays(run: Run) -> None:
    found = difference(run, "overlays/staging", "overlays/prod")
    assert names(found["opened"]) == ["*.ingest.sentry.io", "events.pagerduty.com"]
    assert names(found["closed"]) == ["*.wikipedia.org", "ingest.k6.io", "wikipedia.org"]
    assert found["opened"][0]["comment"] == "error reports, one host a project"


def test_an_overlay_and_its_rendering_do_not_differ(run: Run, rendered: Callable[[str], Path]) -> None:
    outcome = run("diff", "--exit-code", "overlays/prod", rendered("prod"))
    assert outcome == (0, "nothing becomes reachable, and nothing stops being reachable\n", "")


def test_a_name_that_a_wildcard_covers_is_no_change(run: Run, rendered: Callable[[str], Path], tree: Path) -> None:
    before = rendered("prod")
    change(tree, "    *.okta.com ", "    x.okta.com\n    *.okta.com ")
    assert not difference(run, before, "overlays/prod")["opened"]


def test_what_widens_is_marked(run: Run, rendered: Callable[[str], Path], tree: Path) -> None:
    before = rendered("prod")
    change(tree, "api.stripe.com ", "*.stripe.com   ", "components/domains-payments/domains.yaml")
    found = difference(run, before, "overlays/prod")
    assert found["opened"] == [
        {
            "name": "*.stripe.com",
            "wildcard": True,
            "covers": ["api.stripe.com", "files.stripe.com"],
            "group": "payment-providers",
            "comment": "card payments",
        }
    ]
    assert found["closed"] == []
    text = run("diff", before, "overlays/prod").out
    assert text.startswith("1 name opens (1 by wildcard)\n")
    assert re.search(
        r"opens +\*\.stripe\.com +wildcard, widens api\.stripe\.com, files\.stripe\.com; for every workload +"
        "payment-providers, ",
        text,
    )
    back = difference(run, "overlays/prod", before)
    assert (names(back["opened"]), names(back["closed"])) == ([], ["*.stripe.com"])


def test_the_patch_turns_one_list_into_the_other(run: Run) -> None:
    found = difference(run, "overlays/dev", "overlays/prod")
    assert jsonpatch.apply_patch(found["before"], found["patch"]) == found["after"]
    listed = json.loads(run("list", "-o", "json", "overlays/prod").out)["sets"][0]["hosts"]
    assert found["after"] == {"default": listed}


def test_markdown_is_a_table_that_nobody_can_break_out_of(
    run: Run, rendered: Callable[[str], Path], tree: Path
) -> None:
    before = rendered("prod")
    change(
        tree,
        "*.okta.com                         # one host a tenant",
        "evil.example # |x|<img src=x> @team ![a](http://b)",
    )
    out = run("diff", "-o", "markdown", before, "overlays/prod").out
    (row,) = (line for line in out.splitlines() if "evil.example" in line and line.startswith("|"))
    assert "`identity, components/domains-common/domains.yaml:19  # \\|x\\|<img src=x> @team ![a](http://b)`" in row


def test_two_revisions(run: Run, tree: Path, repository: Callable[..., str]) -> None:
    change(tree, "    ghcr.io\n", "    quay.io # mirrors\n")
    repository("commit", "-qam", "two")
    found = difference(run, "overlays/prod", "--rev", "HEAD~1..HEAD")
    assert (names(found["opened"]), names(found["closed"])) == (["quay.io"], ["ghcr.io"])
    out = run("diff", "overlays/prod", "--rev", "HEAD~1..HEAD").out
    assert re.search(rf"opens +quay\.io +for every workload +container-registries, {DOMAINS}:9 +# mirrors\n", out)
    assert re.search(rf"closes +ghcr\.io +for every workload +was container-registries, {DOMAINS}:9\n", out)
    assert re.search(r"\nall by one commit: [0-9a-f]{10}, ", out)
    assert repository("status", "--porcelain") == ""
    assert repository("worktree", "list").count("\n") == 1


@pytest.mark.usefixtures("repository")
def test_a_revision_and_the_working_tree(run: Run, tree: Path) -> None:
    change(tree, "    ghcr.io\n", "")
    assert names(difference(run, "overlays/prod", "--rev", "HEAD")["closed"]) == ["ghcr.io"]
    assert difference(run, "overlays/prod", "--rev", "HEAD..HEAD")["closed"] == []


def test_three_dots_mean_since_they_parted(run: Run, tree: Path, repository: Callable[..., str]) -> None:
    repository("checkout", "-qb", "topic")
    change(tree, "    ghcr.io\n", "    ghcr.io\n    topic.example.com\n")
    repository("commit", "-qam", "topic")
    repository("checkout", "-q", "main")
    change(tree, "    pypi.org\n", "")
    repository("commit", "-qam", "main goes on")
    since = difference(run, "overlays/prod", "--rev", "main...topic")
    assert (names(since["opened"]), names(since["closed"])) == (["topic.example.com"], [])
    between = difference(run, "overlays/prod", "--rev", "main..topic")
    assert names(between["opened"]) == ["pypi.org", "topic.example.com"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--rev", "nope..HEAD"), "git knows no revision 'nope'"),
        (("--rev", "HEAD..--output=x"), "git knows no revision '--output=x'"),
        (("--rev", "nope...HEAD"), "git: "),
        (("--rev", "HEAD~7"), "git knows no revision 'HEAD~7'"),
        ((), "diff takes two paths, or with --rev R1..R2 one or none"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_revisions_that_are_not_there(arguments: tuple[str, ...], words: str, run: Run, tree: Path) -> None:
    assert words in one_line(run("diff", "overlays/prod", *arguments), 2)
    assert sorted(path.name for path in tree.iterdir()) == [".git", *PARTS, "plugin"]


def test_an_overlay_that_one_revision_alone_has(run: Run, tree: Path, repository: Callable[..., str]) -> None:
    (tree / "overlays/prod").rename(tree / "overlays/production")
    repository("add", "--all")
    repository("commit", "-qm", "Rename prod")
    added = run("diff", "overlays/production", "--rev", "HEAD~1..HEAD", "-o", "json")
    assert "overlays/production does not exist in HEAD~1: taken for an empty list" in added.err
    (one,) = json.loads(added.out)["sets"]
    assert "pypi.org" in names(one["opened"])
    assert not one["closed"]
    removed = run("diff", "overlays/prod", "--rev", "HEAD~1", "-o", "json")
    assert "overlays/prod does not exist in the working tree: taken for an empty list" in removed.err
    (other,) = json.loads(removed.out)["sets"]
    assert names(other["closed"]) == names(one["opened"])
    assert not other["opened"]


@pytest.mark.usefixtures("repository")
def test_an_overlay_that_no_revision_has(run: Run) -> None:
    assert one_line(run("diff", "overlays/new", "--rev", "HEAD"), 2) == (
        "egress-overlays: error: overlays/new does not exist, neither in HEAD nor in the working tree"
    )


@pytest.mark.usefixtures("repository")
def test_revisions_are_those_of_the_paths_repository(run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert run("diff", tree / "overlays/prod", "--rev", "HEAD").code == 0


def test_names_that_do_not_fit_into_their_row_are_counted(run: Run, tree: Path) -> None:
    names = [f"host-{number}.of-a-vendor-with-a-long-name.example" for number in range(2000)]
    head = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {egress-overlays.dev/set: default}\ndata:\n"
    )
    (tree / "short.yaml").write_text(f"{head}  g: pypi.org\n")
    (tree / "long.yaml").write_text(f"{head}  g: |\n" + "".join(f"    {name}\n" for name in ["pypi.org", *names]))
    out = run("diff", "-o", "markdown", "short.yaml", "long.yaml").out
    assert len(out) < 60_000
    assert "and 1997 more` |" in out
    assert ":warning: **2000 names are left out here for want of room**" in out
    whole = run("diff", "-o", "markdown", "--limit", "0", "short.yaml", "long.yaml").out
    assert all(f"`{name}`" in whole for name in names)


def test_a_comment_is_never_longer_than_github_takes(run: Run, tree: Path) -> None:
    why = "because | of [this]* " * 40
    lines = "".join(f"    host-{number}.example.com   # {number} {why}\n" for number in range(400))
    head = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {egress-overlays.dev/set: default}\ndata:\n"
    )
    (tree / "short.yaml").write_text(f"{head}  g: pypi.org\n")
    (tree / "long.yaml").write_text(f"{head}  g: |\n{lines}")
    out = run("diff", "-o", "markdown", "short.yaml", "long.yaml").out
    assert len(out) < 60_000
    shown = out.count("| opens |") + out.count("| closes |")
    assert shown > 20
    assert f"**{401 - shown} rows are left out here for want of room**" in out
    assert run("diff", "-o", "markdown", "--save", "markdown=whole.md", "short.yaml", "long.yaml").out == out
    assert (tree / "whole.md").read_text().count("| opens |") == 400


def test_a_revision_that_does_not_build_is_named(run: Run, tree: Path, repository: Callable[..., str]) -> None:
    change(tree, "    ghcr.io\n", "    ghcr.io:80\n")
    repository("commit", "-qam", "broken")
    change(tree, "    ghcr.io:80\n", "    ghcr.io\n")
    said = one_line(run("diff", "overlays/prod", "--rev", "HEAD"), 2)
    assert "overlays/prod does not build" in said
    assert said.endswith("(in HEAD)")


def test_outside_of_a_repository(run: Run) -> None:
    assert "not a git repository" in one_line(run("diff", "overlays/prod", "--rev", "HEAD"), 2)


LABELS = st.sampled_from(["a", "b", "c"])
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "x", "org"]))
DOMAIN_LISTS = st.lists(
    st.builds(lambda star, name: parse(star + name)[0], st.sampled_from(["", "*."]), NAMES), max_size=6
)


@given(DOMAIN_LISTS, DOMAIN_LISTS, NAMES)
def test_it_is_what_envoy_would_match(one: list[Any], other: list[Any], host: str) -> None:
    """A host is in what opened exactly where the new list matches it and no name of the old one stands for it.

    A wildcard that opens stands for more than the names in it that were open before, which `touches` names.
    """
    before, after = minimise(one)[0], minimise(other)[0]
    found = Difference("default", before, after)
    was = any(domain.matches(host) for domain in before)
    is_ = any(domain.matches(host) for domain in after)
    opens = [change for change in found.opened if change.domain.matches(host)]
    closes = [change for change in found.closed if change.domain.matches(host)]
    if is_ and not was:
        assert opens
    if was and not is_:
        assert closes
    if opens and was:
        assert any(touched.matches(host) for change in opens for touched in change.touches)
    if not found:
        assert before == after
