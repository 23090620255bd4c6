"""The scripts of a GitHub workflow, run as the runner runs them."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import quick_yaml as yaml
from documents import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def run_job(
    workflow: str, job: str, replaced: Mapping[str, str], cwd: Path, environ: Mapping[str, str], *steps: str
) -> subprocess.CompletedProcess[str]:
    """Runs the named steps of a job (all with a script where none is named) up to the first that fails.

    `replaced` are texts of the scripts and what stands there in their place: `${{ matrix.overlay }}` to a name.
    """
    found = yaml.safe_load((ROOT / workflow).read_text())["jobs"][job]["steps"]
    scripts = [step["run"] for step in found if "run" in step and (not steps or step["name"] in steps)]
    assert len(scripts) >= max(1, len(steps))
    for old, new in replaced.items():
        assert any(old in script for script in scripts), old
        scripts = [script.replace(old, new) for script in scripts]
    for script in scripts:
        assert "${{" not in script
        done = subprocess.run(
            # What GitHub starts for `shell: bash`.
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=cwd,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            break
    return done
