"""A pod's egress NetworkPolicy in iptables, as a cluster's network plugin would enforce it."""

from __future__ import annotations

import contextlib
import ipaddress
from typing import TYPE_CHECKING, Any

from .network import NODE, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .network import PodNetwork


def enforce_egress(pod: PodNetwork, *policies: Mapping[str, Any], selected: Sequence[str] = ()) -> None:
    """Lets out of the pod what the policies list and nothing else; pods and namespaces as peers mean `selected`."""
    rules = [one for policy in policies for one in policy["spec"]["egress"]]
    for version, iptables in ((4, "iptables"), (6, "ip6tables")):

        def rule(*words: str, iptables: str = iptables) -> None:
            run(*pod.command(iptables, *words))

        rule("-A", "OUTPUT", "-o", "lo", "-j", "ACCEPT")
        # A plugin stands outside of the pod: what is led to the pod's own sidecar never comes to it.
        rule("-A", "OUTPUT", "-d", "127.0.0.0/8" if version == 4 else "::1/128", "-j", "ACCEPT")
        rule("-A", "OUTPUT", "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT")
        for number, allowed in enumerate(rules):
            chain = f"EGRESS-{number}"
            rule("-N", chain)
            for block in _blocks(allowed, version, selected):
                for excepted in block.get("except", []):
                    rule("-A", chain, "-d", excepted, "-j", "RETURN")
                rule("-A", chain, "-d", block["cidr"], "-j", "ACCEPT")
            for port in allowed["ports"]:
                rule("-A", "OUTPUT", "-p", port["protocol"].lower(), "--dport", str(port["port"]), "-j", chain)
        rule("-A", "OUTPUT", "-j", "REJECT")


def _blocks(allowed: Mapping[str, Any], version: int, selected: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """The ipBlocks of IPv4 or IPv6 that a rule allows."""
    everywhere = {"ipBlock": {"cidr": "0.0.0.0/0" if version == 4 else "::/0"}}
    for peer in allowed.get("to", [everywhere]):
        for block in [peer["ipBlock"]] if "ipBlock" in peer else [{"cidr": address} for address in selected]:
            if ipaddress.ip_network(block["cidr"]).version == version:
                yield block


def stop_enforcing(pod: PodNetwork) -> None:
    """Takes every rule away again."""
    for iptables in ("iptables", "ip6tables"):
        run(*pod.command(iptables, "-F"))
        run(*pod.command(iptables, "-X"))


@contextlib.contextmanager
def dns_at(port: int, pod: PodNetwork) -> Iterator[None]:
    """Sends the pod's DNS queries to another port of the server, as a Service of port 53 does before its pods."""
    rules = [
        (pod.command("iptables"), f"OUTPUT -p {protocol} -d {NODE} --dport 53 -j DNAT --to-destination {NODE}:{port}")
        for protocol in ("udp", "tcp")
    ]
    rules += [
        (["iptables"], f"PREROUTING -p {protocol} -d {NODE} --dport {port} -j REDIRECT --to-ports 53")
        for protocol in ("udp", "tcp")
    ]
    for command, rule in rules:
        run(*command, "-t", "nat", "-A", *rule.split())
    try:
        yield
    finally:
        for command, rule in rules:
            run(*command, "-t", "nat", "-D", *rule.split())
