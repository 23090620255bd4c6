"""Two builds, in two directories, give the same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

from distribution import distribution, sdist
from documents import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_build_elsewhere_gives_the_same_hashes(tmp_path: Path) -> None:
    # From the sdist: that it suffices is shown on the way.
    with tarfile.open(sdist()) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    checkout = unpacked.rename(tmp_path / "a checkout elsewhere")
    shutil.copy(ROOT / "Makefile", checkout)
    shutil.copytree(ROOT / "tools", checkout / "tools")
    (checkout / ".venv").mkdir()
    (checkout / ".venv/.dev").touch()  # Its packages are those of this checkout.
    for path in checkout.rglob("*"):
        os.utime(path)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTEST"))}
    command = ["make", "--silent", "dist", f"VENV={ROOT}/.venv/bin"]
    done = subprocess.run(command, cwd=checkout, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (checkout / "dist/SHA256SUMS").read_text() == (distribution() / "SHA256SUMS").read_text()
