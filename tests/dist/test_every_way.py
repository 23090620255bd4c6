"""The wheel brings every way out: a tree of `init` builds on each, by somebody who has no checkout."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import quick_yaml as yaml
from egress_overlays.editing.scaffold import BASES

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["*.example.com", "api.example.net"]


def test_an_overlay_of_each_way_builds_from_the_wheel_alone(clean: Path, environ: dict[str, str]) -> None:
    commands = ["uv tool install --quiet dist/*.whl", "egress-overlays init egress --overlays first"]
    for number, base in enumerate(BASES):
        overlay = f"egress/overlays/way-{number}"
        commands += [
            f"egress-overlays init {overlay} --base {base}",
            f"egress-overlays add {' '.join(map(repr, NAMES))} --group partners {overlay}",
            f"kustomize build --enable-alpha-plugins --enable-exec {overlay} > {number}.yaml",
        ]
    done = subprocess.run(
        ["sh", "-euc", "\n".join(commands)],
        cwd=clean,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for number, base in enumerate(BASES):
        text = (clean / f"{number}.yaml").read_text()
        assert yaml.safe_load_all(text), base
        assert "not injected" not in text, base
        assert all(name in text for name in NAMES), base
