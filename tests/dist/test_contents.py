"""The wheel, the sdist and the archive hold what they need and nothing else."""

from __future__ import annotations

import re
import subprocess
import tarfile
import zipfile
from pathlib import PurePosixPath

import egress_overlays
from distribution import artifact, sdist, wheel
from documents import ROOT

SHIPPED = (
    *("base", "base-ambient", "base-direct", "components", "overlays", "plugin/guard", "plugin/egress-overlays.dev"),
    *("plugin/inject", "plugin/inject-installed", "plugin/inject-legacy"),
    *("deploy/argocd", "deploy/ci", "deploy/container", "deploy/envoy-gateway", "deploy/flux", "docs"),
)


def tracked(*paths: str) -> set[str]:
    """The files of the checkout below these, but for what git ignores."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *paths]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return {name for name in listed if (ROOT / name).is_file()}


def test_the_wheel_holds_the_package_its_files_and_its_metadata() -> None:
    with zipfile.ZipFile(wheel()) as archive:
        names = set(archive.namelist())
    version = egress_overlays.__version__
    package = {name.removeprefix("plugin/") for name in tracked("plugin/egress_overlays")}
    files = {f"egress_overlays/files/{name}" for name in tracked(*SHIPPED)}
    about = {
        f"egress_overlays-{version}.dist-info/{name}"
        for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
    }
    about.add(f"egress_overlays-{version}.data/data/share/man/man1/egress-overlays.1")
    assert len(files) > 30
    assert names == package | files | about
    assert "egress_overlays/py.typed" in names


def test_the_sdist_holds_what_the_wheel_is_built_from() -> None:
    with tarfile.open(sdist()) as archive:
        names = {str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in archive.getnames()}
    top = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"}
    assert names == tracked(
        "plugin", "base", "base-ambient", "base-direct", "components", "deploy", "docs", "overlays"
    ) | top | {
        "PKG-INFO",
        ".gitignore",
    }


def test_the_archive_brings_no_path_of_the_machine_that_built_it_and_asks_for_no_newer_glibc_than_documented() -> None:
    (documented,) = re.findall(r"glibc 2\.(\d+) or newer", (ROOT / "docs/install.md").read_text())
    needed = set()
    with tarfile.open(artifact()) as archive:
        for member in archive.getmembers():
            if file := archive.extractfile(member):
                data = file.read()
                needed |= {int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", data)}
                for place in (str(ROOT).encode(), b"/tmp/egress-overlays-artifact"):
                    assert place not in data, member.name
    assert max(needed) == int(documented)


def test_the_archive_holds_no_tool_that_built_it() -> None:
    with tarfile.open(artifact()) as archive:
        below = {name.split("/")[2] for name in archive.getnames() if name.count("/") > 1 and "/lib/" in name}
    assert {"egress_overlays", "yaml12", "yaml", "ruamel", "idna", "jsonpatch.pyc"} <= below
    assert not {"setuptools", "pip", "packaging", "cx_Freeze", "tkinter", "unittest"} & below
