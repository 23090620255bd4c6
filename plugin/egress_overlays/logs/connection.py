"""One access-log line as data, and what it says of a connection: who asked for which name, and what came of it."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

from ..lists.denials import MARK
from ..names.domain import BY_HTTP, HTTPS
from ..names.ports import arriving
from ..sites.denying import CHAIN
from ..sites.site import DENYING_ROUTE

# What came of a connection.
DIRECT = "direct"  # left the mesh past the gateway, and was answered
SENT = "sent"  # a sidecar handed it to the gateway, and it was answered
FORWARDED = "forwarded"  # the gateway let it out
DECIDED = "decided"  # the gateway's lists for clients let it through
REPORTED = "reported"  # the gateway let it through although no list of the client does: one only reports
REFUSED = "refused"
FAILED = "failed"
OUTCOMES = (DIRECT, SENT, FORWARDED, DECIDED, REPORTED, REFUSED, FAILED)
UNREGISTERED = "not in the sidecar's registry"
DENIAL = "a denial"
"""A line of a list that begins with !; of a list for some clients, the list follows."""
DENIED_AT_SIDECAR = f"{DENIAL}, in the sidecar (NC)"
BY_SIDECARS = (UNREGISTERED, DENIED_AT_SIDECAR)
"""What refuses before the gateway hears of it."""
REPORTED_BY = "reported by "
"""What the decision of a list that only reports begins with."""

# Why a line says nothing of a name that could stand on a list.
ADDRESS = "an IP address in place of a name"
BROKEN = "lines that are broken, cut off or written into each other"
HTTP = "plain HTTP at ports that no list may hold"
INBOUND = "connections into a workload"
INSIDE = "names inside the cluster"
NO_HOST = "requests by plain HTTP without a name"
NO_NAME = "connections without a name (no SNI)"
NO_CERTIFICATE = "clients without a mesh certificate"
OTHER = "lines that are no access log"
OTHER_PORT = "requests by plain HTTP whose Host has another port"
PORTS = "other ports than 443, without a name or without TLS from the first byte"
TOO_LONG = "lines or names that are too long"
TOO_MANY = "names beyond the 50,000 first of one client"
TWICE = "the gateway's first line of a connection, which its forwarder logs again"
UNKNOWN = "connections by a cluster that is none of Istio's or ours"

# Flags of a connection that was answered all the same (Envoy, "Response Flags"): closed by a side, or by a timeout.
ANSWERED = frozenset(("-", "", "DC", "UC", "DT", "SI"))
LONGEST_NAME = 253
_RBAC = "rbac_access_denied_matched_policy["
_CLUSTER = (".cluster.local", ".svc")
_NOWHERE = f"|{DENYING_ROUTE[0]['destination']['host']}"
# What the gateway's parts for a port are called (sites.at_ports), as clusters and as the listener's own address.
_PART = re.compile(r"(?:port_([1-9][0-9]{0,4})_)?([a-z]+(?:_[a-z]+)*)")
_LISTENER = re.compile(r"://(?:port_([1-9][0-9]{0,4})_)?sni_listener/")


class Fields(NamedTuple):
    """What is read of one line, but for its time; "" where the line does not say.

    `destination` is as `place` gives it, `peer` an address without its port, `port` what the line itself says.
    `request` is the method of one by plain HTTP, `authority` its Host, `status` what it was answered with.
    """

    name: str = ""
    cluster: str = ""
    flags: str = "-"
    details: str = ""
    termination: str = ""
    answered: bool = True
    destination: str = ""
    peer: str = ""
    chain: str = ""
    request: str = ""
    identity: str = ""
    decision: str = ""
    port: str = ""
    authority: str = ""
    status: str = ""


class Origin(NamedTuple):
    """The pod that wrote a line, as far as what surrounds the line says so."""

    namespace: str = ""
    pod: str = ""


class Connection(NamedTuple):
    """What became of connections to `name` at `port`: an outcome, and for REFUSED and FAILED by which `rule`."""

    name: str
    outcome: str
    rule: str = ""
    internal: bool = False
    port: int = HTTPS
    by_http: bool = False

    @property
    def pair(self) -> str:
        """The name and its port, as commands write it."""
        if self.by_http:
            return f"{self.name}:{self.port}{BY_HTTP}"
        return self.name if self.port == HTTPS else f"{self.name}:{self.port}"


def read(fields: Fields) -> Connection | str:
    """What the line says of a connection by TLS, or why it says nothing."""
    name = fields.name.lower().removesuffix(".")
    aside = "" if fields.decision else _not_ours(fields, name) or _nameless(fields, name)
    if aside:
        return aside
    port = port_of(fields, HTTPS)
    refused = _refused_by(fields)
    if refused:
        reported = refused.startswith(REPORTED_BY)
        return Connection(name, REPORTED if reported else REFUSED, refused, port=port)
    went = DECIDED if fields.decision else way(fields)
    if went not in OUTCOMES:
        return went
    if fields.flags not in ANSWERED or not fields.answered:
        rule = fields.flags if fields.flags not in ANSWERED else "no answer"
        return Connection(name, FAILED, rule, port=port)
    where = fields.destination.rpartition(":")[0]
    return Connection(name, went, internal=went == DIRECT and bool(where), port=port)


def port_of(fields: Fields, usual: int) -> int:
    """The port that the connection is for: what part of the gateway it went to, or what it was made to, or `usual`."""
    if fields.port:
        return _number(fields.port, usual)
    if fields.cluster.startswith("outbound|"):
        _, at, _, host = f"{fields.cluster}|||".split("|")[:4]
        return arriving(_number(at, usual)) if _is_gateway(host) else _number(at, usual)
    for pattern, text in ((_PART, fields.cluster), (_LISTENER, fields.destination)):
        found = pattern.fullmatch(text)
        if found and found[1]:
            return _number(found[1], usual)
    return _number(fields.destination.rpartition(":")[2], usual)


def _number(text: str, usual: int) -> int:
    """A port; `usual` where the text is none."""
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) <= 5 else usual


def _part(cluster: str) -> str:
    """What a cluster of base/ is called at 443."""
    found = _PART.fullmatch(cluster)
    return found[2] if found else cluster


def _not_ours(fields: Fields, name: str) -> str:
    """Why the line is none about a TLS connection that leaves; "" where it is one."""
    if fields.cluster.startswith(("inbound|", "InboundPassthroughCluster")):
        return INBOUND
    if fields.chain == "no-mesh-tls":
        return NO_CERTIFICATE
    return TWICE if _part(fields.cluster) == "sni_cluster" or name.startswith("outbound_.") else ""


def _nameless(fields: Fields, name: str) -> str:
    """Why the line has no name that could be listed; "" where it has one."""
    if not name.strip("-"):
        return NO_NAME if fields.destination.rpartition(":")[2] in ("443", "") else PORTS
    if address(name) is not None:
        return ADDRESS
    return TOO_LONG if len(name) > LONGEST_NAME else ""


def _refused_by(fields: Fields) -> str:
    """What refused the connection, or would have if its list were enforced; "" where nothing did."""
    rule = rule_of(fields.termination)
    if fields.decision.startswith(REPORTED_BY) and not rule:
        return fields.decision.partition(", else ")[0]
    if fields.decision not in ("", "allowed"):
        return by_list(rule)
    if rule:
        return DENIAL if rule == CHAIN else f"address {rule}"
    if fields.cluster == "BlackHoleCluster":
        return UNREGISTERED
    if not fields.chain and (fields.cluster.endswith(_NOWHERE) or fields.flags == "NC"):
        return DENIED_AT_SIDECAR  # Envoy names no cluster that it does not have
    return "not on the gateway's list" if fields.details == "filter_chain_not_found" else ""


def by_list(rule: str) -> str:
    """What the gateway's rules for clients refused a connection by."""
    if rule[:1] == MARK:
        return f"{DENIAL} in list {rule[1:]}"
    return f"no list of this client: {rule}" if rule not in ("", "none") else "no list of this client"


