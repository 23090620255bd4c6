"""Pods without containers: a network namespace each, joined by one bridge.

The test process must stand in a network, mount and process namespace of its own already (`make e2e` starts it so).
That namespace is the node: it holds the bridge, and on its loopback device all addresses that stand for the internet.
When the process ends, however it ends, the kernel takes every namespace, address, rule and process in it away.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

NODE = "172.17.0.1"
NODE_V6 = "fd17::1"
BRIDGE = "mesh0"
# A bridge without an address of its own has the lowest of its ports', and so another one after some new pods: what pods
# then send to the node, a DNS query for one, goes to the old address and is lost until their neighbour tables know.
BRIDGE_ADDRESS = "02:00:00:00:00:01"
# As the kubelet gives them to the gateway's pod, with ndots:5: names are looked for below these first.
SEARCH = ("istio-egress.svc.cluster.local", "svc.cluster.local", "cluster.local")
NETNS = Path("/run/netns")


class CommandError(RuntimeError):
    """A command failed; the message is its command line, exit code and stderr."""


def run(*argv: str | Path, stdin: str | None = None) -> str:
    """Runs a command to its end and returns its stdout; a failure is a CommandError."""
    done = subprocess.run([str(word) for word in argv], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"{' '.join(map(str, argv))}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def make_node(resolv_conf: Path) -> None:
    """Turns the namespace this process stands in into the node; every process here resolves names at the node."""
    NETNS.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "tmpfs", NETNS)  # `ip netns add` writes here: the machine's own list is left alone.
    resolv_conf.write_text(f"nameserver {NODE}\nsearch {' '.join(SEARCH)}\noptions ndots:5 timeout:1 attempts:5\n")
    run("mount", "--bind", resolv_conf, "/etc/resolv.conf")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", BRIDGE, "address", BRIDGE_ADDRESS, "type", "bridge")
    run("ip", "address", "add", f"{NODE}/16", "dev", BRIDGE)
    run("ip", "address", "add", f"{NODE_V6}/64", "dev", BRIDGE, "nodad")
    run("ip", "link", "set", BRIDGE, "up")


def add_internet_address(address: str) -> None:
    """Gives the node one more address, reachable from every pod."""
    # Without nodad an IPv6 address is tentative at first, and nobody can listen on it.
    run("ip", "address", "add", *([f"{address}/128", "nodad"] if ":" in address else [f"{address}/32"]), "dev", "lo")


@dataclass(frozen=True)
class PodNetwork:
    """A network namespace with an address of its own on the bridge, and everything else by way of the node."""

    name: str
    number: int

    @property
    def address(self) -> str:
        """The pod's IPv4 address."""
        return f"172.17.{self.number}.2"

    @property
    def address_v6(self) -> str:
        """The pod's IPv6 address."""
        return f"fd17::{self.number}:2"

    def create(self) -> None:
        """Makes the namespace and wires it to the bridge."""
        outside = f"pod{self.number}"
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "link", "set", outside, "master", BRIDGE, "up")
        for words in (
            "link set lo up",
            "link set eth0 up",
            f"address add {self.address}/16 dev eth0",
            f"address add {self.address_v6}/64 dev eth0 nodad",
            f"route add default via {NODE}",
            f"-6 route add default via {NODE_V6}",
        ):
            run("ip", "-n", self.name, *words.split())

    def command(self, *argv: str | Path) -> list[str | Path]:
        """The command line that runs `argv` inside."""
        return ["ip", "netns", "exec", self.name, *argv]

    def redirect_to_sidecar(self) -> None:
        """Sends outbound TCP to the sidecar's port 15001, as istio-init does, but for root's: that is the proxy."""
        rule = "-t nat -A OUTPUT -p tcp -m owner ! --uid-owner 0 -j REDIRECT --to-ports 15001"
        for iptables, loopback in (("iptables", "127.0.0.1/32"), ("ip6tables", "::1/128")):
            run(*self.command(iptables, "-t", "nat", "-A", "OUTPUT", "-d", loopback, "-j", "RETURN"))
            run(*self.command(iptables, *rule.split()))
