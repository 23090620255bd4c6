"""The pages of docs/ that show commands, code and lists: every block does what the page says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import quick_yaml as yaml
from egress_overlays.cli import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
# Where a block stands, in the words that the page has last above it.
PLACE = re.compile(
    r"\*(in a clone|in a tree of `init`|at the root of your repository[^*]*|beside `dist/`):\*", re.IGNORECASE
)
IN_A_TREE = "in a tree of `init`"
# Pages whose reader stands where the tree is called egress.
AT_THE_ROOT = {"many-teams.md": "at the root of your repository"}
# Pages whose blocks another test runs in the tree that they name; this file runs those of all others.
ELSEWHERE = {
    "README.md": "tests/docs/test_readme.py",
    "adopting.md": "tests/docs/test_adopting.py",
    "commands.md": "tests/cli/test_help.py",
    "e2e.md": "",  # `make e2e` itself
    "gitops.md": "tests/gitops/test_guide.py",
    "install.md": "tests/dist/test_install.py",
    "kpt.md": "tests/gitops/test_kpt.py",
    "policy.md": "tests/gitops/test_conftest.py",
    "releasing.md": "tests/dist/test_release.py",
}

# A list that Kustomize copies from one object into another.
REPLACEMENTS = """resources: [old.yaml]
replacements:
- source: {kind: ServiceEntry, fieldPath: spec.hosts}
  targets:
  - select: {kind: VirtualService}
    fieldPaths: [spec.hosts]
"""


def blocks(page: str, kind: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("base", "components", "overlays"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "plugin").symlink_to(ROOT / "plugin")
    shutil.copy(ROOT / "tests/e2e/seed.yaml", tmp_path / "old.yaml")
    (tmp_path / "nginx.conf").write_text(
        "map $ssl_preread_server_name $up {\n  hostnames;\n  .example.com $ssl_preread_server_name:443;\n}\n"
        "server { ssl_preread on; proxy_pass $up; }\n"
    )
    (tmp_path / "squid.conf").write_text("acl good dstdomain .example.com\n")
    (tmp_path / "names.txt").write_text("api.example.org\n")
    (tmp_path / "acl.yaml").write_text(
        "version: v1\nservices:\n- {name: web, project: shop, action: enforce, allowed_domains: [api.example.com]}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return tmp_path


@pytest.fixture(scope="module")
def initial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `init` makes."""
    directory = tmp_path_factory.mktemp("initial")
    program = Path(sys.executable).with_name("egress-overlays")
    subprocess.run([program, "init", directory], capture_output=True, check=True)
    return directory


