"""`init --argocd`, `--flux`, `--ci`: what is laid down is this repository's own, and is built and run as it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from command import Run, one_line
from github import run_job
from laid_down import documents, git, laid_down

PLACEHOLDERS = re.compile(r"git\.example|registry\.example|staging")


def test_nothing_of_the_template_is_left(run: Run, home: Path) -> None:
    written = laid_down(run("init", "egress", "--overlays", "dev,eu_west", "--argocd", "--flux", "--ci", "github"))
    for path in written:
        text = "\n".join(line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
        assert not PLACEHOLDERS.search(text), path
        assert "a-secret-token" not in text
        assert path.parent.name == "container" or documents(path)
    assert {home / ".github/workflows" / name for name in ("egress.yaml", "egress-flux.yaml")} <= {
        home / path for path in written
    }


@pytest.mark.usefixtures("home")
def test_flux_applies_what_the_job_pushes(run: Run, tmp_path: Path) -> None:
    laid_down(run("init", "egress", "--overlays", "dev,eu_west", "--flux"))
    assert run("add", "api.example.com", "--group", "partners", "egress/overlays/eu_west").code == 0
    workflow = Path(".github/workflows/egress-flux.yaml").resolve()
    (job,) = documents(workflow)
    assert job["on"]["push"]["branches"] == ["trunk"]
    assert job["jobs"]["push"]["strategy"]["matrix"]["overlay"] == ["dev", "eu_west"]
    environ = stand_in("flux", tmp_path) | {
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "Acme/Platform",
        "GITHUB_SHA": "1234",
    }
    done = run_job(str(workflow), "push", {"${{ matrix.overlay }}": "eu_west"}, Path.cwd(), environ)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "api.example.com" in Path("rendered/egress.yaml").read_text()
    pushed = (tmp_path / "asked").read_text().split()
    source, kustomization = documents("egress/deploy/flux/egress-eu-west.yaml")
    assert f"{source['spec']['url']}:{source['spec']['ref']['tag']}" in pushed
    assert "--revision=trunk@sha1:1234" in pushed
    assert kustomization["spec"]["sourceRef"]["name"] == source["metadata"]["name"] == "egress-eu-west"
    # A list that does not build is not pushed.
    domains = Path("egress/overlays/eu_west/domains.yaml")
    domains.write_text(domains.read_text().replace("api.example.com", "192.0.2.1"))
    (tmp_path / "asked").unlink()
    assert run_job(str(workflow), "push", {"${{ matrix.overlay }}": "eu_west"}, Path.cwd(), environ).returncode == 1
    assert not (tmp_path / "asked").exists()


def stand_in(program: str, directory: Path) -> dict[str, str]:
    """A program that notes down what it was asked, in front of PATH."""
    (directory / "bin").mkdir()
    file = directory / "bin" / program
    file.write_text(f'#!/bin/sh\necho "$*" >>{directory}/asked\n')
    file.chmod(0o755)
    return {"PATH": f"{directory}/bin:{os.environ['PATH']}"}


def change(run: Run) -> None:
    """Two commits: a tree of `init`, and a name on its list, with a second tree that is not this job's."""
    git("add", "-A")
    git("commit", "-qm", "one")
    assert run("add", "api.example.com", "--group", "partners", "egress/overlays/dev").code == 0
    shutil.copytree("egress", "egress-of-others")
    git("add", "-A")
    git("commit", "-qm", "two")


@pytest.mark.long
def test_the_job_of_github_comments_verifies_and_probes(run: Run, home: Path, tmp_path: Path) -> None:
    laid_down(run("init", "egress", "--overlays", "dev", "--ci", "github"))
    change(run)
    environ = stand_in("gh", tmp_path) | {
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_WORKSPACE": str(home),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_REPOSITORY": "Acme/Platform",
        "BASE": "HEAD~1",
        "NUMBER": "3",
    }
    workflow = home / ".github/workflows/egress.yaml"
    assert " ..." not in workflow.read_text()
    done = run_job(str(workflow), "egress", {}, home, environ)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "`api.example.com`" in (tmp_path / "summary").read_text()
    assert "pr comment 3 --repo Acme/Platform" in (tmp_path / "asked").read_text()
    assert "egress-of-others" not in (tmp_path / "egress-report/diff.json").read_text()
    assert "0 not as expected" in done.stderr + done.stdout


