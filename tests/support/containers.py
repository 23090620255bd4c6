"""A `docker` of the test's own, which is podman, and stand-ins for the base images, which no test pulls.

A stand-in has the name, the users, the environment and the entry point of the image. Debian's and distroless' hold the
packages that those are made of (tools/fetch/images.py); Argo CD's, in truth an Ubuntu, is that Debian with kustomize.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import quick_yaml as yaml
from distribution import distribution
from documents import ROOT, block

if TYPE_CHECKING:
    from pathlib import Path

# No cgroups, no network, no limit above those that the machine may give: each takes rights that a container has not.
CONFIG = """\
[containers]
cgroups = "disabled"
netns = "none"
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
"""
# Mounts and processes end with the command, however it ends, and it has no network, so that nothing is pulled. crun
# refuses a machine with both versions of cgroups. podman 4 has to be told of the Dockerfile's own .dockerignore.
DOCKER = """\
#!/bin/sh
export CONTAINERS_CONF={directory}/containers.conf BUILDAH_ISOLATION=chroot
case $1 in
  build) shift; set -- build --pull=never --ignorefile={ignored} "$@" ;;
  run) shift; set -- run --pull=never "$@" ;;
esac
exec unshare --net --mount --pid --fork --kill-child --mount-proc sh -euc '
  mkdir -p /var/lib/containers
  for directory in /sys/fs/cgroup /run /var/lib/containers; do mount -t tmpfs none "$directory"; done
  exec podman --root {directory}/storage "$@"' sh "$@"
"""
PATH = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BASES = {
    "debian-13-slim": ("docker.io/library/debian:13-slim", (PATH, "CMD bash")),
    "distroless-cc-debian13": (
        "gcr.io/distroless/cc-debian13:nonroot",
        (PATH, "ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", "USER 65532", "WORKDIR /home/nonroot"),
    ),
}
ARGOCD = """\
FROM docker.io/library/debian:13-slim
RUN useradd --system --uid 999 --user-group --create-home argocd \\
    && chown argocd:0 /home/argocd && chmod g=u /home/argocd
COPY kustomize /usr/local/bin/
ENV ARGOCD_USER_ID=999 USER=argocd
USER 999
WORKDIR /home/argocd
ENTRYPOINT ["/usr/bin/tini", "--"]
"""

# Docker's --read-only has no writable /tmp; podman's has, unless it is told.
READ_ONLY = ("--network=none", "--read-only", "--read-only-tmpfs=false", "--security-opt=no-new-privileges")


def images(directory: Path) -> dict[str, str]:
    """An environment whose `docker` holds the images of the Dockerfile, built by the documented commands."""
    program = docker(directory)
    distribution()
    environ = {**os.environ, "PATH": f"{program}:{os.environ['PATH']}"}
    done = block("docs/install.md", "image").run(ROOT, environ)
    assert done.returncode == 0, done.stderr
    return environ


def docker(directory: Path) -> Path:
    """The directory of a `docker` that holds the base images and nothing else."""
    needs()
    kustomize = shutil.which("kustomize")
    assert kustomize, "kustomize is not on PATH; run the tests by `make test`"
    (directory / "containers.conf").write_text(CONFIG)
    program = directory / "bin/docker"
    program.parent.mkdir()
    program.write_text(DOCKER.format(directory=directory, ignored=ROOT / "deploy/container/Dockerfile.dockerignore"))
    program.chmod(0o755)
    tool: list[str | Path] = [sys.executable, ROOT / "tools/components.py", *BASES]
    got = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert got.returncode == 0, got.stderr
    for component, archive in json.loads(got.stdout).items():
        name, config = BASES[component]
        changes = [argument for change in config for argument in ("--change", change)]
        subprocess.run([program, "import", "--quiet", *changes, archive, name], check=True)
    context = directory / "argocd"
    context.mkdir()
    shutil.copy(kustomize, context)
    (context / "Dockerfile").write_text(ARGOCD)
    build = ["build", "--quiet", "--ignorefile=/dev/null", "--tag=quay.io/argoproj/argocd:v3.6.1", str(context)]
    subprocess.run([program, *build], check=True)
    return program.parent


def needs() -> None:
    """Skips the test where the images cannot be built or run."""
    packages = {"podman": "podman", "crun": "crun", "mmdebstrap": "mmdebstrap", "unshare": "util-linux"}
    missing = [package for program, package in packages.items() if not shutil.which(program)]
    if missing or os.geteuid():
        what = f"apt-get install {' '.join(missing)}" if missing else "root, to mount and to be other users"
        pytest.skip(f"NOT RUN: the images are built and run by podman as root, on bases made by mmdebstrap: {what}")


def pod(component: str) -> dict[str, Any]:
    """What a component of deploy/argocd puts into the repo-server's pod."""
    text = (ROOT / "deploy/argocd" / component / "deployment.yaml").read_text()
    spec: dict[str, Any] = yaml.safe_load(text)["spec"]["template"]["spec"]
    return spec


def restricted(container: dict[str, Any]) -> list[str]:
    """The securityContext of deploy/argocd as `docker run` says it."""
    context = container["securityContext"]
    assert context["readOnlyRootFilesystem"]
    assert not context["allowPrivilegeEscalation"]
    user, drop = context["runAsUser"], context["capabilities"]["drop"]
    return ["run", "--rm", *READ_ONLY, f"--user={user}", *(f"--cap-drop={one.lower()}" for one in drop)]


def empty_dir(directory: Path) -> Path:
    """A volume that anybody may write to, as Kubernetes makes it."""
    directory.mkdir()
    directory.chmod(0o777)
    return directory