@pytest.fixture
def made(tree: Path, initial: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `init` makes, and what a reader of the guides brings."""
    directory = tmp_path_factory.mktemp("made")
    shutil.copytree(initial, directory, dirs_exist_ok=True, symlinks=True)
    for name in ("old.yaml", "nginx.conf", "squid.conf", "names.txt", "acl.yaml"):
        shutil.copy(tree / name, directory)
    (directory / "copied").mkdir()
    shutil.copy(tree / "old.yaml", directory / "copied")
    (directory / "copied/kustomization.yaml").write_text(REPLACEMENTS)
    monkeypatch.chdir(directory)
    return directory


WAYS = [block for block in blocks("migrating.md", "sh") if "\negress-overlays diff" in f"\n{block}"]


@pytest.mark.long
@pytest.mark.parametrize("block", WAYS, ids=range(len(WAYS)))
@pytest.mark.usefixtures("made")
def test_a_way_of_migrating_opens_and_closes_no_name(block: str) -> None:
    subprocess.run(["sh", "-euc", block], capture_output=True, check=True)
    (words,) = re.findall(r"^egress-overlays diff (?:--exit-code )?(.*)$", block, re.MULTILINE)
    done = subprocess.run(
        ["egress-overlays", "diff", "-o", "json", *words.split()], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert any(found["after"].values())
    assert found["before"] == found["after"]
    assert {kind: found["counts"][kind] for kind in ("opens", "closes", "lifted", "around")} == {
        **dict.fromkeys(("opens", "closes", "lifted", "around"), 0)
    }


def test_every_way_of_migrating_ends_in_a_comparison() -> None:
    text = (ROOT / "docs/migrating.md").read_text(encoding="utf-8")
    sections = {part.partition("\n")[0]: part for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]}
    assert [title for title, part in sections.items() if "\negress-overlays diff" not in part] == ["A new tree"]


SHELL = [(page.name, block) for page in PAGES if page.name not in ELSEWHERE for block in blocks(page.name, "sh")]


@pytest.mark.parametrize(("page", "block"), SHELL, ids=[f"{page}-{block.split()[1]}" for page, block in SHELL])
def test_a_block_of_commands_runs(page: str, block: str, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if page in AT_THE_ROOT:
        root = made.with_name("root")
        root.mkdir()
        monkeypatch.chdir(root)
        made.rename(root / "egress")
    done = subprocess.run(["sh", "-euc", block], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{page}: {done.stderr}"


def test_every_block_says_in_which_tree_it_stands() -> None:
    for page in [ROOT / "README.md", *PAGES]:
        text = page.read_text(encoding="utf-8")
        for found in re.finditer(r"^```(sh|console)\b", text, re.MULTILINE):
            places = PLACE.findall(text[: found.start()])
            assert places, f"{page.name}: no word of where this stands: {text[found.end() :][:60]}"
            if page.name not in ELSEWHERE:
                assert places[-1].lower().startswith(AT_THE_ROOT.get(page.name, IN_A_TREE)), page.name


def test_what_runs_the_other_pages_is_there() -> None:
    for name, file in ELSEWHERE.items():
        assert (ROOT / ("" if name == "README.md" else "docs") / name).is_file(), name
        assert (ROOT / file).exists(), file


@pytest.mark.usefixtures("tree")
def test_the_librarys_example_runs() -> None:
    (block,) = blocks("library.md", "python")
    done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["True None ['*.okta.com']", "*.ingest.sentry.io True []"]


def test_the_librarys_whole_program_composes_a_directory_and_says_faults(tree: Path) -> None:
    (program,) = blocks("library.md", "python compose")
    (tree / "manifests").mkdir()
    for file in (tree / "base").glob("*.yaml"):
        if file.name != "kustomization.yaml":
            shutil.copy(file, tree / "manifests")
    domains = tree / "manifests/domains.yaml"
    domains.write_text((tree / "overlays/dev/domains.yaml").read_text())
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kinds = [value["kind"] for value in yaml.safe_load_all((tree / "rendered.yaml").read_text())]
    assert {"VirtualService", "ServiceEntry", "EnvoyFilter"} <= set(kinds)
    assert "ConfigMap" not in kinds
    assert done.stdout.startswith(f"{len(kinds)} of ")
    (tree / "rendered.yaml").unlink()
    domains.write_text(domains.read_text() + "  broken: |\n    10.0.0.1\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "manifests/domains.yaml: ConfigMap" in done.stderr
    assert not (tree / "rendered.yaml").exists()


def test_the_list_that_is_shown_builds(tree: Path) -> None:
    (block,) = blocks("domains-configmap.md", "yaml list")
    (tree / "overlays/dev/domains.yaml").write_text(block)
    done = subprocess.run(
        ["egress-overlays", "list", "-o", "yaml", "overlays/dev"], capture_output=True, text=True, check=True
    )
    hosts = yaml.safe_load(done.stdout)["sets"][0]["hosts"]
    assert hosts == ["*.example.com", "*.wikipedia.org", "api.example.org", "example.com"]


def refused() -> list[str]:
    text = (ROOT / "docs/domains-configmap.md").read_text(encoding="utf-8")
    table = text.partition("| refused | why |")[2].partition("\n\n")[0]
    return [name for row in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


@pytest.mark.parametrize("line", refused())
@pytest.mark.usefixtures("tree")
def test_what_the_page_says_is_refused_is_refused(line: str, tree: Path) -> None:
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "labels": {"egress-overlays.dev/set": "default"}},
        "data": {"g": f"fine.example.com\n{line}\n"},
    }
    (tree / "list.yaml").write_text(yaml.safe_dump(config_map))
    done = subprocess.run(["egress-overlays", "verify", "list.yaml"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "line 2" in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        if anchor and file.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, target


def test_every_command_that_a_page_names_exists() -> None:
    for page in PAGES:
        for word in re.findall(r"`egress-overlays ([a-z]+)\b", page.read_text(encoding="utf-8")):
            assert word in {*COMMANDS, "legacy"}, f"{page.name}: {word}"
