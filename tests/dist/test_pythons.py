"""The wheel under each Python that its classifiers name, where that can be had: it builds and reviews an overlay."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from distribution import wheel
from documents import ROOT

CLASSIFIERS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
MINORS = [int(found[1]) for one in CLASSIFIERS if (found := re.search(r":: 3\.(\d+)$", one))]


def interpreters(minor: int) -> list[Path]:
    """What may be one: on PATH, and what uv and pyenv keep."""
    name = f"python3.{minor}"
    kept = [*Path.home().glob(f".local/share/uv/python/cpython-3.{minor}.*/bin/{name}")]
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False).stdout.strip()
        kept += Path(root).glob(f"versions/3.{minor}.*/bin/{name}")
    found = shutil.which(name)
    return [*([Path(found)] if found else []), *kept]


def interpreter(minor: int) -> Path:
    """One that starts, or a skip."""
    for one in interpreters(minor):
        said = subprocess.run(
            [one, "-c", "import sys; print(sys.version_info.minor)"], capture_output=True, check=False
        )
        if said.stdout.decode().strip() == str(minor):
            return one
    return pytest.skip(f"NOT RUN: no Python 3.{minor} here")


def test_the_classifiers_name_the_oldest_and_nothing_older() -> None:
    requires = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert requires == f">=3.{min(MINORS)}"
    assert sys.version_info.minor in MINORS


@pytest.mark.parametrize("minor", MINORS)
def test_it_builds_lists_and_verifies(minor: int, tree: Path, environ: dict[str, str], tmp_path: Path) -> None:
    python = interpreter(minor)
    environ = {**environ, "PATH": f"{tmp_path}/venv/bin:{environ['PATH']}"}

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, cwd=tree, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(python, "-m", "venv", tmp_path / "venv")
    run(tmp_path / "venv/bin/pip", "install", "--quiet", f"{wheel()}[logs]")
    assert f"3.{minor}." in run(tmp_path / "venv/bin/python", "--version")
    built = run("kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "overlays/inject-installed")
    assert "egress-domains.invalid" not in built
    (tree / "rendered.yaml").write_text(built)
    assert "raw.githubusercontent.com" in run("egress-overlays", "list", "rendered.yaml")
    assert "raw.githubusercontent.com" in run("egress-overlays", "check", "raw.githubusercontent.com", "rendered.yaml")
    run("egress-overlays", "verify", "rendered.yaml")
    run("egress-overlays", "init", tmp_path / "made", "--overlays", "dev", "--argocd")
    (tree / "empty.log").touch()
    learnt = subprocess.run(
        ["egress-overlays", "learn", "empty.log"], cwd=tree, env=environ, capture_output=True, text=True, check=False
    )
    assert "missing" not in learnt.stderr
    assert "Traceback" not in learnt.stderr
