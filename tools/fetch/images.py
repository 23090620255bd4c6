"""Stand-ins for base images of deploy/container/Dockerfile, where no registry of images can be asked.

Each is a root file system of packages of the Debian release that the image is made of; apt checks who signed them.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from .component import Component, ComponentError, run

RELEASE = "trixie"  # Debian 13
# A changed recipe is another component.
RECIPE = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
# As the image leaves out what a container does not read.
SLIM = (
    *("--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"),
    *("--dpkgopt=path-exclude=/usr/share/locale/*", "--aptopt=Acquire::Languages none"),
)
# Those of distroless/cc and of distroless/base, which it is built on.
DISTROLESS = (
    *("base-files", "netbase", "tzdata", "ca-certificates", "libc6", "libssl3t64", "libzstd1", "zlib1g"),
    *("libgomp1", "libstdc++6", "libgcc-s1", "gcc-14-base"),
)
# Files are unpacked and no script of a package is run: there is no shell in it that could.
UNPACK = """\
set -eu
mkdir "$1/packages"
cd "$1/packages"
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -o APT::Sandbox::User=root download %s
for package in *.deb; do dpkg-deb --extract "$package" "$1"; done
rm -r "$1/packages" "$1/usr/sbin/update-ca-certificates"
(cd "$1/usr/share/ca-certificates" && cat mozilla/*.crt) >"$1/etc/ssl/certs/ca-certificates.crt"
printf '%%s:x:%%s:%%s:%%s:%%s:/sbin/nologin\\n' root 0 0 root /root nobody 65534 65534 nobody /nonexistent \\
  nonroot 65532 65532 nonroot /home/nonroot >"$1/etc/passwd"
printf '%%s:x:%%s:\\n' root 0 nobody 65534 tty 5 staff 50 nonroot 65532 >"$1/etc/group"
install -d -m 700 -o 65532 -g 65532 "$1/home/nonroot"
"""


def _bootstrap(into: Path, *options: str | Path) -> None:
    if not shutil.which("mmdebstrap"):
        raise ComponentError("mmdebstrap is missing: apt-get install mmdebstrap debian-archive-keyring")
    run("mmdebstrap", *options, RELEASE, into / "rootfs.tar", cwd=into)


def _debian(into: Path) -> None:
    """What debian:13-slim is: the packages of priority required, and apt."""
    _bootstrap(into, "--variant=minbase", *SLIM)


def _distroless(into: Path) -> None:
    """What distroless/cc-debian13:nonroot is: libraries, three users, no program."""
    script = into / "unpack"
    script.write_text(UNPACK % " ".join(DISTROLESS))
    _bootstrap(into, "--variant=custom", f'--customize-hook=sh {script} "$1"')
    script.unlink()


def images() -> list[Component]:
    """The root file system of each, as a tar archive."""
    return [
        Component(f"debian-13-slim-{RECIPE}", {"debian-13-slim": "rootfs.tar"}, _debian),
        Component(f"distroless-cc-debian13-{RECIPE}", {"distroless-cc-debian13": "rootfs.tar"}, _distroless),
    ]
