"""`init --argocd`: one way, whose Applications are this repository's own, and what they name builds."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import quick_yaml as yaml
from command import Run
from laid_down import build, documents, laid_down


@pytest.mark.usefixtures("home")
def test_applications_of_argo_cd_name_this_repository_and_what_they_name_builds(run: Run) -> None:
    laid_down(run("init", "egress", "--overlays", "dev,eu_west", "--argocd"))
    assert sorted(path.name for path in Path("egress/deploy/argocd").iterdir()) == ["repo-server", "volume"]
    assert sorted(path.name for path in Path("egress/deploy").iterdir()) == [*("argocd", "container", "envoy-gateway")]
    # Another way beside it finds what they share.
    added = laid_down(run("init", "egress", "--argocd-way", "plugin"))
    assert {path.parts[3] for path in added} == {"plugin"}
    added = laid_down(run("init", "egress", "--argocd-way", "hydrator"))
    assert {path.parts[3] for path in added} == {"hydrator"}
    for way in ("repo-server", "plugin"):
        for name, overlay in (("dev", "dev"), ("eu-west", "eu_west")):
            (one,) = documents(f"egress/deploy/argocd/{way}/application-{name}/application.yaml")
            assert one["metadata"]["name"] == f"egress-{name}"
            source = one["spec"]["source"]
            assert source["repoURL"] == "https://github.com/Acme/Platform.git"
            assert (source["targetRevision"], source["path"]) == ("trunk", f"egress/overlays/{overlay}")
            assert source.get("plugin") == ({"name": "egress-overlays"} if way == "plugin" else None)
            assert "kind: EnvoyFilter" in build(Path(source["path"]))


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("way", ["hydrator", "repo-server,hydrator", "plugin,hydrator"])
def test_the_hydrator_builds_by_one_of_the_two_ways_and_its_application_is_the_only_one(way: str, run: Run) -> None:
    laid_down(run("init", "egress", "--overlays", "dev,eu_west", "--argocd-way", way))
    by = "plugin" if "plugin" in way else "repo-server"
    assert sorted(path.name for path in Path("egress/deploy/argocd").iterdir()) == sorted(["hydrator", by, "volume"])
    assert not list(Path("egress/deploy/argocd", by).glob("application*"))
    (one,) = documents("egress/deploy/argocd/hydrator/application-dev/application.yaml")
    hydrator = one["spec"]["sourceHydrator"]
    assert hydrator["drySource"]["path"] == "egress/overlays/dev"
    assert hydrator["drySource"].get("plugin") == ({"name": "egress-overlays"} if by == "plugin" else None)
    assert hydrator["hydrateTo"]["targetBranch"] == "rendered/dev-next"
    assert hydrator["syncSource"] == {"targetBranch": "rendered/dev", "path": "dev"}


@pytest.mark.usefixtures("home")
def test_one_argo_cd_for_several_clusters(run: Run) -> None:
    words = ("--overlays", "dev,prod", "--argocd-clusters", "dev=in-cluster,prod=arn:aws:eks:eu-west-1:1:cluster/prod")
    outcome = run("init", "egress", *words)
    for name, cluster in (("dev", "in-cluster"), ("prod", "arn:aws:eks:eu-west-1:1:cluster/prod")):
        (one,) = documents(f"egress/deploy/argocd/repo-server/application-{name}/application.yaml")
        assert one["spec"]["destination"] == {"name": cluster}
    assert "4. where Argo CD runs: kubectl apply -k egress/deploy/argocd/repo-server/application-NAME" in outcome.err
    # Later they stay as they are, and what is other is named.
    again = run("init", "egress", "--argocd-clusters", "dev=elsewhere,prod=arn:aws:eks:eu-west-1:1:cluster/prod")
    (line,) = [line for line in again.err.splitlines() if "left alone" in line]
    assert line.endswith(" written: egress/deploy/argocd/repo-server/application-dev/application.yaml")
    assert "--argocd-clusters dev=CLUSTER,prod=CLUSTER" in run("init", "other", *words[:2], "--argocd").err


@pytest.mark.usefixtures("home")
def test_a_directory_that_argo_cd_syncs_already_lists_an_application_or_an_overlay(run: Run) -> None:
    laid_down(run("init", "egress", "--overlays", "dev", "--argocd"))
    assert run("add", "api.example.com", "--group", "partners", "egress/overlays/dev").code == 0
    Path("clusters/dev").mkdir(parents=True)
    Path("clusters/dev/own.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n")
    for linked, kind in (("deploy/argocd/repo-server/application-dev", "Application"), ("overlays/dev", "EnvoyFilter")):
        Path("clusters/dev/kustomization.yaml").write_text(f"resources: [own.yaml, ../../egress/{linked}]\n")
        built = [one["kind"] for one in yaml.safe_load_all(build(Path("clusters/dev"))) if one]
        assert {"ConfigMap", kind} <= set(built)
        assert "not injected" not in build(Path("clusters/dev"))


@pytest.mark.usefixtures("home")
def test_the_sidecars_own_script_builds_what_its_application_names(run: Run, tmp_path: Path) -> None:
    laid_down(run("init", "egress", "--overlays", "dev", "--argocd-way", "plugin"))
    kustomization = Path("egress/overlays/dev/kustomization.yaml")
    kustomization.write_text(kustomization.read_text().replace("plugin/inject\n", "plugin/inject-legacy\n"))
    assert run("install", "--to", tmp_path / "home").code == 0
    (plugin,) = documents("egress/deploy/argocd/plugin/plugin.yaml")
    (one,) = documents("egress/deploy/argocd/plugin/application-dev/application.yaml")
    discover, generate = plugin["spec"]["discover"]["find"], plugin["spec"]["generate"]
    environ = {**os.environ, "KUSTOMIZE_PLUGIN_HOME": str(tmp_path / "home")}
    for part in (discover, generate):
        done = subprocess.run(
            [*part["command"], *part["args"]],
            cwd=one["spec"]["source"]["path"],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, bool(done.stdout)) == (0, True), done.stderr
    assert "kind: EnvoyFilter" in done.stdout