def way(fields: Fields) -> str:
    """Which way the connection went: an outcome, or why that says nothing."""
    if fields.cluster == "PassthroughCluster":
        return DIRECT
    if fields.cluster.startswith("outbound|"):
        at = fields.cluster.rpartition("|")[2]
        if not at.endswith(_CLUSTER):
            return DIRECT  # by a ServiceEntry of its own
        return SENT if _is_gateway(at) else INSIDE
    # Our forwarder's line in JSON has no cluster, but its chain.
    return FORWARDED if _part(fields.cluster) in ("dynamic_forward_proxy_cluster", "") and fields.chain else UNKNOWN


def _is_gateway(host: str) -> bool:
    """Whether a host of the registry is an egress gateway's Service."""
    return host.endswith(_CLUSTER) and "egress" in host.partition(".")[0]


def rule_of(termination: str) -> str:
    """Which rule of Envoy's RBAC refused; "" where none did."""
    start = termination.find(_RBAC)
    return termination[start + len(_RBAC) :].partition("]")[0] or "refused" if start >= 0 else ""


@lru_cache(maxsize=10_000)
def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that `text` is; None where it is none."""
    if not text[-1:].isdecimal() and ":" not in text:
        return None
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


@lru_cache(maxsize=100_000)
def place(destination: str) -> str:
    """`destination`, an address and port, without the address where that is global: those of one name are many.

    Others stay: they are what the gateway refuses (IANA special-purpose registries).
    """
    where, _, port = destination.rpartition(":")
    found = address(where)
    return f"{where}:{port}" if found is not None and (not found.is_global or found.is_multicast) else f":{port}"
