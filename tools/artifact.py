#!/usr/bin/env python3
"""Makes the archive that runs where there is no Python: tools/artifact.py WHEEL DIRECTORY.

cx_Freeze puts the wheel, what it depends on and an interpreter into one directory; `egress-overlays install --to` lays
it out. A directory in a tar and not one file that unpacks itself: that needs a writable, executable /tmp and starts
slowly (figures: docs/dependencies.md). Two runs with one Python and one index give the same bytes.
"""

from __future__ import annotations

import gzip
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from fetch.component import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGES = ("egress_overlays", "yaml", "yaml12", "ruamel.yaml", "idna", "jsonpatch")
# What the standard library would pull in for nobody (hashlib works without OpenSSL), and what cx_Freeze needs itself.
EXCLUDES = (
    "_hashlib",
    "_ssl",
    "ssl",
    "bz2",
    "lzma",
    "cx_Freeze",
    "freeze_core",
    "packaging",
    "pip",
    "setuptools",
    "tkinter",
    "unittest",
    "xmlrpc",
)
ENTRY = "from egress_overlays.__main__ import run\n\nrun()\n"
FREEZE = """\
import json, sys
from cx_Freeze import Executable, Freezer
executable = Executable("entry.py", target_name="egress-overlays")
Freezer([executable], target_dir="frozen", compress=False, silent=3, **json.loads(sys.argv[1])).freeze()
"""
EPOCH = 1577836800  # 2020-01-01, in every file: bytes must not tell when they were built.


def freeze(wheel: Path, scratch: Path) -> Path:
    """The frozen directory for a wheel."""
    venv.create(scratch / "venv", with_pip=True)
    python = scratch / "venv/bin/python"
    freezer = f"cx_Freeze=={VERSIONS['CX_FREEZE_VERSION']}"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel), freezer, cwd=scratch)
    (site,) = (scratch / "venv/lib").glob("python3*/site-packages")
    (scratch / "entry.py").write_text(ENTRY)
    frozen = scratch / "frozen"
    options = {
        "packages": PACKAGES,
        "excludes": EXCLUDES,
        "replace_paths": [(str(site), ""), (str(scratch), ""), ("*", "")],  # No path of the machine that built it.
    }
    run(python, "-I", "-c", FREEZE, json.dumps(options), cwd=scratch)
    (frozen / "lib/BUILD_CONSTANTS.pyc").unlink()  # The build's time and host.
    for metadata in (frozen / "lib").glob("*.dist-info"):
        (metadata / "direct_url.json").unlink(missing_ok=True)  # Where the wheel lay.
        if (licences := site / metadata.name / "licenses").is_dir():
            shutil.copytree(licences, metadata / "licenses", dirs_exist_ok=True)
    (licence,) = site.glob("egress_overlays-*.dist-info/licenses/LICENSE")
    shutil.copyfile(licence, frozen / "LICENSE")
    for compiled in frozen.rglob("*.pyc"):
        code = compiled.read_bytes()
        compiled.write_bytes(
            code[:8] + bytes(8) + code[16:]
        )  # Time and size of a source that is not shipped (PEP 552).
    return frozen


def run(*argv: str | Path, cwd: Path) -> None:
    """Runs a step; what it prints is shown only when it fails."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(EPOCH)}
    done = subprocess.run(
        argv, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"artifact: {' '.join(map(str, argv))}: exit {done.returncode}\n{done.stdout}")


def pack(directory: Path, name: str, archive: Path) -> None:
    """A tar of a directory, under `name`, that depends on contents and modes alone."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.mtime, member.uid, member.gid, member.uname, member.gname = EPOCH, 0, 0, "", ""
        member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        return member

    # GzipFile with a name and a time of its own: tarfile would write both of now.
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=EPOCH) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):  # type: ignore[arg-type]
        tar.add(directory, name, filter=plain)  # Sorted by name since Python 3.7.


def main(argv: Sequence[str]) -> int:
    """Freezes, lays out and packs."""
    wheel, into = (Path(word).resolve() for word in argv)
    name = f"egress-overlays-{wheel.name.split('-')[1]}-linux-{platform.machine()}"
    with tempfile.TemporaryDirectory(prefix="egress-overlays-artifact-") as scratch:
        frozen = freeze(wheel, Path(scratch))
        laid_out = Path(scratch) / "laid-out"
        run(frozen / "egress-overlays", "install", "--to", laid_out, cwd=Path(scratch))
        pack(laid_out, name, into / f"{name}.tar.gz")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
