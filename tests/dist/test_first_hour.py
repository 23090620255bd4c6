"""README's commands for a repository of one's own, by somebody who has Python, uv and kustomize, and an empty home."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from documents import ROOT

if TYPE_CHECKING:
    from pathlib import Path

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_from_nothing_to_a_probed_overlay(clean: Path, environ: dict[str, str]) -> None:
    block = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)[2]
    (shown,) = re.findall(r"^```text\n(en\..*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert block.startswith("uv tool install")
    done = subprocess.run(
        ["sh", "-euc", block], cwd=clean, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = (done.stdout + done.stderr).splitlines()
    assert [line for line in shown.splitlines() if line not in said] == []
    # From a wheel, Argo CD's files too; this reader has no git repository yet.
    assert (
        "path: egress/overlays/prod"
        in (clean / "egress/deploy/argocd/repo-server/application-prod/application.yaml").read_text()
    )