@pytest.mark.parametrize("taken", [False, True])
def test_the_job_of_gitlab_is_written_beside_one_that_is_there(taken: bool, run: Run, home: Path) -> None:
    if taken:
        (home / ".gitlab-ci.yml").write_text("mine: {script: ['true']}\n")
    outcome = run("init", "egress", "--overlays", "dev", "--ci", "gitlab")
    path = home / (".gitlab/egress.yml" if taken else ".gitlab-ci.yml")
    assert laid_down(outcome) == [path.relative_to(home)]
    assert ("include:" in outcome.err) is taken
    assert [*documents(path)[0]] == ["egress"]


@pytest.mark.long
def test_the_job_of_gitlab_comments_verifies_and_probes(run: Run, home: Path) -> None:
    laid_down(run("init", "egress", "--overlays", "dev", "--ci", "gitlab"))
    change(run)
    environ = {**os.environ, "CI_MERGE_REQUEST_DIFF_BASE_SHA": "HEAD~1", "CI_TOKEN": ""}
    (job,) = documents(home / ".gitlab-ci.yml")
    for script in job["egress"]["script"]:
        done = subprocess.run(["sh", "-ec", script], env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert "`api.example.com`" in (home / "egress-report/note.md").read_text()
    report = home / "egress-report"
    assert all("egress-of-others" not in (report / name).read_text() for name in ("diff.json", "verify.xml"))


def test_a_tree_that_is_there(run: Run, home: Path) -> None:
    assert run("init", "egress", "--overlays", "dev").code == 0
    assert run("init", "egress/overlays/eu/qa").code == 0
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    outcome = run("init", "egress", "--argocd", "--ci", "github")
    assert set(outcome.out.splitlines()) == {
        str(path.relative_to(home)) for path in home.rglob("*") if path.is_file() and path not in before
    }
    assert all(path.read_bytes() == content for path, content in before.items())
    (one,) = documents("egress/deploy/argocd/repo-server/application-eu-qa/application.yaml")
    assert one["spec"]["source"]["path"] == "egress/overlays/eu/qa"
    # A second time it adds what is missing, and overwrites nothing.
    (home / ".github/workflows/egress.yaml").write_text("mine\n")
    again = run("init", "egress", "--argocd", "--ci", "github")
    assert (again.code, again.out) == (0, "")
    assert "left alone; not as they would be written: .github/workflows/egress.yaml" in again.err
    assert (home / ".github/workflows/egress.yaml").read_text() == "mine\n"


def test_a_later_overlay_is_told_how_it_is_deployed(run: Run, home: Path) -> None:
    laid_down(run("init", "egress", "--overlays", "dev", "--argocd-way", "plugin,hydrator", "--flux"))
    said = run("init", "egress/overlays/eu/qa").err
    commands = re.findall(r"\d\. egress-overlays (init egress \S.*?)   # adds (\S+?)[;\n]", said)
    assert [command for command, _ in commands] == ["init egress --argocd-way plugin,hydrator", "init egress --flux"]
    for command, _ in commands:
        assert run(*command.split()).code == 0
    assert (home / "egress/deploy/argocd/hydrator/application-eu-qa/application.yaml").is_file()
    assert (home / "egress/deploy/flux/egress-eu-qa.yaml").is_file()
    assert "left for you" not in run("init", "egress/elsewhere").err


def test_the_root_of_a_repository_is_a_tree_too(run: Run, home: Path) -> None:
    assert run("init", ".", "--overlays", "dev", "--argocd", "--ci", "github").code == 0
    (one,) = documents("deploy/argocd/repo-server/application-dev/application.yaml")
    assert one["spec"]["source"]["path"] == "overlays/dev"
    assert "verify --output github ...\n" in (home / ".github/workflows/egress.yaml").read_text()


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("git@git.corp.example:platform/egress.git", "git@git.corp.example:platform/egress.git"),
        ("ssh://git@git.corp.example:2222/platform/egress", "ssh://git@git.corp.example:2222/platform/egress"),
        ("/srv/git/egress.git", ""),
        ("https://git.corp.example/a b", ""),
        ("ext::sh -c evil", ""),
    ],
)
def test_where_a_cluster_fetches_from(url: str, written: str, run: Run, home: Path) -> None:
    git("remote", "set-url", "origin", url)
    outcome = run("init", "egress", "--overlays", "dev", "--argocd-way", "hydrator", "--flux")
    (one,) = documents("egress/deploy/argocd/hydrator/application-dev/application.yaml")
    assert one["spec"]["sourceHydrator"]["drySource"]["repoURL"] == (
        written or "https://git.example/platform/egress.git"
    )
    assert ("no remote origin" in outcome.err) is (not written)
    assert "no registry is known" in outcome.err
    secrets = documents("egress/deploy/argocd/hydrator/secrets.yaml")
    assert all(("sshPrivateKey" in secret["stringData"]) == bool(written) for secret in secrets)
    assert not (home / ".github").exists()
    assert "carry its two steps over to your CI" in outcome.err


