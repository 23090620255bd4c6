"""docs/site-of-your-own, installed beside egress-overlays in a virtual environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import quick_yaml as yaml

from documents import ROOT

PACKAGE = ROOT / "docs/site-of-your-own"
POLICY = """\
apiVersion: firewall.example.com/v1
kind: FirewallPolicy
metadata:
  name: egress
  namespace: istio-egress
  annotations: {egress-overlays.dev/inject: default}
  labels: {egress-overlays.dev/state: "not injected: build with --enable-alpha-plugins --enable-exec"}
spec:
  rules:
  - hosts:
    - {host: egress-domains.invalid}
"""


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """overlays/dev with a FirewallPolicy, over the function as it is installed on PATH."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("base", "plugin/guard", "plugin/inject-installed"):
        shutil.copytree(ROOT / name, tree / name)
    shutil.copytree(ROOT / "overlays/dev", tree / "overlays/dev")
    kustomization = tree / "overlays/dev/kustomization.yaml"
    text = kustomization.read_text().replace("plugin/inject\n", "plugin/inject-installed\n")
    kustomization.write_text(text.replace("- domains.yaml\n", "- domains.yaml\n- policy.yaml\n"))
    (tree / "overlays/dev/policy.yaml").write_text(POLICY)
    return tree / "overlays/dev"


def run(environ: dict[str, str], *command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def build(environ: dict[str, str], overlay: Path) -> subprocess.CompletedProcess[str]:
    return run(environ, "kustomize", "build", "--enable-alpha-plugins", "--enable-exec", overlay)


def test_it_is_one_module_of_under_100_lines() -> None:
    (module,) = PACKAGE.glob("*.py")
    assert len(module.read_text().splitlines()) < 100


def test_installed_it_builds_and_without_it_the_build_says_so(
    overlay: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    environ = {**environ, "PATH": f"{tmp_path}/venv/bin:{environ['PATH']}", "VIRTUAL_ENV": f"{tmp_path}/venv"}
    # What builds wheels is in this environment already, and need not be fetched once more for each.
    wheels = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path)
    made = run(environ, sys.executable, *wheels, ROOT, PACKAGE)
    assert made.returncode == 0, made.stderr
    assert run(environ, "python3", "-m", "venv", tmp_path / "venv").returncode == 0
    installed = run(environ, "pip", "install", "--quiet", *tmp_path.glob("egress_overlays-*.whl"))
    assert installed.returncode == 0, installed.stderr
    without = build(environ, overlay)
    assert (without.returncode, without.stdout) == (1, "")
    assert "FirewallPolicy istio-egress/egress: carries egress-overlays.dev/inject but has no place" in without.stderr
    package = tmp_path.glob("egress_overlays_firewall-*.whl")
    installed = run(environ, "pip", "install", "--quiet", "--no-deps", "--no-index", *package)
    assert installed.returncode == 0, installed.stderr
    done = build(environ, overlay)
    assert done.returncode == 0, done.stderr
    resources: list[dict[str, Any]] = list(yaml.safe_load_all(done.stdout))
    (policy,) = (one for one in resources if one["kind"] == "FirewallPolicy")
    (service,) = (one for one in resources if one["kind"] == "VirtualService")
    hosts = policy["spec"]["rules"][0]["hosts"]
    assert [("*." if entry.get("below") else "") + entry["host"] for entry in hosts] == service["spec"]["hosts"]
    (tmp_path / "rendered.yaml").write_text(done.stdout)
    assert run(environ, "egress-overlays", "verify", tmp_path / "rendered.yaml").returncode == 0
    (tmp_path / "rendered.yaml").write_text(done.stdout.replace("below", "unknown", 1))
    verified = run(environ, "egress-overlays", "verify", tmp_path / "rendered.yaml")
    assert verified.returncode == 1
    assert "FirewallPolicy" in verified.stdout
