"""The scripts of tools/, which are no package, as modules; and the versions that they pin."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PINNED = dict(
    line.split("=", 1) for line in (ROOT / "tools/versions.env").read_text().splitlines() if line[:1] not in ("", "#")
)
"""The versions of tools/versions.env."""


def tool_of(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"tools/{name}.py")
    assert spec
    assert spec.loader
    tool: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool
