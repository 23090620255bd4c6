"""A `docker` of the test's own, which is podman, and stand-ins for the base images, which no test pulls.

A stand-in has the name, the user, the environment and the entry point of the image, and files of the Debian packages
that it holds, as this machine has them installed. Its Debian is the machine's, not the image's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from documents import ROOT

DOCKERFILE = ROOT / "deploy/container/Dockerfile"
# No cgroups, and no limit above those that the machine may give: either takes rights that a container has not.
CONFIG = """\
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
"""
# Mounts and processes end with the command, however it ends. crun refuses a machine with both versions of cgroups.
DOCKER = """\
#!/bin/sh
export CONTAINERS_CONF={directory}/containers.conf BUILDAH_ISOLATION=chroot
exec unshare --mount --pid --fork --kill-child --mount-proc sh -euc '
  mount -t tmpfs none /sys/fs/cgroup
  mount -t tmpfs none /run
  exec podman --root {directory}/storage "$@"' sh "$@"
"""
# The libraries of distroless/cc-debian13, but for those that docs/install.md says the archive does without.
LIBRARIES = ("libc6", "libgcc-s1", "zlib1g")
SHELL = ("dash", "coreutils", "tar", "gzip", "libacl1", "libattr1", "libgmp10", "libselinux1", "libpcre2-8-0")


@dataclass(frozen=True)
class Base:
    """An image that the Dockerfile builds on."""

    packages: tuple[str, ...]
    user: str
    uid: int
    config: tuple[str, ...] = ()
    programs: tuple[str, ...] = field(default=())


PATH = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BASES = {
    "docker.io/library/debian:13-slim": Base((*LIBRARIES, *SHELL), "root", 0, (PATH, "CMD bash")),
    "gcr.io/distroless/cc-debian13:nonroot": Base(
        LIBRARIES, "nonroot", 65532, (PATH, "USER 65532", "WORKDIR /home/nonroot")
    ),
    "quay.io/argoproj/argocd:v3.6.1": Base(
        (*LIBRARIES, *SHELL, "bash", "grep", "libtinfo6"),
        "argocd",
        999,
        (PATH, "USER 999", "WORKDIR /home/argocd", 'ENTRYPOINT ["/usr/bin/tini", "--"]'),
        ("kustomize",),
    ),
}


def docker(directory: Path) -> Path:
    """The directory of a `docker` that holds the base images and nothing else."""
    _needs()
    (directory / "containers.conf").write_text(CONFIG)
    program = directory / "bin/docker"
    program.parent.mkdir()
    program.write_text(DOCKER.format(directory=directory))
    program.chmod(0o755)
    for name, base in BASES.items():
        root = directory / "rootfs" / name.replace("/", "+")
        _lay(root, base)
        changes = [argument for change in base.config for argument in ("--change", change)]
        with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as tar:
            subprocess.run([program, "import", "--quiet", *changes, "-", name], stdin=tar.stdout, check=True)
    shutil.rmtree(directory / "rootfs")
    return program.parent


def _needs() -> None:
    missing = [name for name in ("podman", "crun", "dpkg-query") if not shutil.which(name)]
    if missing:
        pytest.skip(
            f"NOT RUN: the images are built and run, on Debian: apt-get install podman crun ({missing} missing)"
        )
    if os.geteuid():
        pytest.skip("NOT RUN: the images are built and run as root, in mount namespaces of their own")


def _lay(root: Path, base: Base) -> None:
    """The files of a base image."""
    for name in ("bin", "lib", "lib64", "sbin"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    listed = subprocess.run(["dpkg-query", "-L", *base.packages], check=True, capture_output=True, text=True).stdout
    files = [Path(line) for line in listed.splitlines() if line.startswith("/")]
    for file in files:
        # Machines without their documentation list it all the same.
        if file.exists() and not file.is_dir() and "/share/" not in str(file):
            target = root / file.parent.resolve().relative_to("/") / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target, follow_symlinks=False)
    for program in base.programs:
        found = shutil.which(program)
        assert found, f"{program} is not on PATH; run the tests by `make test`"
        (root / "usr/local/bin").mkdir(parents=True)
        shutil.copy(found, root / "usr/local/bin")
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    home = root / "home" / base.user
    home.mkdir(parents=True)
    shutil.chown(home, base.uid, base.uid)
    users = {"root": 0, "nobody": 65534, base.user: base.uid}
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/passwd").write_text("".join(f"{name}:x:{uid}:{uid}::/:/\n" for name, uid in users.items()))
    (root / "etc/group").write_text("".join(f"{name}:x:{uid}:\n" for name, uid in users.items()))
