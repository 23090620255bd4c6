"""The command blocks of docs/gitops.md, and the scripts of the CI examples, as they stand."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import quick_yaml as yaml
from documents import ROOT, block, blocks
from github import run_job

DOCUMENT = "docs/gitops.md"
STOCK = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-repo-server}
spec:
  template:
    spec:
      initContainers:
      - {name: copyutil, image: "quay.io/argoproj/argocd:v3.6.1"}
      containers:
      - {name: argocd-repo-server, image: "quay.io/argoproj/argocd:v3.6.1", env: [{name: KEPT, value: "yes"}]}
      volumes: [{name: var-files, emptyDir: {}}, {name: plugins, emptyDir: {}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm}
data: {kept: "yes"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cmd-params-cm}
data: {kept: "yes"}
"""


@pytest.fixture
def environ() -> dict[str, str]:
    return {"PATH": f"{ROOT / 'plugin'}:{os.environ['PATH']}"}


@pytest.fixture
def argocd(tmp_path: Path, environ: dict[str, str]) -> Path:
    """Where the page's reader stands before an Argo CD."""
    (tmp_path / "argocd").mkdir()
    (tmp_path / "argocd/install.yaml").write_text(STOCK)
    done = block(DOCUMENT, "repository").run(tmp_path, environ)
    assert done.returncode == 0, done.stderr
    return tmp_path


def repo_server(directory: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    items = [item for item in yaml.safe_load_all((directory / "argocd.yaml").read_text()) if item]
    (deployment,) = [item for item in items if item["kind"] == "Deployment"]
    configs = {
        item["metadata"]["name"].split("-plugin")[0]: item["data"] for item in items if item["kind"] == "ConfigMap"
    }
    return deployment["spec"]["template"]["spec"], configs


def test_every_block_is_run_here() -> None:
    assert [one.name for one in blocks(DOCUMENT)] == [
        "repository",
        "repo-server",
        "plugin",
        "synced",
        "hydrator",
        "rendered",
        "branch",
    ]


def test_from_nothing_to_rendered_manifests(tmp_path: Path, environ: dict[str, str]) -> None:
    for name in ("repository", "rendered"):
        done = block(DOCUMENT, name).run(tmp_path, environ)
        assert done.returncode == 0, done.stderr + done.stdout
    rendered = (tmp_path / "rendered/staging/egress.yaml").read_text()
    assert rendered == (tmp_path / "staging.yaml").read_text()
    assert "api.example.com" in rendered


@pytest.mark.parametrize("way", ["repo-server", "plugin", "hydrator"])
def test_the_components_add_to_an_installation_and_take_nothing(
    way: str, argocd: Path, environ: dict[str, str]
) -> None:
    done = block(DOCUMENT, way).run(argocd, environ)
    assert done.returncode == 0, done.stderr
    pod, configs = repo_server(argocd)
    images = {one["name"]: one["image"] for one in (*pod["initContainers"], *pod["containers"])}
    assert images["argocd-repo-server"] == images["copyutil"] == "quay.io/argoproj/argocd:v3.6.1"
    (init,) = [one for one in pod["initContainers"] if one["name"] == "egress-overlays"]
    assert init["image"].startswith("registry.example/platform/egress-overlays:")
    volumes = {one["name"] for one in pod["volumes"]}
    mounts = {
        one["name"] for part in (*pod["initContainers"], *pod["containers"]) for one in part.get("volumeMounts", [])
    }
    assert mounts <= volumes
    (server,) = [one for one in pod["containers"] if one["name"] == "argocd-repo-server"]
    assert {"name": "KEPT", "value": "yes"} in server["env"]
    assert configs["argocd-cm"]["kept"] == "yes"
    # With the sidecar alone not every application may run programs.
    assert ("kustomize.buildOptions" in configs["argocd-cm"]) == (way != "plugin")
    assert ("egress-overlays" in configs) == (way == "plugin")
    hydrator = {"hydrator.enabled": "true"} if way == "hydrator" else {}
    assert configs["argocd-cmd-params-cm"] == {"kept": "yes", **hydrator}


def test_what_argo_cd_syncs_already_takes_the_application(argocd: Path, environ: dict[str, str]) -> None:
    done = block(DOCUMENT, "synced").run(argocd, environ)
    assert done.returncode == 0, done.stderr
    (application,) = yaml.safe_load_all(done.stdout)
    assert (application["kind"], application["spec"]["source"]["path"]) == ("Application", "egress/overlays/staging")


def test_the_branch_holds_what_was_rendered_and_its_history(tmp_path: Path, environ: dict[str, str]) -> None:
    """As a runner does it, whose git knows no user: e2e has Flux apply it."""
    environ |= {"HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    checkout = tmp_path / "checkout"

    def git(*words: str) -> str:
        command = ["git", *words]
        done = subprocess.run(
            command, cwd=checkout, env={**os.environ, **environ}, capture_output=True, text=True, check=True
        )
        return done.stdout

    def run(*names: str) -> None:
        for name in names:
            done = block(DOCUMENT, name).run(checkout, environ)
            assert done.returncode == 0, done.stderr + done.stdout

    checkout.mkdir()
    run("repository")
    git("init", "--quiet", "--initial-branch=main")
    git("init", "--quiet", "--bare", str(tmp_path / "remote"))
    git("remote", "add", "origin", str(tmp_path / "remote"))
    for message in ("one", "two"):
        git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", message, "--allow-empty")
        run("rendered", "branch")
    git("fetch", "--quiet", "origin", "rendered")
    assert git("ls-tree", "-r", "--name-only", "FETCH_HEAD").split() == ["staging/egress.yaml"]
    assert git("show", "FETCH_HEAD:staging/egress.yaml") == (checkout / "staging.yaml").read_text()
    assert [line[:13] for line in git("log", "--format=%s", "FETCH_HEAD").splitlines()] == ["Rendered from"] * 2


def test_the_flux_job_pushes_nothing_that_failed(tmp_path: Path, environ: dict[str, str]) -> None:
    """The Render step; e2e runs the whole job."""
    job = yaml.safe_load((ROOT / "deploy/flux/ci.yaml").read_text())["jobs"]["push"]
    assert sorted(job["strategy"]["matrix"]["overlay"]) == sorted(path.name for path in (ROOT / "overlays").iterdir())
    for name in ("base", "components", "overlays", "plugin"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    render = partial(
        run_job, "deploy/flux/ci.yaml", "push", {"${{ matrix.overlay }}": "staging"}, tmp_path, environ, "Render"
    )
    done = render()
    assert done.returncode == 0, done.stderr + done.stdout
    domains = tmp_path / "overlays/staging/domains.yaml"
    domains.write_text(domains.read_text().replace("ingest.k6.io", "192.0.2.1"))
    done = render()
    assert done.returncode == 1
    assert '"192.0.2.1"' in done.stderr
