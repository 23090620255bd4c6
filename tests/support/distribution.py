"""What `make dist` builds, built when it is missing or older than what goes into it."""

from __future__ import annotations

import os
import subprocess
import sys
from fcntl import LOCK_EX, flock
from functools import cache
from pathlib import Path

from documents import ROOT


@cache
def distribution() -> Path:
    """dist/, up to date."""
    if os.environ.get("EGRESS_OVERLAYS_E2E") == "isolated":
        # `make e2e` has built it: in here there is no network to fetch cx_Freeze from.
        assert (ROOT / "dist/SHA256SUMS").is_file(), "dist/ is missing; `make e2e` builds it"
        return ROOT / "dist"
    # Tests run in several processes, and two builds at once would take each other's files away.
    with (ROOT / ".venv/dist.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        _build()
    return ROOT / "dist"


def _build() -> None:
    # As a person would call it: not as a part of the `make test` that this runs in.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTEST"))}
    done = subprocess.run(
        ["make", "--silent", "dist", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def wheel() -> Path:
    """The wheel."""
    (found,) = distribution().glob("*.whl")
    return found


def sdist() -> Path:
    """The source distribution."""
    (found,) = distribution().glob("egress_overlays-*.tar.gz")
    return found


def artifact() -> Path:
    """The archive that needs no Python."""
    (found,) = distribution().glob("egress-overlays-*-linux-*.tar.gz")
    return found
