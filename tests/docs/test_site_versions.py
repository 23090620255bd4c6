"""The site has a directory a version, and a menu of those that are there."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

import quick_yaml as yaml
from egress_overlays.version import VERSION
from tooling import tool_of

ROOT = Path(__file__).parents[2]


def test_versions_stand_side_by_side_and_the_newest_is_first(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="NOT RUN: `make docs` brings mkdocs")
    hooks = tool_of("docs_hooks")
    config = hooks.on_config(SimpleNamespace(site_dir=str(tmp_path)))
    assert Path(config.site_dir) == tmp_path / VERSION
    for name in (VERSION, "0.1.0", "0.10.0", "assets"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").touch()
    hooks.on_post_build(config=config)
    listed = json.loads((tmp_path / "versions.json").read_text())
    assert [one["version"] for one in listed] == ["0.10.0", VERSION, "0.1.0"]
    assert 'url=0.10.0/"' in (tmp_path / "index.html").read_text()


def test_the_theme_shows_the_menu() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert config["extra"]["version"] == {"provider": "mike"}
