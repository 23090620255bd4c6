"""Every format of every command, once: what a made-up tree gets from it, in files to be read.

commands/tree      the tree, committed over base/ and components/
commands/change    what the second commit changes in it
commands/expected  NAME.txt: the command line, what it prints, its words on stderr and the exit code;
                   NAME.json and so on: the same answer in that format, as it stands on stdout, but for SARIF's
                   and JUnit's rules that found nothing

`make golden` writes what is expected anew, and fails all the same: review it with git diff.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import known_builds
from command import run
from egress_overlays import __version__
from egress_overlays.cli import COMMANDS
from egress_overlays.cli.formats import MODULES
from golden import check

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent / "commands"
EXPECTED = HERE / "expected"
ENDINGS = {
    "text": "txt",
    "markdown": "md",
    "junit": "junit.xml",
    "github": "github.txt",
    "prometheus": "prom",
    "sarif": "sarif.json",
}
DATA = ("text", "json", "yaml")
CHECKED = (*DATA, "markdown", "sarif")
# Of each command, or each use of it that has a page of its own: the line, and the formats that it has.
USES = {
    "list": ("list overlays/prod", DATA),
    "list-as": ("list --as billing/api overlays/prod", DATA),
    "list-blame": ("list --blame overlays/prod", DATA),
    "check": ("check api.stripe.com acme.okta.com 10.0.0.7 pagerduty.com overlays/prod", DATA),
    "diff": ("diff --rev HEAD~1..HEAD", (*DATA, "markdown")),
    "verify": ("verify overlays/... broken.yaml", (*CHECKED, "junit", "github")),
    "doctor": ("doctor mesh.yaml", (*CHECKED, "github")),
    "matrix": ("matrix overlays/dev overlays/prod", (*DATA, "markdown", "html")),
    "test": ("test overlays/prod", (*CHECKED, "junit", "github")),
    "probe": ("probe --host acme.okta.com --host evil.example --as shop/web overlays/prod", DATA),
    "add": ("add www.example.net --group maps --comment OPS-7 --dry-run overlays/prod", DATA),
    "remove": ("remove *.okta.com --dry-run overlays/prod", DATA),
    "import": ("import --fix pasted.txt", DATA),
    "learn": ("learn --namespace shop access.log", DATA),
    "usage": ("usage --namespace shop access.log teams/shop.yaml", (*DATA, "markdown", "html", "prometheus")),
    "schema": ("schema", DATA),
    "install": ("install --to elsewhere", DATA),
}
WITHOUT = {
    "docs": "the pages themselves are the output",
    "init": "prints the files of base/ and components/, which tests/editing holds against the tree",
    "upgrade": "likewise",
    "completion": "a script for shells, which tests/cli runs",
}


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tree in a git repository of two commits, with dates and an author that stay."""
    with pytest.MonkeyPatch.context() as patch:
        tree = tmp_path_factory.mktemp("tree")
        for name in ("base", "components"):
            shutil.copytree(HERE.parents[2] / name, tree / name)
        shutil.copytree(HERE / "tree", tree, dirs_exist_ok=True)
        patch.chdir(tree)
        known_builds.remember(patch)
        for who in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{who}_NAME", "x")
            patch.setenv(f"GIT_{who}_EMAIL", f"{who.lower()}@example.com")
            patch.setenv(f"GIT_{who}_DATE", "2026-03-01T10:00:00Z")
        # The function stands in the tree itself, as people commit it.
        plugin = HERE.parents[2] / "plugin"
        for part in ("guard", "inject"):
            shutil.copytree(plugin / part, tree / "plugin" / part)
        (tree / "plugin/egress-overlays").write_text(f'#!/bin/sh\nexec {plugin}/egress-overlays "$@"\n')
        (tree / "plugin/egress-overlays").chmod(0o755)
        git(tree, "init", "-q", "-b", "main")
        git(tree, "add", "-A")
        git(tree, "commit", "-qm", "The lists as they were")
        shutil.copytree(HERE / "change", tree, dirs_exist_ok=True)
        git(tree, "commit", "-qam", "Reports of incidents; billing's list for everybody")
        yield tree


def git(tree: Path, *arguments: str) -> str:
    """Run git in `tree`, with nobody's settings."""
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    words = ["git", *arguments]
    done = subprocess.run(words, cwd=tree, env=os.environ | settings, capture_output=True, text=True, check=True)
    return done.stdout


def constant(text: str, tree: Path) -> str:
    """`text` without what differs from one day, machine or version to the next."""
    for number, commit in enumerate(git(tree, "log", "--reverse", "--format=%H").split()):
        # YAML quotes an id that could be a number.
        text = re.sub(f"'{commit[:10]}'|{commit[:10]}", f"c0ffee000{number}", text)
    text = re.sub(r"(Envoy |envoy\W+)\d+\.\d+\.\d+", r"\g<1>1.2.3", text)
    text = re.sub(r"127(\.\d+){3}:\d+", "SERVER:PORT", text)
    return text.replace(str(tree), "TREE").replace(str(__version__), "VERSION")


def shortened(text: str, form: str) -> str:
    """`text` without the rules that found nothing: docs/commands.md is the page that lists them."""
    if form == "sarif":
        whole = json.loads(text)
        (run_of_it,) = whole["runs"]
        found = {one["ruleId"] for one in run_of_it["results"]}
        driver = run_of_it["tool"]["driver"]
        driver["rules"] = [rule for rule in driver["rules"] if rule["id"] in found]
        for one in run_of_it["results"]:
            one.pop("ruleIndex", None)
        return json.dumps(whole, indent=2) + "\n"
    if form == "junit":
        return re.sub(r' tests="\d+"', ' tests="ALL RULES"', re.sub(r"\n *<testcase [^>]*/>", "", text))
    return text


@pytest.mark.parametrize(("use", "form"), [(use, form) for use, (_, forms) in USES.items() for form in forms])
def test_what_it_prints(use: str, form: str, made_up: Path, pytestconfig: pytest.Config) -> None:
    if use == "probe":
        pytest.importorskip("cryptography")
    words = USES[use][0].split()
    outcome = run(*words, "-o", form)
    text = shortened(outcome.out, form)
    if form == "text":
        said = f"\n--- stderr\n{outcome.err}" if outcome.err else ""
        text = f"$ egress-overlays {shlex.join(words)}\n{outcome.out}{said}\n--- exit code {outcome.code}\n"
    file = EXPECTED / f"{use}.{ENDINGS.get(form, form)}"
    check(file, constant(text, made_up), write=pytestconfig.getoption("--write-golden"))


def test_every_format_of_every_command_has_a_file() -> None:
    assert {words.split()[0] for words, _ in USES.values()} | set(WITHOUT) == set(COMMANDS)
    for command in COMMANDS:
        taken = set(re.findall(r"\w+", run(command, "-o", "?", "x").err.partition("choose from")[2]))
        shown = {form for words, forms in USES.values() if words.split()[0] == command for form in forms}
        assert taken & set(MODULES) - shown == (set() if command not in WITHOUT else taken & set(MODULES)), command
    wanted = {f"{use}.{ENDINGS.get(form, form)}" for use, (_, forms) in USES.items() for form in forms}
    assert {path.name for path in EXPECTED.iterdir()} == wanted
