"""The network that all other tests stand on: what is lost in it looks like a gateway that does not answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mesh.network import NODE, PodNetwork, run

if TYPE_CHECKING:
    from mesh.mesh import Mesh

# Of the addresses for documentation (RFC 7042), and below every one that Linux makes up.
LOW, LOWER = "00:00:5e:00:53:02", "00:00:5e:00:53:01"
ONE_QUERY = f"from dnslib import DNSRecord; DNSRecord.question('en.wikipedia.org').send('{NODE}', timeout=2)"


def test_no_query_of_a_pod_is_lost_when_another_pod_comes(mesh: Mesh) -> None:
    pod = mesh.pod_network("asks-the-node")
    _come(mesh, "comes-before", LOW)
    _ask(pod)

    _come(mesh, "comes-after", LOWER)

    _ask(pod)


def _come(mesh: Mesh, name: str, address: str) -> None:
    run("ip", "link", "set", f"pod{mesh.pod_network(name).number}", "address", address)


def _ask(pod: PodNetwork) -> None:
    run(*pod.command(sys.executable, "-c", ONE_QUERY))
