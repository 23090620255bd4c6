"""A pod's egress NetworkPolicy in iptables, as a cluster's network plugin would enforce it."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from .network import run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .network import PodNetwork


def enforce_egress(pod: PodNetwork, policy: Mapping[str, Any]) -> None:
    """Lets out of the pod what the policy lists and nothing else; KeyError for peers other than ipBlock."""
    for version, iptables in ((4, "iptables"), (6, "ip6tables")):

        def rule(*words: str, iptables: str = iptables) -> None:
            run(*pod.command(iptables, *words))

        rule("-A", "OUTPUT", "-o", "lo", "-j", "ACCEPT")
        rule("-A", "OUTPUT", "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT")
        for number, allowed in enumerate(policy["spec"]["egress"]):
            chain = f"EGRESS-{number}"
            rule("-N", chain)
            for peer in allowed.get("to", [{"ipBlock": {"cidr": "0.0.0.0/0" if version == 4 else "::/0"}}]):
                block = peer["ipBlock"]
                if ipaddress.ip_network(block["cidr"]).version != version:
                    continue
                for excepted in block.get("except", []):
                    rule("-A", chain, "-d", excepted, "-j", "RETURN")
                rule("-A", chain, "-d", block["cidr"], "-j", "ACCEPT")
            for port in allowed["ports"]:
                rule("-A", "OUTPUT", "-p", port["protocol"].lower(), "--dport", str(port["port"]), "-j", chain)
        rule("-A", "OUTPUT", "-j", "REJECT")


def stop_enforcing(pod: PodNetwork) -> None:
    """Takes every rule away again."""
    for iptables in ("iptables", "ip6tables"):
        run(*pod.command(iptables, "-F"))
        run(*pod.command(iptables, "-X"))
