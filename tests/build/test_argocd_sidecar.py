"""The script that Argo CD's sidecar runs, on trees as it gets them, with the real kustomize."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import quick_yaml as yaml
from builders import dump
from building import Tree, kustomization

PLUGIN = yaml.safe_load((Path(__file__).parents[2] / "deploy/argocd/plugin/plugin.yaml").read_text())["spec"]


def generate(tree: Tree, directory: str, **parameters: str) -> subprocess.CompletedProcess[str]:
    words = [*PLUGIN["generate"]["command"], *PLUGIN["generate"]["args"]]
    environ = {**os.environ, **tree.plugin_home, "PATH": f"{tree.root / 'plugin'}:{os.environ['PATH']}"}
    environ |= {f"PARAM_{name}": value for name, value in parameters.items()}
    return subprocess.run(
        words, cwd=tree.root / directory, env=environ, capture_output=True, text=True, check=False, timeout=60
    )


def form(tree: Tree, overlay: str, name: str) -> None:
    path = tree.root / f"overlays/{overlay}/kustomization.yaml"
    path.write_text(path.read_text().replace("plugin/inject\n", f"plugin/{name}\n"))


def test_it_builds_what_kustomize_builds(tree: Tree) -> None:
    expected = tree.kustomize("overlays/dev").text
    form(tree, "dev", "inject-legacy")
    done = generate(tree, "overlays/dev")
    assert (done.returncode, done.stdout) == (0, expected), done.stderr


def test_parameters_choose_the_environment_and_add_domains(tree: Tree) -> None:
    form(tree, "dev", "inject-legacy")
    done = generate(tree, ".", ENVIRONMENT="dev", EXTRA_DOMAINS_0="extra.example.com")
    assert done.returncode == 0, done.stderr
    assert "- extra.example.com\n" in done.stdout
    assert "- raw.githubusercontent.com\n" in done.stdout


@pytest.mark.parametrize("path", ["sh", "/bin/sh", "./run"])
def test_no_repository_can_start_a_program_in_it(path: str, tree: Tree) -> None:
    started = tree.root / "started"
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x", "annotations": {"config.kubernetes.io/function": f"exec: {{path: {path}}}"}},
        # A shell reads the ResourceList as its script; a line of it is enough.
        "data": {"script": f"\ntouch {started}\n"},
    }
    tree.write(
        {
            "other/kustomization.yaml": kustomization(resources=["some.yaml"], transformers=["x.yaml"]),
            "other/x.yaml": dump(config),
            "other/some.yaml": dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "some"}}),
            "other/run": f"#!/bin/sh\ntouch {started}\ncat\n",
        }
    )
    (tree.root / "other/run").chmod(0o755)
    generate(tree, "other")
    assert not started.exists()
    # It is the flag that makes the difference.
    tree.kustomize("other")
    assert started.exists()


@pytest.mark.parametrize("name", ["inject", "inject-installed"])
def test_the_other_forms_fail_there(name: str, tree: Tree) -> None:
    form(tree, "dev", name)
    done = generate(tree, "overlays/dev")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the egress-overlays function did not run" in done.stderr
    assert shutil.which("kustomize")
