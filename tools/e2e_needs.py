#!/usr/bin/env python3
"""Says, before anything is built, what `make e2e` lacks on this machine: all at once, exit 1. Silent if nothing is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NOBODY = 65534
ISOLATE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
# What tests/e2e/mesh/network.py does, in small, in a namespace that is gone when the shell ends.
NETWORK = """\
mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns || exit 11
ip link add e2eneeds0 type bridge && ip netns add needs && ip link add v0 type veth peer name v1 netns needs || exit 12
for iptables in iptables ip6tables; do
  ip netns exec needs "$iptables" -t nat -A OUTPUT -p tcp -m owner ! --uid-owner 0 -j REDIRECT --to-ports 1 || exit 13
done
"""
WHY = {
    11: "to mount inside a mount namespace: run as root, in a container with CAP_SYS_ADMIN",
    12: "to make a bridge, a network namespace and a veth pair: root and the kernel modules bridge and veth",
    13: "iptables to redirect by owner: the kernel modules nf_nat, xt_owner and xt_REDIRECT",
}


def id_ranges() -> list[list[str]]:
    """The user ids that exist here: first id, first id outside, how many (user_namespaces(7))."""
    return [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]


def lacking() -> list[str]:
    """One line for each thing that is missing."""
    if not sys.platform.startswith("linux"):
        return [f"Linux (this is {sys.platform}): network namespaces and iptables are the kernel's"]
    packages = {
        "unshare": "util-linux",
        "mount": "mount",
        "ip": "iproute2",
        "iptables": "iptables",
        "ip6tables": "iptables",
        "git": "git",
        "bash": "bash",
    }
    missing = sorted({package for program, package in packages.items() if not shutil.which(program)})
    faults = [f"programs: apt-get install {' '.join(missing)} (or your system's names for them)"] if missing else []
    if os.geteuid() != 0:
        faults.append(f"root, to make network namespaces (you are user {os.geteuid()}): sudo make e2e")
    if not any(int(start) <= NOBODY < int(start) + int(count) for start, _, count in id_ranges()):
        faults.append(f"a user {NOBODY} (nobody), whom the application runs as: this user namespace does not map it")
    if faults:
        return faults
    isolated = subprocess.run([*ISOLATE, "true"], capture_output=True, text=True, check=False)
    if isolated.returncode:
        return [f"namespaces: {' '.join(ISOLATE)}: {isolated.stderr.strip()}: in a container, CAP_SYS_ADMIN is needed"]
    tried = subprocess.run([*ISOLATE, "sh", "-c", NETWORK], capture_output=True, text=True, check=False)
    if tried.returncode:
        said = (tried.stderr.strip().splitlines() or [""])[-1]
        return [f"{WHY.get(tried.returncode, 'a working shell')} ({said})"]
    return []


def main() -> int:
    """Prints what is missing; 1 when something is."""
    faults = lacking()
    for fault in faults:
        print(f"make e2e needs {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
