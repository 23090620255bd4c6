"""`init`: what it lays down builds at once, and opens nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import quick_yaml as yaml
from command import Run, one_line
from egress_overlays import PLACEHOLDER, load

pytestmark = pytest.mark.usefixtures("tree")
NAMES = ("kustomization.yaml", "domains.yaml", "egress-tests.yaml")


def files(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_new_overlay_of_a_tree(run: Run, tree: Path) -> None:
    outcome = run("init", "overlays/qa")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [f"overlays/qa/{name}" for name in NAMES]
    assert "- ../../plugin/inject\n" in (tree / "overlays/qa/kustomization.yaml").read_text()
    assert load("overlays/qa").hosts("default") == ()
    held = run("test", "overlays/qa")
    assert (held.code, held.out) == (0, "overlays/qa: 3 expectations: all as expected\n")
    assert run("verify", "--strict", "overlays/qa").code == 0
    assert run("add", "api.example.com", "--group", "partners", "overlays/qa").code == 0
    assert run("check", "api.example.com", "overlays/qa").code == 0


def test_a_deeper_overlay_finds_its_tree(run: Run, tree: Path) -> None:
    assert run("init", "overlays/eu/qa").code == 0
    text = (tree / "overlays/eu/qa/kustomization.yaml").read_text()
    assert "- ../../../base\n" in text
    # The path of the checkout's own executable does not lead there; a program on PATH is found from anywhere.
    assert "- ../../../plugin/inject-installed\n" in text
    assert load("overlays/eu/qa").names == ["default"]


def test_a_whole_tree(run: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(directory)
    (directory / "README.md").write_text("mine\n")
    outcome = run("init", "infra/egress", "-o", "json")
    written = {str(path.relative_to(directory)) for path in files(directory)} - {"README.md"}
    assert set(json.loads(outcome.out)["files"]) == written
    for environment in ("dev", "staging", "prod"):
        path = f"infra/egress/overlays/{environment}"
        # As people build it: the command that they have installed is on PATH.
        command = ["kustomize", "build", "--enable-alpha-plugins", "--enable-exec", path]
        beside = Path(sys.executable).parent
        done = subprocess.run(command, env={"PATH": f"{beside}:{_path()}"}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(PLACEHOLDER) == 4
        assert "not injected" not in done.stdout
        assert run("verify", "--strict", path).code == 0
    names = {name for name in json.loads(outcome.out)["files"] if "domains" in name and "/bundles/" not in name}
    assert names == {f"infra/egress/overlays/{one}/domains.yaml" for one in ("dev", "staging", "prod")}


@pytest.mark.long
def test_an_overlay_in_a_tree_of_init_at_any_depth(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("elsewhere")
    assert run("init", str(directory)).code == 0
    for place in ("qa", "overlays/qa", "overlays/eu/qa", "a/b/c/d"):
        outcome = run("init", str(directory / place))
        assert outcome.code == 0
        assert "earlier version" not in outcome.err
        text = (directory / place / "kustomization.yaml").read_text()
        assert yaml.safe_load(text)["transformers"] == ["../" * (place.count("/") + 1) + "plugin/inject"]
        assert load(str(directory / place)).names == ["default"]


def test_a_tree_of_an_earlier_version_keeps_its_form(run: Run, tree: Path) -> None:
    shutil.copytree(tree / "plugin/guard", tree / "guard")
    (tree / "plugin").unlink()
    (tree / "plugin").mkdir()
    (tree / "guard").rename(tree / "plugin/guard")
    outcome = run("init", "overlays/qa")
    assert outcome.code == 0
    assert "is a tree of an earlier version" in outcome.err
    assert "`egress-overlays upgrade " in outcome.err
    assert "- ../../components/inject-installed\n" in (tree / "overlays/qa/kustomization.yaml").read_text()


def _path() -> str:
    import os

    return os.environ["PATH"]


def test_beside_an_existing_repository(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "repository"
    directory.mkdir()
    (directory / "README.md").write_text("mine\n")
    (directory / "overlays").mkdir()
    monkeypatch.chdir(directory)
    (tmp_path / "base").rename(tmp_path / "no-base")
    assert run("init", ".").code == 0
    assert (directory / "README.md").read_text() == "mine\n"
    assert load("overlays/dev").names == ["default"]


@pytest.mark.parametrize("name", ["kustomization.yaml", "domains.yaml", "kustomization.yml", "Kustomization"])
def test_nothing_is_overwritten(name: str, run: Run, tree: Path) -> None:
    (tree / "overlays/qa").mkdir()
    (tree / "overlays/qa" / name).write_text("mine\n")
    before = files(tree / "overlays")
    assert f"overlays/qa/{name} exists already; nothing was written" in one_line(run("init", "overlays/qa"), 2)
    assert files(tree / "overlays") == before
    assert [path.name for path in (tree / "overlays/qa").iterdir()] == [name]


def test_a_file_in_the_way(run: Run, tree: Path) -> None:
    (tree / "overlays/qa").write_text("mine\n")
    assert "nothing was written" in one_line(run("init", "overlays/qa"), 2)
    assert "nothing was written" in one_line(run("init", "overlays/qa/x"), 2)
    assert (tree / "overlays/qa").read_text() == "mine\n"


def test_a_failure_half_way_leaves_nothing(run: Run, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if target.name == "domains.yaml":
            raise OSError(28, "No space left on device", str(target))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    assert "No space left on device; nothing was written" in one_line(run("init", "overlays/qa"), 2)
    assert not (tree / "overlays/qa").exists()
    assert [path.name for path in (tree / "overlays").iterdir() if path.name.startswith(".")] == []


def test_a_teams_list_is_a_component_that_overlays_name(run: Run, tree: Path) -> None:
    outcome = run("init", "teams/crm", "--clients", "crm,shop/checkout")
    assert outcome.code == 0
    assert run("init", "teams/common", "--list").code == 0
    assert outcome.out.splitlines() == ["teams/crm/kustomization.yaml", "teams/crm/domains.yaml"]
    (listed,) = re.findall(r"in overlays/NAME/kustomization.yaml: (components: .*)", outcome.err)
    assert listed == "components: [../../teams/crm, ../../components/client-lists]"
    assert run("init", "overlays/qa").code == 0
    with (tree / "overlays/qa/kustomization.yaml").open("a") as file:
        file.write(listed.replace("[", "[../../teams/common, ") + "\n")
    # Empty lists build, and open nothing.
    assert load("overlays/qa").hosts("default") == ()
    assert run("add", "*.crm.example", "--group", "crm", "teams/crm/domains.yaml").code == 0
    assert run("add", "api.example.com", "--group", "common", "teams/common/domains.yaml").code == 0
    for client, code in (("crm/any", 0), ("shop/checkout", 0), ("shop/web", 1)):
        assert run("check", "eu.crm.example", "overlays/qa", "--as", client).code == code
        assert run("check", "api.example.com", "overlays/qa", "--as", client).code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("teams/A_b", "--list"), '"A_b": its ConfigMap takes the name'),
        (("teams/a-", "--list"), '"a-": its ConfigMap takes the name'),
        (("teams/a", "--clients", "a b"), '--clients "a b": "a b" is no namespace'),
        (("teams/a", "--clients", ""), "is no namespace"),
        (("teams/a", "--list", "--argocd"), "goes with no other option"),
        (("teams/a", "--list", "--overlays", "x"), "goes with no other option"),
    ],
)
def test_lists_that_init_does_not_make(words: tuple[str, ...], said: str, run: Run, tree: Path) -> None:
    assert said in one_line(run("init", *words), 2)
    assert not (tree / "teams").exists()


def test_a_list_lies_below_a_tree(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("elsewhere")
    assert "lies in none" in one_line(run("init", str(directory / "crm"), "--list"), 2)


def test_what_is_shipped_is_counted_and_what_is_yours_named(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("elsewhere") / "egress"
    outcome = run("init", str(directory), "--overlays", "dev")
    lines = outcome.out.splitlines()
    assert re.fullmatch(rf"{directory}/base/  \d+ files", lines[0])
    assert f"{directory}/overlays/dev/domains.yaml" in lines
    assert len(lines) < 11
    assert "restrict-direct-egress" in outcome.err


def test_environments_of_ones_own(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("elsewhere") / "egress"
    assert run("init", str(directory), "--overlays", "stage,eu-west").code == 0
    assert sorted(path.name for path in (directory / "overlays").iterdir()) == ["eu-west", "stage"]


@pytest.mark.parametrize("names", ["a,,b", "../up", "a/b", ".hidden", "Ä"])
def test_environments_that_are_no_names(run: Run, names: str, tmp_path: Path) -> None:
    outcome = run("init", str(tmp_path / "new"), "--overlays", names)
    assert "is no name for an overlay" in one_line(outcome, 2)
    assert not (tmp_path / "new").exists()


def test_a_dry_run_writes_nothing(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("elsewhere")
    outcome = run("init", str(directory), "--dry-run")
    assert outcome.code == 0
    assert str(directory / "base/envoyfilter.yaml") in outcome.out.splitlines()
    assert files(directory) == {}


def test_a_base_of_somebody_else_is_left_alone(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("elsewhere")
    (directory / "base").mkdir()
    (directory / "base/deployment.yaml").write_text("mine\n")
    before = files(directory)
    outcome = run("init", str(directory))
    assert f"egress-overlays init {directory / 'egress'}" in one_line(outcome, 2)
    assert files(directory) == before


def test_no_page_of_a_new_tree_links_to_what_is_not_in_it(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("elsewhere") / "egress"
    assert run("init", str(directory)).code == 0
    pages = list(directory.rglob("*.md"))
    assert len(pages) > 10
    for page in pages:
        text = page.read_text()
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (page.parent / target).exists(), (page, target)
        for name in re.findall(r"`egress-overlays docs ([a-z-]+)`", text):
            assert run("docs", name).code == 0
    assert "(`egress-overlays docs many-teams`)" in (directory / "components/client-lists/README.md").read_text()


def test_components_that_no_overlay_lists_may_be_deleted(
    run: Run, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(directory)
    assert run("init", "egress", "--overlays", "dev").code == 0
    shutil.rmtree(directory / "egress/components")
    assert run("add", "api.example.com", "--group", "partners", "egress/overlays/dev").code == 0
    assert run("verify", "--strict", "egress/overlays/dev").code == 0
    assert run("init", "egress/overlays/qa").code == 0
    assert run("upgrade", "egress").code == 0
    assert not (directory / "egress/components").exists()
