"""Istio's and Envoy's own rules about names, written anew from their documentation and source, to judge ours.

Istio: pkg/config/validation (VirtualService, ServiceEntry), pkg/config/host (Name.Matches, SubsetOf), the CRD.
Envoy: source/common/listener_manager/filter_chain_manager_impl.cc.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_LABEL = re.compile(r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?")
_WILDCARD_LABEL = re.compile(r"\*|(?:\*|[a-zA-Z0-9])(?:[-a-zA-Z0-9]*[a-zA-Z0-9])?")


def domain_faults(name: str) -> list[str]:
    """What ValidateWildcardDomain says of `name`."""
    faults = []
    if not 0 < len(name) <= 255:
        faults.append(f"{name!r}: empty or too long")
    first, *rest = name.split(".")
    if not _WILDCARD_LABEL.fullmatch(first) or len(first) > 63:
        faults.append(f"{name!r}: first label")
    faults += [f"{name!r}: label {label!r}" for label in rest if not _LABEL.fullmatch(label) or len(label) > 63]
    if (rest or [first])[-1].isdigit():
        faults.append(f"{name!r}: all-numeric top-level domain")
    if "*" in name and not name.startswith("*."):
        faults.append(f"{name!r}: partial wildcard, which Istio warns of and Envoy refuses")
    try:
        ipaddress.ip_address(name)
        faults.append(f"{name!r}: an address")
    except ValueError:
        pass
    return faults


def matches(one: str, other: str) -> bool:
    """host.Name.Matches: whether the two overlap."""
    if one.startswith("*") and other.startswith("*"):
        longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
        return longer[1:].endswith(shorter[1:])
    if one.startswith("*"):
        return other.endswith(one[1:])
    if other.startswith("*"):
        return one.endswith(other[1:])
    return one == other


def subset_of(one: str, other: str) -> bool:
    """host.Name.SubsetOf: whether every name that `one` stands for belongs to `other`."""
    if other.startswith("*"):
        return one.removeprefix("*").endswith(other[1:]) if one.startswith("*") else one.endswith(other[1:])
    return one == other


def overlaps(hosts: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs for which Istio says "duplicate hosts in virtual service"."""
    if len(hosts) <= 300:
        return [(one, other) for at, one in enumerate(hosts) for other in hosts[at + 1 :] if matches(one, other)]
    # The same for long lists: only a wildcard over a parent, or the same name, can match.
    known = set(hosts)
    parents = [(host, "*" + host[at:]) for host in hosts for at, char in enumerate(host) if char == "." and at]
    found = [(host, parent) for host, parent in parents if parent in known and host != parent]
    return found + [(host, host) for host in known if hosts.count(host) > 1] * (len(known) != len(hosts))


def virtual_service_faults(value: dict[str, Any]) -> list[str]:
    """What Istio would refuse in a VirtualService that routes TLS."""
    spec = value["spec"]
    hosts = spec["hosts"]
    known = set(hosts)
    faults = ["no hosts"] if not hosts else []
    for host in hosts:
        faults += domain_faults(host)
    faults += [f"duplicate hosts: {pair}" for pair in overlaps(hosts)]
    for route in spec.get("tls", []):
        for match in route["match"]:
            if not match["sniHosts"]:
                faults.append("no sniHosts")
            for name in match["sniHosts"]:
                faults += domain_faults(name)
                if name not in known and not any(subset_of(name, host) for host in hosts):
                    faults.append(f"sniHosts {name!r} outside of hosts")
    return faults


def service_entry_faults(value: dict[str, Any]) -> list[str]:
    """What Istio or the CRD (minItems 1, maxItems 256) would refuse in a ServiceEntry's hosts."""
    hosts = value["spec"]["hosts"]
    faults = [] if 1 <= len(hosts) <= 256 else [f"{len(hosts)} hosts"]
    for host in hosts:
        faults += domain_faults(host)
        if host == "*":
            faults.append("a full wildcard")
    return faults


class ServerNames:
    """Envoy's maps of `server_names`; ValueError where Envoy refuses the listener."""

    def __init__(self, names: Sequence[str]) -> None:
        if not names:
            raise ValueError("empty server_names match every name")
        self._exact: set[str] = set()
        self._suffixes: set[str] = set()
        for name in names:
            if "*" in name and not name.startswith("*."):
                raise ValueError(f"partial wildcard {name!r}")
            table, key = (self._suffixes, name[1:]) if name.startswith("*.") else (self._exact, name)
            if key in table:
                raise ValueError(f"{name!r} twice")
            table.add(key)

    def match(self, sni: str) -> bool:
        """Whether a connection with the name `sni` would be let in: exact first, then by suffix, label by label."""
        sni = sni.lower()
        if sni in self._exact:
            return True
        at = sni.find(".")
        while at != -1:
            if sni[at:] in self._suffixes:
                return True
            at = sni.find(".", at + 1)
        return False


def faults_of(items: list[dict[str, Any]]) -> list[str]:
    """Everything that Istio, its CRDs or Envoy would refuse in `items`."""
    faults: list[str] = []
    for item in items:
        if item["kind"] == "VirtualService":
            faults += virtual_service_faults(item)
        elif item["kind"] == "ServiceEntry":
            faults += service_entry_faults(item)
    return faults