def test_without_a_repository_the_working_directory_stands_for_its_root(run: Run, home: Path) -> None:
    shutil.rmtree(home / ".git")
    outcome = run("init", "infra/egress", "--argocd")
    assert f"no git repository holds infra/egress: the files are for one whose root is {home}" in outcome.err
    (one,) = documents("infra/egress/deploy/argocd/repo-server/application-prod/application.yaml")
    assert one["spec"]["source"]["path"] == "infra/egress/overlays/prod"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("egress/overlays/qa", "--argocd"), "are for a tree, and egress/overlays/qa lies in the one of"),
        (("egress",), "is a tree of ours already; `egress-overlays init egress/overlays/NAME` adds an overlay"),
        (("egress", "--argocd", "--overlays", "qa"), "is a tree of ours already"),
        (("a place", "--flux"), '"a place": jobs take paths of letters'),
        (("new", "--flux", "--overlays", "a_b,a-b"), "two overlays would have one name: a_b, a-b; rename one"),
        (("empty", "--flux"), "empty/overlays holds no overlay"),
        (("new", "--argocd-way", "sidecar"), '--argocd-way "sidecar": write repo-server or plugin, one of the two'),
        (("new", "--argocd-way", "repo-server,plugin"), "one of the two"),
        (("new", "--argocd-way", "hydrator,"), "one of the two"),
        (
            ("new", "--argocd-clusters", "qa=x"),
            '"qa=x" is not OVERLAY=CLUSTER with an overlay of this tree, once each: ',
        ),
        (("new", "--argocd-clusters", "dev=a,dev=b"), '"dev=b" is not OVERLAY=CLUSTER'),
        (("new", "--argocd-clusters", "dev=a b"), '"dev=a b" is not OVERLAY=CLUSTER'),
        (("new", "--overlays", "dev,qa", "--argocd-clusters", "dev=x"), "the cluster of qa is missing"),
    ],
)
def test_what_init_says_no_to(words: tuple[str, ...], said: str, run: Run, home: Path) -> None:
    for name in ("egress", "empty"):
        assert run("init", name, "--overlays", "dev").code == 0
    shutil.rmtree("empty/overlays")
    before = sorted(home.rglob("*"))
    assert said in one_line(run("init", *words), 2)
    assert sorted(home.rglob("*")) == before


def test_names_that_yaml_reads_as_something_else(run: Run, home: Path) -> None:
    git("checkout", "-q", "-b", "1.0")
    laid_down(run("init", "egress", "--overlays", "true,1.5", "--argocd-way", "hydrator", "--flux"))
    (one,) = documents("egress/deploy/argocd/hydrator/application-1-5/application.yaml")
    assert one["spec"]["sourceHydrator"]["syncSource"]["path"] == "1.5"
    assert one["spec"]["sourceHydrator"]["drySource"]["targetRevision"] == "1.0"
    (job,) = documents(home / ".github/workflows/egress-flux.yaml")
    assert job["jobs"]["push"]["strategy"]["matrix"]["overlay"] == ["true", "1.5"]
    assert job["on"]["push"]["branches"] == ["1.0"]


def test_a_worktree_is_a_root_of_its_own(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git("commit", "-q", "--allow-empty", "-m", "one")
    git("worktree", "add", "-q", str(home / "wt"), "-b", "other")
    monkeypatch.chdir(home / "wt")
    assert run("init", "egress", "--overlays", "dev", "--ci", "github").code == 0
    assert (home / "wt/.github/workflows/egress.yaml").is_file()
