"""The archive where there is nothing else: no Python, nothing writable, a user who is nobody."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from distribution import artifact

NOBODY = "65534:65534"
# What "nothing writable" means: the directory is its own mount, and that mount is read-only.
ENTER = """\
set -eu
mount --bind "$ROOTFS" "$ROOTFS"
mount -o remount,bind,ro "$ROOTFS"
if [ -n "${TMP:-}" ]; then mount -t tmpfs -o noexec,mode=1777 tmp "$ROOTFS/tmp"; fi
exec chroot --userspec="$NOBODY" "$ROOTFS" "$@"
"""


def libraries(program: Path) -> set[Path]:
    """The shared libraries of a program, as the dynamic linker of this machine finds them; none for a static one."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return {Path(path) for path in re.findall(r"(/\S+) \(0x", said)}


@pytest.fixture
def rootfs(tmp_path: Path, tree: Path) -> Path:
    """A root file system with kustomize, a shell, glibc, the unpacked archive and a tree to build."""
    root = tmp_path / "rootfs"
    for name in ("bin", "tmp"):
        (root / name).mkdir(parents=True)
    with tarfile.open(artifact()) as archive:
        archive.extractall(root, filter="data")
    (unpacked,) = root.glob("egress-overlays-*")
    unpacked.rename(root / "egress-overlays")
    for name in ("kustomize", "sh"):
        found = shutil.which(name)
        assert found, name
        shutil.copy(found, root / "bin" / name)
    extensions = (root / "egress-overlays/lib").rglob("*.so")
    for program in (root / "bin/sh", root / "bin/kustomize", root / "egress-overlays/egress-overlays", *extensions):
        for library in libraries(program) - set(root.rglob("*")):
            (root / library.parent.relative_to("/")).mkdir(parents=True, exist_ok=True)
            shutil.copy(library, root / library.relative_to("/"))
    shutil.copytree(tree, root / "tree")
    subprocess.run(["chmod", "-R", "a+rX", root], check=True)
    return root


def inside(rootfs: Path, *command: str, tmp: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """A command in the root file system, as nobody, with /egress-overlays first on PATH."""
    if os.geteuid():
        pytest.skip("a root file system of one's own takes root (chroot and a mount namespace)")
    outer = {
        "ROOTFS": str(rootfs),
        "NOBODY": NOBODY,
        "TMP": tmp,
        "PATH": "/egress-overlays:/usr/sbin:/sbin:/usr/bin:/bin",
    }
    shell = ["unshare", "--mount", "sh", "-c", ENTER, "sh"]
    return subprocess.run([*shell, *command], env={**outer, **environ}, capture_output=True, text=True, check=False)


def test_the_root_file_system_is_as_bare_as_claimed(rootfs: Path) -> None:
    assert not [
        path
        for path in rootfs.rglob("*")
        if "python" in path.name.lower() and os.access(path, os.X_OK) and path.suffix != ".so"
    ]
    for directory in ("", "/tmp", "/egress-overlays"):  # noqa: S108 - of the root file system made here
        done = inside(rootfs, "/bin/sh", "-c", f": >{directory}/x")
        assert done.returncode != 0
        assert "Read-only file system" in done.stderr


def test_kustomize_builds_with_it_where_nothing_can_be_written(rootfs: Path, tree: Path) -> None:
    build = ("/bin/kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "/tree/overlays/inject-installed")
    done = inside(rootfs, *build)
    assert done.returncode == 0, done.stderr
    assert "raw.githubusercontent.com" in done.stdout
    assert "egress-domains.invalid" not in done.stdout
    assert not (tree / "plugin/egress-overlays").exists()


def test_the_older_protocol_needs_a_place_for_its_config_alone(rootfs: Path) -> None:
    build = ("/bin/kustomize", "build", "--enable-alpha-plugins", "/tree/overlays/inject-legacy")
    done = inside(rootfs, *build, tmp="yes", KUSTOMIZE_PLUGIN_HOME="/egress-overlays")
    assert done.returncode == 0, done.stderr
    assert "raw.githubusercontent.com" in done.stdout


def test_its_refusals_are_the_same_and_it_leaves_no_traceback(rootfs: Path) -> None:
    domains = rootfs / "tree/overlays/inject-installed/domains.yaml"
    domains.write_text(
        domains.read_text().replace("    ghcr.io\n", "    192.0.2.1\n    xn--bcher-kva.example\n    bücher.example.\n")
    )
    build = ("/bin/kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "/tree/overlays/inject-installed")
    done = inside(rootfs, *build)
    assert (done.returncode, done.stdout) == (1, "")
    assert 'group "code", line 4: "192.0.2.1": is an IP address' in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_one_library_that_not_every_image_has_it_says_so(rootfs: Path) -> None:
    """distroless/cc before Debian 13 has no libz."""
    for library in rootfs.rglob("libz.so*"):
        library.unlink()
    done = inside(rootfs, "/egress-overlays/egress-overlays", "--version")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("egress-overlays: error: ")
    assert line.endswith("cannot be loaded: libz.so.1: cannot open shared object file: No such file or directory")


def test_nothing_in_its_way_can_put_code_into_it(rootfs: Path) -> None:
    for name in ("idna.py", "json.py", "sitecustomize.py"):
        (rootfs / "tree" / name).write_text("import sys\nsys.exit('put in')\n")
    done = inside(rootfs, "/egress-overlays/egress-overlays", "--version", PYTHONPATH="/tree", PYTHONHOME="/tree")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("egress-overlays ")


def test_install_from_it_lays_down_a_copy_that_runs_without_it(tmp_path: Path) -> None:
    with tarfile.open(artifact()) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.glob("egress-overlays-*")
    target = tmp_path / "volume"
    install: list[str | Path] = [unpacked / "egress-overlays", "install", "--to", target, "-o", "json"]
    for _ in range(2):  # An init container that is restarted does it again.
        done = subprocess.run(install, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == {"executable": f"{target}/egress-overlays", "pluginHome": str(target)}
    before = {path.relative_to(unpacked): path.stat().st_mode for path in unpacked.rglob("*")}
    after = {path.relative_to(target): path.stat().st_mode for path in target.rglob("*")}
    assert after == before
    shutil.rmtree(unpacked)
    done = subprocess.run([target / "egress-overlays", "--version"], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("egress-overlays ")
