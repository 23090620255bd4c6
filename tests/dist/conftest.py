"""A clean directory with dist/ in it, and a home that is nobody's."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from distribution import distribution
from documents import ROOT


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """A directory with dist/ and nothing else."""
    (tmp_path / "dist").symlink_to(distribution())
    return tmp_path


@pytest.fixture
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A user who has Python, pipx and uv, and not this checkout."""
    home = tmp_path_factory.mktemp("home")
    tools = tmp_path_factory.mktemp("tools")
    for tool in ("pipx", "uv"):
        (tools / tool).symlink_to(Path(sys.executable).parent / tool)
    # The interpreter itself: python3 of a virtual environment would show the packages of that one.
    (tools / "python3").symlink_to(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    kustomize = shutil.which("kustomize")
    assert kustomize, "kustomize is not on PATH; run the tests by `make test`"
    (tools / "kustomize").symlink_to(kustomize)
    caches = {name: value for name, value in os.environ.items() if name in ("PIP_CACHE_DIR", "UV_CACHE_DIR")}
    return {
        "HOME": str(home),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
        "PATH": f"{home}/.local/bin:{tools}:/usr/bin:/bin",
        "PIPX_HOME": f"{home}/pipx",
        "PIPX_BIN_DIR": f"{home}/.local/bin",
        "UV_TOOL_DIR": f"{home}/uv",
        "UV_TOOL_BIN_DIR": f"{home}/.local/bin",
        "UV_PYTHON_DOWNLOADS": "never",
        "PYTHONPATH": "",
        "VIRTUAL_ENV": "",
        **caches,
    }


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """base/, components/ and the guard, and overlays over the installed function; no executable of ours in it."""
    root = tmp_path / "tree"
    for name in ("base", "components", "plugin/guard", "plugin/inject-installed", "plugin/inject-legacy"):
        shutil.copytree(ROOT / name, root / name)
    for how in ("inject-installed", "inject-legacy"):
        overlay = root / "overlays" / how
        shutil.copytree(ROOT / "overlays/dev", overlay)
        kustomization = overlay / "kustomization.yaml"
        text = kustomization.read_text()
        assert "plugin/inject\n" in text
        kustomization.write_text(text.replace("plugin/inject\n", f"plugin/{how}\n"))
    return root
